import Glibc
import Platform

/// Page-aligned buffers of one size for sealed bytes, used again and again. Never for anything in the clear: they are not wiped.
///
/// Each is a mapping of its own: given back to malloc, they would stay in the heaps of many threads. From any thread; at most
/// `keptCountMax` wait for their next use, the rest is freed. `idle` is guarded by `lock`.
final class BufferPool: @unchecked Sendable {
  let byteCount: Int
  private let keptCountMax: Int
  private let lock = Lock()
  private var idle: [UnsafeMutableRawPointer] = []

  init(byteCount wanted: Int, keptCountMax: Int) {
    byteCount = (wanted + 4095) & ~4095
    self.keptCountMax = keptCountMax
    idle.reserveCapacity(keptCountMax)
  }

  deinit { for buffer in idle { munmap(buffer, byteCount) } }

  func take() -> UnsafeMutableRawPointer {
    if let buffer = lock.withLock({ idle.popLast() }) { return buffer }
    let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let start, start != MAP_FAILED else { preconditionFailure("out of memory") }
    return start
  }

  func give(_ buffer: UnsafeMutableRawPointer) {
    let isKept = lock.withLock { () -> Bool in
      guard idle.count < keptCountMax else { return false }
      idle.append(buffer)
      return true
    }
    if !isKept { munmap(buffer, byteCount) }
  }
}
