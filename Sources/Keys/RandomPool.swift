import Platform
import Sodium

/// Random bytes drawn 4 KiB at a time, so that 24 of them do not cost a system call. For nonces and ids, which are no secrets; keys
/// are drawn straight into guarded memory. Safe from any thread. Must not be used on both sides of a fork (the program never forks
/// without starting anew).
///
/// `@unchecked Sendable`: `used` and what `buffer` points to are guarded by `lock`.
final class RandomPool: @unchecked Sendable {
  private static let byteCount = 4096
  private let lock = Lock()
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 16)
  private var used = byteCount

  deinit { buffer.deallocate() }

  /// Fills `output` (at most 4 KiB) with bytes that were given to nobody before.
  @inline(__always)
  func take(into output: UnsafeMutableRawBufferPointer) {
    let count = output.count
    lock.lock()
    defer { lock.unlock() }
    if used + count > buffer.count {
      Sodium.fillRandom(buffer)
      used = 0
    }
    output.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[used..<used + count]))
    used += count
  }
}
