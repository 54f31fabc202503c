import CSystem
package import Control
import Glibc
package import Platform
package import Sodium

/// Starts this program anew as the process that mounts, and waits until it is ready.
///
/// Never a bare fork: threads, keys and databases do not survive one. The child gets one socket as descriptor 3. Over it goes the *payload*, a plan and a secret, in
/// frames; back comes one frame, *ready* or the failure. Nothing secret is in arguments or environment.
package enum DaemonLauncher {
  package enum Outcome: Equatable {
    case ready(pid: Int32)
    /// What the child said.
    case failed(ControlFailure)
    /// The child ended and said nothing.
    case died(reason: String)
  }

  package static let channel: Int32 = 3
  static let frameByteCountMax = 1 << 20

  /// Starts `program` in a session of its own, with standard input and output on /dev/null, and returns when it is ready or has failed.
  ///
  /// - Parameters:
  ///   - arguments: all of them, the program's name first.
  ///   - keepsErrors: whether its standard error stays that of this process; else it is /dev/null.
  /// - Throws: where nothing could be started.
  package static func launch(
    program: String = "/proc/self/exe", arguments: [String], environment: [String], plan: [UInt8], secret: borrowing SecretBytes,
    keepsErrors: Bool = false
  ) throws(SystemError) -> Outcome {
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw SystemError("socketpair", errno)
    }
    let channel = LaunchChannel(adopting: ends[0])
    defer { if ends[1] >= 0 { close(ends[1]) } }
    let pid = try spawn(program, arguments, environment, end: ends[1], keepsErrors: keepsErrors)
    // While this end is open here, the other would never see the child go.
    close(ends[1])
    ends[1] = -1
    // A child that is gone already shows below; until then what it is sent may be lost.
    try? channel.send(plan)
    try? channel.send(secret)
    let answer = try? channel.receive(limit: frameByteCountMax)
    if let answer {
      if answer.isEmpty { return .ready(pid: pid) }
      if case .failure(let failure) = try? ControlFrame(parsing: answer) {
        _ = reap(pid)
        return .failed(failure)
      }
    }
    return .died(reason: reap(pid))
  }

  private static func spawn(
    _ program: String, _ arguments: [String], _ environment: [String], end: Int32, keepsErrors: Bool
  ) throws(SystemError) -> pid_t {
    let null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard null >= 0 else { throw SystemError("open", errno) }
    defer { close(null) }
    // Raised above the numbers that the child will use, so that none is overwritten before it is copied.
    let ends = [null, null, keepsErrors ? STDERR_FILENO : null, end].map { fcntl($0, F_DUPFD_CLOEXEC, 16) }
    defer { for end in ends where end >= 0 { close(end) } }
    guard ends.allSatisfy({ $0 >= 0 }) else { throw SystemError("fcntl", errno) }
    var pid = pid_t()
    let code = withCStrings(arguments) { arguments in
      withCStrings(environment) { environment in
        csystem_spawn(program, arguments, environment, ends, Int32(ends.count), &pid)
      }
    }
    guard code == 0 else { throw SystemError("posix_spawn", code) }
    return pid
  }

  /// Waits for a child that has ended, or ends now that its socket is closed, and says how it did.
  private static func reap(_ pid: pid_t) -> String {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 {
      guard errno == EINTR else { return "unknown" }
    }
    let signal = status & 0x7f
    return signal == 0 ? "exit \(status >> 8 & 0xff)" : "signal \(signal)"
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers)
  }
}
