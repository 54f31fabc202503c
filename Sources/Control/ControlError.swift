package import Platform

/// Why a server could not start, or why a client has no answer.
package enum ControlError: Error, Equatable {
  /// Nobody listens there: no mount of the vault is running. Say so and what to do.
  case notRunning
  /// A live server holds the socket already.
  case alreadyRunning
  /// The folder or the server belongs to neither root nor the user expected: do not talk to it.
  case foreignOwner(uid: UInt32)
  /// The socket's path does not fit in an address (107 bytes).
  case pathTooLong
  /// The other side did not answer, or did not take what was sent, in time.
  case timedOut
  /// A frame longer than the limit.
  case tooLarge
  /// The other side went away in the middle.
  case disconnected
  /// Bytes that are no frame.
  case malformed
  /// The other side speaks a later version.
  case newerVersion(Int)
  /// The answer is a refusal; it says why.
  case refused(ControlFailure)
  case system(SystemError)
}

/// A refusal as it travels: codes and keys are stable and never translated; the client turns the keys into text.
package struct ControlFailure: Error, Codable, Sendable, Hashable {
  /// Stable, for programs: `not-permitted`.
  package var code: String
  /// Key of the text for people, in the command line's tables, and what stands in its places.
  package var message: String
  package var arguments: [String: String]
  /// The key of the hint, if there is one; it shares the arguments.
  package var hint: String?
  /// The exit code of the command (DESIGN §8).
  package var exitCode: Int32

  package init(code: String, message: String? = nil, arguments: [String: String] = [:], hint: String? = nil, exitCode: Int32) {
    self.code = code
    self.message = message ?? code
    self.arguments = arguments
    self.hint = hint
    self.exitCode = exitCode
  }

  /// What the transport itself can answer. The command line has a text for each.
  package static let malformed = ControlFailure(code: "control-malformed", exitCode: 1)
  package static let tooLarge = ControlFailure(code: "control-too-large", exitCode: 1)
  package static let busy = ControlFailure(code: "control-busy", hint: "control-busy", exitCode: 1)
  /// A request of a kind that this program does not know: the client is of a later one.
  package static func unknownRequest(_ kind: String) -> ControlFailure {
    ControlFailure(code: "control-unknown-request", arguments: ["kind": kind], hint: "control-same-version", exitCode: 1)
  }
  /// A frame of a protocol later than `Control.version`.
  package static func newerVersion(_ version: Int) -> ControlFailure {
    ControlFailure(
      code: "control-newer-version", arguments: ["version": String(version), "known": String(Control.version)],
      hint: "control-same-version", exitCode: 1)
  }
}
