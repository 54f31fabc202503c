import Glibc
import Platform

/// Other processes, by their number.
enum RunningProcess {
  /// Whether the process is there and has not ended. One that has ended, and that its parent has not yet asked about, is not there:
  /// all that it held is free.
  static func isThere(_ process: Int32) -> Bool {
    guard process > 0, kill(process, 0) == 0 || errno == EPERM else { return false }
    guard let state = state(of: process) else { return false }
    return state != UInt8(ascii: "Z") && state != UInt8(ascii: "X")
  }

  /// The letter behind the name in /proc/PID/stat (proc(5)); the name can hold anything. The file says that it has no bytes.
  private static func state(of process: Int32) -> UInt8? {
    guard let file = try? File("/proc/\(process)/stat", O_RDONLY) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    guard let count = try? bytes.withUnsafeMutableBytes({ (buffer) throws(SystemError) in try file.read(at: 0, into: buffer) }),
      let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")), end + 2 < count
    else { return nil }
    return bytes[end + 2]
  }
}
