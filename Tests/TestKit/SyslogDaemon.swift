import Foundation
import Glibc

/// rsyslog from Debian, with a configuration, socket, port and files of its own in a temporary folder. Ends and goes with the value.
package final class SyslogDaemon {
  package struct Failed: Error { package let what: String }

  package let folder = TemporaryFolder()
  package let port: UInt16
  package var socketPath: String { folder.path + "/log" }
  /// What it was sent: a line each, beginning with program, process, kind, facility and severity.
  package var output: String { folder.path + "/checkpoints" }
  private let environment: [String: String]
  private var process: Process?

  /// - Parameters:
  ///   - isTLS: takes TLS on its port, with a certificate for `localhost` that an authority of its own signed.
  ///   - environment: what is added to its environment.
  package init(isTLS: Bool = false, environment: [String: String] = [:]) throws {
    self.environment = environment
    port = try Self.freePort()
    if isTLS { try makeCertificates() }
    let configuration = """
      global(workDirectory="\(folder.path)" maxMessageSize="64k"\(isTLS ? certificates : ""))
      module(load="imuxsock" SysSock.Use="off")
      module(load="imtcp"\(isTLS ? #" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon""# : ""))
      input(type="imuxsock" Socket="\(socketPath)" CreatePath="off" UseSpecialParser="off")
      input(type="imtcp" address="127.0.0.1" port="\(port)")
      template(name="fields" type="string" string="%app-name% %procid% %msgid% %syslogfacility-text%.%syslogseverity-text% %msg%\\n")
      action(type="omfile" file="\(output)" template="fields" asyncWriting="off" flushOnTXEnd="on")

      """
    try configuration.write(toFile: folder.path + "/rsyslog.conf", atomically: false, encoding: .utf8)
    try start()
  }

  /// Who signed its certificate.
  package var authority: String { folder.path + "/authority.pem" }
  private var certificates: String {
    #" DefaultNetstreamDriver="ossl" DefaultNetstreamDriverCAFile="\#(authority)""#
      + #" DefaultNetstreamDriverCertFile="\#(folder.path)/server.pem" DefaultNetstreamDriverKeyFile="\#(folder.path)/server.key""#
  }

  private func makeCertificates() throws {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    try openssl(["req", "-x509"] + key + ["-subj", "/CN=test authority", "-keyout", "authority.key", "-out", "authority.pem"])
    try openssl(
      ["req", "-x509"] + key + [
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE", "-CA",
        "authority.pem", "-CAkey", "authority.key", "-keyout", "server.key", "-out", "server.pem",
      ])
    // Somebody else's.
    try openssl(["req", "-x509"] + key + ["-subj", "/CN=test authority", "-keyout", "other.key", "-out", "other.pem"])
  }

  private func openssl(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failed(what: "openssl \(arguments)") }
  }

  deinit { stop() }

  package func start() throws {
    unlink(socketPath)
    guard let program = ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"].first(where: { (path: String) in access(path, X_OK) == 0 })
    else {
      throw Failed(what: "there is no rsyslogd")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["-n", "-f", folder.path + "/rsyslog.conf", "-i", folder.path + "/pid"]
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.process = process
    for _ in 0..<2_000 {
      if access(socketPath, F_OK) == 0, takesConnections { return }
      usleep(5_000)
    }
    throw Failed(what: "rsyslogd does not come up")
  }

  package func stop() {
    guard let process else { return }
    // It wrote each line as it came; a signal that it handles could be blocked in what it inherited from here.
    kill(process.processIdentifier, SIGKILL)
    for _ in 0..<1_000 where process.isRunning { usleep(5_000) }
    self.process = nil
  }

  private var takesConnections: Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = Self.address(port)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  private static func address(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = Self.address(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    guard code == 0 else { throw Failed(what: "no port") }
    return UInt16(bigEndian: address.sin_port)
  }

  package var lines: [Substring] {
    let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
    return text.split(separator: "\n")
  }
}
