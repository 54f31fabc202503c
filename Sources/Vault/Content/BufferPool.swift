import Glibc
import Platform

/// Page-aligned buffers of one size for sealed bytes, used again and again. Never for anything in the clear: they are not wiped.
///
/// From any thread; at most `keptCountMax` wait for their next use, the rest is freed. `idle` is guarded by `lock`.
final class BufferPool: @unchecked Sendable {
  let byteCount: Int
  private let keptCountMax: Int
  private let lock = Lock()
  private var idle: [UnsafeMutableRawPointer] = []

  init(byteCount: Int, keptCountMax: Int) {
    self.byteCount = byteCount
    self.keptCountMax = keptCountMax
    idle.reserveCapacity(keptCountMax)
  }

  deinit { for buffer in idle { free(buffer) } }

  func take() -> UnsafeMutableRawPointer {
    if let buffer = lock.withLock({ idle.popLast() }) { return buffer }
    var memory: UnsafeMutableRawPointer?
    precondition(posix_memalign(&memory, 4096, byteCount) == 0, "out of memory")
    return memory!
  }

  func give(_ buffer: UnsafeMutableRawPointer) {
    let isKept = lock.withLock { () -> Bool in
      guard idle.count < keptCountMax else { return false }
      idle.append(buffer)
      return true
    }
    if !isKept { free(buffer) }
  }
}
