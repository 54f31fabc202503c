import Glibc
package import Platform
package import Sodium

/// One end of the socket between a launching process and the one it starts: frames of u32 length, little-endian, then the bytes. Blocks. Owned by one thread.
package final class LaunchChannel {
  private let descriptor: Int32

  package init(adopting descriptor: Int32) { self.descriptor = descriptor }
  deinit { close(descriptor) }

  package func send(_ bytes: [UInt8]) throws(SystemError) {
    var failure: SystemError?
    bytes.withUnsafeBytes { bytes in
      do throws(SystemError) { try sendFrame(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Straight from guarded memory to the kernel.
  package func send(_ secret: borrowing SecretBytes) throws(SystemError) {
    try secret.withUnsafeBytes { bytes throws(SystemError) in try sendFrame(bytes) }
  }

  /// Nil where the other side has gone before a whole frame.
  package func receive(limit: Int) throws(SystemError) -> [UInt8]? {
    guard let count = try receiveCount(limit: limit) else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress! + done, count - done, 0) }
      if got == 0 { return nil }
      if got > 0 { done += got } else if errno != EINTR { throw SystemError("recv", errno) }
    }
    return bytes
  }

  /// Straight from the kernel to guarded memory.
  package func receiveSecret(limit: Int) throws(SecretReader.Failure) -> SecretBytes {
    let count: Int?
    do throws(SystemError) { count = try receiveCount(limit: limit) } catch { throw .system(error) }
    guard let count else { throw .empty }
    return try SecretReader.exactly(count, from: descriptor)
  }

  private func receiveCount(limit: Int) throws(SystemError) -> Int? {
    var header: UInt32 = 0
    var done = 0
    while done < 4 {
      let got = withUnsafeMutableBytes(of: &header) { recv(descriptor, $0.baseAddress! + done, 4 - done, 0) }
      if got == 0 { return nil }
      if got > 0 { done += got } else if errno != EINTR { throw SystemError("recv", errno) }
    }
    let count = Int(UInt32(littleEndian: header))
    guard count <= limit else { throw SystemError("recv", EMSGSIZE) }
    return count
  }

  private func sendFrame(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var header = UInt32(bytes.count).littleEndian
    var failure: SystemError?
    withUnsafeBytes(of: &header) { header in
      do throws(SystemError) { try sendAll(header) } catch { failure = error }
    }
    if let failure { throw failure }
    try sendAll(bytes)
  }

  private func sendAll(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let count = Glibc.send(descriptor, bytes.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL))
      if count > 0 { done += count } else if errno != EINTR { throw SystemError("send", errno) }
    }
  }
}
