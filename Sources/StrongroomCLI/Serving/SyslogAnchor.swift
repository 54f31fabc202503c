import Glibc
import Platform
import Trail
import VaultFormat

/// Where a syslog daemon listens: `syslog:unix:/path` (datagrams), `syslog:tcp:HOST:PORT` or `syslog:tls:HOST:PORT`.
enum SyslogTarget: Equatable {
  case unix(String)
  case tcp(host: String, port: UInt16)
  case tls(host: String, port: UInt16)

  init?(_ text: String) {
    if text.hasPrefix("syslog:unix:/") {
      let path = String(text.dropFirst("syslog:unix:".count))
      guard path.utf8.count <= 107 else { return nil }
      self = .unix(path)
    } else if text.hasPrefix("syslog:tcp:") || text.hasPrefix("syslog:tls:") {
      let rest = text.dropFirst("syslog:tcp:".count)
      guard let colon = rest.lastIndex(of: ":"), colon > rest.startIndex, let port = UInt16(rest[rest.index(after: colon)...]),
        port > 0
      else { return nil }
      var host = String(rest[..<colon])
      if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
      self = text.hasPrefix("syslog:tls:") ? .tls(host: host, port: port) : .tcp(host: host, port: port)
    } else {
      return nil
    }
  }
}

/// Checkpoint heads to a syslog daemon, as RFC 5424 has messages: facility authpriv, severity notice, `checkpoint` as the kind.
final class SyslogAnchor: TrailAnchor, @unchecked Sendable {
  /// Used by the anchors' one thread.
  private let connection: SyslogConnection

  init(_ target: SyslogTarget, authorities: String? = nil) {
    connection = SyslogConnection(target, authorities: authorities)
  }

  func tell(_ line: AnchorLine) throws(SystemError) {
    try connection.send(
      SyslogConnection.message(
        priority: 85, kind: "checkpoint", String(line.encode().dropLast()), wall: Clock.wall()))
  }
}
