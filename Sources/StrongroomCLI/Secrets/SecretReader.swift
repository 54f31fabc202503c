import Glibc
package import Platform
package import Sodium

/// Reads secrets from a descriptor straight into guarded memory; they never pass through a buffer of the heap.
package enum SecretReader {
  /// Longer ones are refused. With the line end it fits in what a terminal takes as one line (4,095 bytes).
  package static let passphraseByteCountMax = 1024

  package enum Failure: Error, Equatable {
    case tooLong
    /// The input ended before any byte.
    case empty
    case memoryNotLocked
    case system(SystemError)
  }

  /// One line, without its `\n` or `\r\n`. Reads no byte beyond the line end, so that the next line can be read after it.
  package static func line(from descriptor: Int32) throws(Failure) -> SecretBytes {
    try read(from: descriptor, limit: passphraseByteCountMax + 2, upToNewline: true) { bytes in
      var count = bytes.count
      if count > 0, bytes[count - 1] == 0x0a { count -= 1 }
      if count > 0, bytes[count - 1] == 0x0d { count -= 1 }
      return count
    }
  }

  /// All there is, at most `limit` bytes.
  package static func all(from descriptor: Int32, limit: Int) throws(Failure) -> SecretBytes {
    try read(from: descriptor, limit: limit + 1, upToNewline: false) { $0.count }
  }

  /// Exactly `count` bytes.
  package static func exactly(_ count: Int, from descriptor: Int32) throws(Failure) -> SecretBytes {
    var outcome = 0
    let bytes = try guarded(count) { outcome = fill($0, from: descriptor, byByte: false) }
    if outcome < 0 { throw .system(SystemError("read", -Int32(outcome))) }
    guard outcome == count else { throw .empty }
    return bytes
  }

  private static func read(
    from descriptor: Int32, limit: Int, upToNewline: Bool, keep: (UnsafeRawBufferPointer) -> Int
  ) throws(Failure) -> SecretBytes {
    var outcome = 0
    let scratch = try guarded(limit) { outcome = fill($0, from: descriptor, byByte: upToNewline) }
    if outcome < 0 { throw .system(SystemError("read", -Int32(outcome))) }
    guard outcome > 0 else { throw .empty }
    let count = scratch.withUnsafeBytes { keep(UnsafeRawBufferPointer(rebasing: $0.prefix(outcome))) }
    guard count < limit - (upToNewline ? 1 : 0) else { throw .tooLong }
    return try guarded(count) { target in
      scratch.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
    }
  }

  private static func guarded(_ count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) throws(Failure) -> SecretBytes {
    do throws(SodiumError) {
      return try SecretBytes(count: count, filling: fill)
    } catch {
      throw .memoryNotLocked
    }
  }

  /// Bytes read until the buffer is full, the input ends or (byte by byte) a line does; or minus an errno.
  private static func fill(_ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32, byByte: Bool) -> Int {
    var done = 0
    while done < buffer.count {
      let count = Glibc.read(descriptor, buffer.baseAddress! + done, byByte ? 1 : buffer.count - done)
      if count < 0 {
        if errno == EINTR { continue }
        return -Int(errno)
      }
      if count == 0 { break }
      done += count
      if byByte, buffer[done - 1] == 0x0a { break }
    }
    return done
  }
}
