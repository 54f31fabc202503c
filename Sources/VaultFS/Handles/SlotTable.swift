import Platform
import Synchronization

/// Slots of users: given on first use, not reused while mounted. 2²⁴−1 of them; slot 0 is nobody's.
final class SlotTable: @unchecked Sendable {
  private static let slotCountMax = 1 << 24
  /// Guards the fields below.
  private let lock = Lock()
  private var slots: [UInt32: UInt32] = [:]
  private var users: [UInt32] = []
  /// The user who was last asked for, and their slot, which never changes: uid (32 bits) ‖ slot; 0 for none. Read without the lock.
  private let last = Atomic<UInt64>(0)

  /// - Throws: `tooManyUsers` when all slots are given.
  func slot(of uid: UInt32) throws(FSError) -> UInt32 {
    let last = last.load(ordering: .relaxed)
    if last != 0, last >> 32 == UInt64(uid) { return UInt32(truncatingIfNeeded: last) }
    let slot = lock.withLock { () -> UInt32? in
      if let slot = slots[uid] { return slot }
      guard users.count < Self.slotCountMax - 1 else { return nil }
      users.append(uid)
      let slot = UInt32(users.count)
      slots[uid] = slot
      return slot
    }
    guard let slot else { throw .tooManyUsers }
    self.last.store(UInt64(uid) << 32 | UInt64(slot), ordering: .relaxed)
    return slot
  }

  func user(of slot: UInt32) -> UInt32? {
    let last = last.load(ordering: .relaxed)
    if slot > 0, UInt32(truncatingIfNeeded: last) == slot { return UInt32(last >> 32) }
    return lock.withLock { slot > 0 && Int(slot) <= users.count ? users[Int(slot) - 1] : nil }
  }
}
