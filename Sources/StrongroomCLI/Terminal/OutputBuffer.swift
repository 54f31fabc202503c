import Glibc
package import Platform

/// Standard output: gathered into large writes, but line by line on a terminal, where it stays in order with standard error.
package final class OutputBuffer: @unchecked Sendable {
  package static let standard = OutputBuffer(descriptor: STDOUT_FILENO)

  private static let byteCountMax = 1 << 16

  private let descriptor: Int32
  private let isTerminal: Bool
  /// Guards the two below.
  private let lock = Lock()
  private var bytes: [UInt8] = []
  private var failure: Int32 = 0

  package init(descriptor: Int32) {
    self.descriptor = descriptor
    isTerminal = isatty(descriptor) == 1
  }

  /// Gathers text; a full buffer is written.
  package func write(_ text: String) {
    lock.withLock {
      bytes.append(contentsOf: text.utf8)
      if isTerminal || bytes.count >= Self.byteCountMax { drain() }
    }
  }

  /// Hands everything to the kernel.
  /// - Throws: the first failure there ever was; the output is then not whole.
  package func flush() throws(SystemError) {
    let code = lock.withLock {
      drain()
      return failure
    }
    if code != 0 { throw SystemError("write", code) }
  }

  private func drain() {
    var done = 0
    while done < bytes.count, failure == 0 {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
      if count >= 0 { done += count } else if errno != EINTR { failure = errno }
    }
    bytes.removeAll(keepingCapacity: true)
  }
}
