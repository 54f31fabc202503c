import Glibc
import Platform

/// A connection to a syslog daemon, for one thread: one datagram each on a Unix socket, or octets counted (RFC 6587, with TLS RFC 5425) over TCP.
///
/// Over plain TCP in clear and without proof of who listens. A connection that breaks is made anew by the next message; what TCP took and never delivered is not known here.
final class SyslogConnection {
  private let target: SyslogTarget
  private let authorities: String?
  private var stream: Stream?
  private static let patienceSeconds = 5

  private enum Stream {
    case plain(File)
    case secured(TLSStream)
  }

  /// - Parameter authorities: who may sign the certificate of a daemon that is reached by TLS; nil for the system's.
  init(_ target: SyslogTarget, authorities: String? = nil) {
    self.target = target
    self.authorities = authorities
  }

  func send(_ message: String) throws(SystemError) {
    let isNew = stream == nil
    do throws(SystemError) { try put(message) } catch {
      stream = nil
      // A daemon that was restarted has closed what was open before.
      guard !isNew else { throw error }
      do throws(SystemError) { try put(message) } catch {
        stream = nil
        throw error
      }
    }
  }

  /// `<priority>1 TIME HOST strongroom PID KIND - TEXT`.
  static func message(priority: Int, kind: String, _ text: String, wall: Int64, host: String = hostName, pid: Int32 = getpid())
    -> String
  {
    var time: [UInt8] = []
    time.append(time: wall)
    // RFC 5424 has microseconds at most.
    let stamp = String(decoding: time.dropLast(4), as: UTF8.self) + "Z"
    return "<\(priority)>1 \(stamp) \(host) strongroom \(pid) \(kind) - \(text)"
  }

  /// Printable ASCII without spaces, as RFC 5424 wants it; `-` for none.
  static let hostName: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "-" }
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.filter { $0 > 0x20 && $0 < 0x7f }
    return bytes.isEmpty ? "-" : String(decoding: bytes, as: UTF8.self)
  }()

  private func put(_ message: String) throws(SystemError) {
    let stream: Stream
    if let present = self.stream { stream = present } else { stream = try connect() }
    self.stream = stream
    switch stream {
    case .secured(let secured): try secured.write(Array("\(message.utf8.count) \(message)".utf8))
    case .plain(let file):
      if case .unix = target {
        try Self.put(Array(message.utf8), file)
      } else {
        try Self.put(Array("\(message.utf8.count) \(message)".utf8), file)
      }
    }
  }

  private static func put(_ bytes: [UInt8], _ file: File) throws(SystemError) {
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

  private func connect() throws(SystemError) -> Stream {
    switch target {
    case .unix(let path): .plain(try Self.connect(path))
    case .tcp(let host, let port): .plain(try Self.connect(host, port))
    case .tls(let host, let port):
      .secured(try TLSStream(try Self.connect(host, port), host: host, authorities: authorities))
    }
  }

  private static func connect(_ path: String) throws(SystemError) -> File {
    let file = try makeSocket(AF_UNIX, Int32(SOCK_DGRAM.rawValue))
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
  }

  private static func connect(_ host: String, _ port: UInt16) throws(SystemError) -> File {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &list) == 0 else { throw SystemError("getaddrinfo", EHOSTUNREACH) }
    defer { freeaddrinfo(list) }
    var failure = SystemError("connect", EHOSTUNREACH)
    var next = list
    while let entry = next?.pointee {
      next = entry.ai_next
      let file = try makeSocket(entry.ai_family, Int32(SOCK_STREAM.rawValue))
      // SO_SNDTIMEO bounds connect(2) as well.
      if Glibc.connect(file.descriptor, entry.ai_addr, entry.ai_addrlen) == 0 { return file }
      failure = SystemError("connect", errno)
    }
    throw failure
  }

  private static func makeSocket(_ family: Int32, _ kind: Int32) throws(SystemError) -> File {
    let descriptor = socket(family, kind | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError("socket", errno) }
    var patience = timeval(tv_sec: patienceSeconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    // A handshake waits for answers as well.
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    return File(adopting: descriptor, path: "syslog")
  }
}
