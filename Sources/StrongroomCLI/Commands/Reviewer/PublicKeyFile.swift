import Glibc
import Platform

/// A reviewer's `.pub` file: its one line. What the line says, the mount judges.
enum PublicKeyFile {
  static func line(_ path: String) throws(CommandFailure) -> String {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try File(path, O_RDONLY | O_NOCTTY).readAll(limit: 4096)
    } catch {
      guard error.code == EFBIG else {
        throw CommandFailure(.error, .unreadable, ["path": path, "reason": error.description])
      }
      throw CommandFailure(.usage, .badReviewerKey, ["path": path])
    }
    guard let text = String(validating: bytes, as: UTF8.self)?.trimmingWhitespace, !text.isEmpty, !text.contains("\n") else {
      throw CommandFailure(.usage, .badReviewerKey, ["path": path])
    }
    return text
  }
}
