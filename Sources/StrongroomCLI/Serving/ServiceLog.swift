import Glibc
import Platform
import Trail
import VaultFormat

/// The operational log of a mount: what it does and what fails, without names or content of what it keeps.
final class ServiceLog: @unchecked Sendable {
  enum Level: Int, Sendable {
    case debug, info, notice, warning, error

    var priority: Int32 {
      switch self {
      case .debug: LOG_DEBUG
      case .info: LOG_INFO
      case .notice: LOG_NOTICE
      case .warning: LOG_WARNING
      case .error: LOG_ERR
      }
    }
  }

  private let least: Level
  /// Nil for syslog.
  private let file: File?
  /// Kept for syslog, which keeps the pointer.
  private let identifier: UnsafeMutablePointer<CChar>

  init(_ configuration: MountConfiguration) {
    let names: [String: Level] = ["debug": .debug, "info": .info, "notice": .notice, "warning": .warning, "error": .error]
    least = names[configuration.logLevel] ?? .info
    identifier = strdup(configuration.syslogIdentifier)
    if configuration.logTarget == "stderr" {
      file = File(adopting: dup(STDERR_FILENO), path: "stderr")
    } else if configuration.logTarget.hasPrefix("file:") {
      file = try? File(String(configuration.logTarget.dropFirst("file:".count)), O_WRONLY | O_CREAT | O_APPEND)
    } else {
      file = nil
    }
    if file == nil { openlog(identifier, LOG_PID, Int32(LOG_DAEMON)) }
  }

  func write(_ level: Level, _ text: String) {
    guard level.rawValue >= least.rawValue else { return }
    guard let file else {
      text.withCString { text in withVaList([text]) { vsyslog(level.priority, "%s", $0) } }
      return
    }
    let line = Array("strongroom: \(text)\n".utf8)
    line.withUnsafeBytes { _ = try? file.append($0) }
  }
}

/// Checkpoint heads to the system's log, so that they leave the machine with it.
struct SystemLogAnchor: TrailAnchor {
  func tell(_ line: AnchorLine) throws(SystemError) {
    let text = line.encode()
    text.withCString { text in withVaList([text]) { vsyslog(LOG_NOTICE, "checkpoint %s", $0) } }
  }
}
