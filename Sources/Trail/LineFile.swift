import Glibc
package import Platform

/// A file in another folder to which whole lines are added. From any thread, one at a time.
package struct LineFile: Sendable {
  private let path: String

  /// - Parameter path: the file; made when it is missing, readable by its owner and group.
  package init(path: String) { self.path = path }

  /// Adds lines, each with its newline; on disk on return. Where a process died in the middle of a line, they begin on one of their own.
  /// - Throws: where they could not be written whole: then nothing of them is there, as far as it can be taken back.
  package func add(_ lines: [UInt8]) throws(SystemError) {
    let file = try open()
    let end = try file.size()
    let bytes = Self.endsInsideLine(file, end) ? [0x0a] + lines : lines
    var failure: SystemError?
    bytes.withUnsafeBytes { buffer in
      do throws(SystemError) {
        if try file.append(buffer) != buffer.count { failure = SystemError("write", ENOSPC) }
      } catch { failure = error }
    }
    if let failure {
      // No half line, on which the next one would begin.
      try? file.truncate(to: end)
      throw failure
    }
    try file.syncData()
  }

  private func open() throws(SystemError) -> File {
    let flags = O_CREAT | O_APPEND
    do throws(SystemError) { return try File(path, O_RDWR | flags, mode: 0o640) } catch {
      // Who may only add cannot see how it ends.
      guard error.code == EACCES else { throw error }
      return try File(path, O_WRONLY | flags, mode: 0o640)
    }
  }

  /// Whether its last byte is no newline; false where it cannot be read.
  private static func endsInsideLine(_ file: File, _ end: Int) -> Bool {
    guard end > 0 else { return false }
    var last: UInt8 = 0x0a
    withUnsafeMutableBytes(of: &last) { _ = try? file.read(at: end - 1, into: $0) }
    return last != 0x0a
  }
}
