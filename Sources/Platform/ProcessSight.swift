import Glibc

/// What /proc says of a thread: its process, program and login uid, "as seen" at that moment.
package struct ProcessSight: Sendable {
  /// The thread itself, where its process could not be seen.
  package var process: Int32
  package var program: String?
  package var loginUID: UInt32?

  package init(process: Int32, program: String? = nil, loginUID: UInt32? = nil) {
    self.process = process
    self.program = program
    self.loginUID = loginUID
  }

  /// Asks /proc now. What cannot be seen is nil.
  package static func of(thread: Int32) -> ProcessSight {
    var sight = ProcessSight(process: thread)
    if let status = content("/proc/\(thread)/status") {
      for line in status.split(separator: "\n") {
        if line.hasPrefix("Name:\t") { sight.program = String(line.dropFirst(6)) }
        if line.hasPrefix("Tgid:\t") {
          sight.process = Int32(line.dropFirst(6)) ?? thread
          break
        }
      }
    }
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/\(thread)/exe", &path, path.count - 1)
    if count > 0 { sight.program = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    // 4294967295 is "no login": left out.
    if let text = content("/proc/\(thread)/loginuid"), let uid = UInt32(text), uid != UInt32.max { sight.loginUID = uid }
    return sight
  }

  private static func content(_ path: String) -> String? {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let count = Glibc.read(descriptor, buffer.baseAddress!, buffer.count)
      guard count > 0 else { return nil }
      return String(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<count]), as: UTF8.self)
    }
  }
}
