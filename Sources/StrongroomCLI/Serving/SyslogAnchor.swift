import Glibc
import Platform
import Trail
import VaultFormat

/// Where a syslog daemon listens: `syslog:unix:/path` (datagrams) or `syslog:tcp:HOST:PORT`.
enum SyslogTarget: Equatable {
  case unix(String)
  case tcp(host: String, port: UInt16)

  init?(_ text: String) {
    if text.hasPrefix("syslog:unix:/") {
      let path = String(text.dropFirst("syslog:unix:".count))
      guard path.utf8.count <= 107 else { return nil }
      self = .unix(path)
    } else if text.hasPrefix("syslog:tcp:") {
      let rest = text.dropFirst("syslog:tcp:".count)
      guard let colon = rest.lastIndex(of: ":"), colon > rest.startIndex, let port = UInt16(rest[rest.index(after: colon)...]),
        port > 0
      else { return nil }
      var host = String(rest[..<colon])
      if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
      self = .tcp(host: host, port: port)
    } else {
      return nil
    }
  }
}

/// Checkpoint heads to a syslog daemon, as RFC 5424 has messages: one datagram each on a Unix socket, or octets counted (RFC 6587) over TCP.
///
/// In clear and without proof of who listens: over a network let the local daemon carry them on by TLS. A connection that breaks is made anew by
/// the next line; what TCP took and never delivered is not known here, and shows as a gap in the epochs.
final class SyslogAnchor: TrailAnchor, @unchecked Sendable {
  private let target: SyslogTarget
  /// Used by the anchors' one thread.
  private var connection: File?
  private static let patienceSeconds = 5

  init(_ target: SyslogTarget) { self.target = target }

  func tell(_ line: AnchorLine) throws(SystemError) {
    let message = Self.message(String(line.encode().dropLast()), wall: Clock.wall(), host: Self.hostName, pid: getpid())
    let isNew = connection == nil
    do throws(SystemError) { try send(message) } catch {
      connection = nil
      // A daemon that was restarted has closed what was open before.
      guard !isNew else { throw error }
      do throws(SystemError) { try send(message) } catch {
        connection = nil
        throw error
      }
    }
  }

  /// `<85>1 TIME HOST strongroom PID checkpoint - TEXT`: facility authpriv, severity notice.
  static func message(_ text: String, wall: Int64, host: String, pid: Int32) -> String {
    var time: [UInt8] = []
    time.append(time: wall)
    // RFC 5424 has microseconds at most.
    let stamp = String(decoding: time.dropLast(4), as: UTF8.self) + "Z"
    return "<85>1 \(stamp) \(host) strongroom \(pid) checkpoint - \(text)"
  }

  /// Printable ASCII without spaces, as RFC 5424 wants it; `-` for none.
  private static let hostName: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "-" }
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.filter { $0 > 0x20 && $0 < 0x7f }
    return bytes.isEmpty ? "-" : String(decoding: bytes, as: UTF8.self)
  }()

  private func send(_ message: String) throws(SystemError) {
    let file: File
    if let connection { file = connection } else { file = try connect() }
    connection = file
    let bytes =
      switch target {
      case .unix: Array(message.utf8)
      case .tcp: Array("\(message.utf8.count) \(message)".utf8)
      }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(file.descriptor, $0.baseAddress! + done, $0.count - done, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw SystemError("send", errno) }
      done += count
    }
  }

  private func connect() throws(SystemError) -> File {
    switch target {
    case .unix(let path):
      let file = try Self.makeSocket(AF_UNIX, Int32(SOCK_DGRAM.rawValue))
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
      let code = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.connect(file.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      guard code == 0 else { throw SystemError("connect", errno) }
      return file
    case .tcp(let host, let port):
      var hints = addrinfo()
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
      var list: UnsafeMutablePointer<addrinfo>?
      guard getaddrinfo(host, String(port), &hints, &list) == 0 else { throw SystemError("getaddrinfo", EHOSTUNREACH) }
      defer { freeaddrinfo(list) }
      var failure = SystemError("connect", EHOSTUNREACH)
      var next = list
      while let entry = next?.pointee {
        next = entry.ai_next
        let file = try Self.makeSocket(entry.ai_family, Int32(SOCK_STREAM.rawValue))
        // SO_SNDTIMEO bounds connect(2) as well.
        if Glibc.connect(file.descriptor, entry.ai_addr, entry.ai_addrlen) == 0 { return file }
        failure = SystemError("connect", errno)
      }
      throw failure
    }
  }

  private static func makeSocket(_ family: Int32, _ kind: Int32) throws(SystemError) -> File {
    let descriptor = socket(family, kind | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError("socket", errno) }
    var patience = timeval(tv_sec: patienceSeconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    return File(adopting: descriptor, path: "syslog")
  }
}
