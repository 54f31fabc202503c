import Glibc

/// Messages to a service manager over $NOTIFY_SOCKET (sd_notify(3)): one datagram of lines.
package enum ServiceNotification {
  package static let ready = "READY=1"
  package static let stopping = "STOPPING=1"

  /// Sends the lines; false where there is no manager to tell, or it does not listen.
  @discardableResult
  package static func send(_ lines: [String], environment: [String: String]) -> Bool {
    guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@") else { return false }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(path.utf8)
    guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    // An abstract name begins with NUL, and its length tells where it ends.
    if name[0] == 0x40 { name[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let message = Array(lines.joined(separator: "\n").utf8)
    let count = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
    return count == message.count
  }
}
