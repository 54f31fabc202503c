import Glibc
import Platform
import Sodium

/// Asks on the controlling terminal, whatever standard input and output are, without showing what is typed.
enum TerminalPrompt {
  static var isAvailable: Bool {
    let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return true
  }

  static func ask(_ prompt: String) throws(CommandFailure) -> SecretBytes {
    let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw CommandFailure(.usage, .noSecret, hint: .giveSecret) }
    defer { close(descriptor) }
    var text = prompt + ": "
    text.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
    guard Echo.turnOff(on: descriptor) else { throw CommandFailure(SystemError("tcsetattr", errno)) }
    defer { Echo.restore() }
    do throws(SecretReader.Failure) {
      return try SecretReader.line(from: descriptor)
    } catch {
      if error == .empty { throw CommandFailure(.interrupted, .secretCancelled) }
      throw CommandFailure(error, path: "/dev/tty")
    }
  }
}

/// The terminal's echo, put back also when the program is interrupted in between.
enum Echo {
  // Written by the one thread that prompts, before the handler can see `descriptor` as open, and read by signal handlers.
  nonisolated(unsafe) private static var saved = termios()
  nonisolated(unsafe) private static var descriptor: Int32 = -1

  static func turnOff(on terminal: Int32) -> Bool {
    guard tcgetattr(terminal, &saved) == 0 else { return false }
    var silent = saved
    silent.c_lflag &= ~tcflag_t(ECHO)
    silent.c_lflag |= tcflag_t(ECHONL | ICANON)
    descriptor = terminal
    return tcsetattr(terminal, TCSAFLUSH, &silent) == 0
  }

  /// Async-signal-safe.
  static func restore() {
    guard descriptor >= 0 else { return }
    tcsetattr(descriptor, TCSANOW, &saved)
    descriptor = -1
  }
}

/// What the signals that end a program do to commands: SIGINT is exit 130, and the echo comes back with each.
enum Interruption {
  static func install() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { signal in
      Echo.restore()
      if signal == SIGINT { _exit(ExitCode.interrupted.rawValue) }
      // SA_RESETHAND has put the default back.
      raise(signal)
    }
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { sigaction(signal, &action, nil) }
  }
}
