import Glibc
import Platform
import VaultFormat

/// Memory of one blob's length each, for segments in the clear that fill up: used again and again, since memory fresh from the kernel costs
/// more than the copy that fills it.
///
/// From any thread. What was given back is overwritten by its next user or wiped by `wipe`, whichever comes first. Fields are guarded by `lock`.
final class PlainBufferPool: @unchecked Sendable {
  static let byteCount = BlobGeometry.byteCountMax
  /// Handed out at most; beyond that segments take ordinary memory.
  static let countMax = 8
  /// Idle ones kept.
  private static let keptCountMax = 6

  /// Called after a buffer was given back, for whoever calls `wipe`; without a lock held. Set once, before the first use.
  var onReturn: @Sendable () -> Void = {}

  private let lock = Lock()
  private var clean: [UnsafeMutableRawPointer] = []
  private var unwiped: [UnsafeMutableRawPointer] = []
  private var usedCount = 0

  init() {
    clean.reserveCapacity(Self.keptCountMax)
    unwiped.reserveCapacity(Self.countMax)
  }

  deinit { for buffer in clean + unwiped { Self.unmap(buffer) } }

  /// A page-aligned buffer of `byteCount` bytes with any content; nil where too many are in use.
  func take() -> UnsafeMutableRawPointer? {
    lock.withLock { () -> UnsafeMutableRawPointer? in
      guard usedCount < Self.countMax else { return nil }
      guard let buffer = unwiped.popLast() ?? clean.popLast() ?? Self.map() else { return nil }
      usedCount += 1
      return buffer
    }
  }

  func give(_ buffer: UnsafeMutableRawPointer) {
    lock.withLock {
      usedCount -= 1
      unwiped.append(buffer)
    }
    onReturn()
  }

  var isAnyUnwiped: Bool { lock.withLock { !unwiped.isEmpty } }

  /// Wipes what was given back, and frees what is too much.
  func wipe() {
    while let buffer = lock.withLock({ unwiped.popLast() }) {
      explicit_bzero(buffer, Self.byteCount)
      let isKept = lock.withLock { () -> Bool in
        guard clean.count + unwiped.count < Self.keptCountMax else { return false }
        clean.append(buffer)
        return true
      }
      if !isKept { Self.unmap(buffer) }
    }
  }

  private static func map() -> UnsafeMutableRawPointer? {
    let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let start, start != MAP_FAILED else { return nil }
    madvise(start, byteCount, Int32(MADV_DONTDUMP))
    return start
  }

  private static func unmap(_ buffer: UnsafeMutableRawPointer) { munmap(buffer, byteCount) }
}
