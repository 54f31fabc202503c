import PageCipher
import Platform
import Sodium

/// Guarded memory for thousands of blob keys: slots of 32 bytes in chunks of 64 KiB, since `sodium_malloc` costs four pages each time.
/// Chunks are kept until the process ends; a slot is wiped when it is released. Safe from any thread.
///
/// `@unchecked Sendable`: `chunks` and `free` are guarded by `lock`; a taken slot is its owner's.
final class KeyArena: @unchecked Sendable {
  static let shared = KeyArena()
  static let slotByteCount = 32
  static let slotsPerChunk = 2048

  private let lock = Lock()
  private var chunks: [GuardedMemory] = []
  private var free: [UnsafeMutableRawPointer] = []

  /// Makes sure that there is a free slot.
  func prepare() throws(KeysError) {
    try lock.withLock { () throws(KeysError) in if free.isEmpty { try grow() } }
  }

  func take() throws(KeysError) -> UnsafeMutableRawPointer {
    try lock.withLock { () throws(KeysError) -> UnsafeMutableRawPointer in
      if free.isEmpty { try grow() }
      return free.removeLast()
    }
  }

  func release(_ slot: UnsafeMutableRawPointer) {
    Sodium.wipe(UnsafeMutableRawBufferPointer(start: slot, count: Self.slotByteCount))
    lock.withLock { free.append(slot) }
  }

  /// Slots in use and chunks held; for tests.
  var counts: (used: Int, chunks: Int) { lock.withLock { (chunks.count * Self.slotsPerChunk - free.count, chunks.count) } }

  private func grow() throws(KeysError) {
    let chunk = try sodium { () throws(SodiumError) in try GuardedMemory(byteCount: Self.slotsPerChunk * Self.slotByteCount) }
    chunks.append(chunk)
    // All slots may come back at once: no release allocates.
    free.reserveCapacity(chunks.count * Self.slotsPerChunk)
    let base = chunk.bytes.baseAddress!
    for index in (0..<Self.slotsPerChunk).reversed() { free.append(base + index * Self.slotByteCount) }
  }
}

/// One blob's key in the arena. Wiped, there and in the cipher's contexts, when the value ends.
struct BlobKey: ~Copyable, @unchecked Sendable {
  static let byteCount = KeyArena.slotByteCount
  private let slot: UnsafeMutableRawPointer
  let page: PageKey

  /// Takes a slot and lets `fill` write the 32 bytes.
  init(filling fill: (UnsafeMutableRawBufferPointer) -> Void) throws(KeysError) {
    slot = try KeyArena.shared.take()
    page = PageKey(bytes: UnsafeRawPointer(slot))
    fill(UnsafeMutableRawBufferPointer(start: slot, count: Self.byteCount))
  }

  deinit {
    PageCipher.shared.forget(page)
    KeyArena.shared.release(slot)
  }

  @inline(__always) var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: slot, count: Self.byteCount) }
}
