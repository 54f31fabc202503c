package import Control
package import Platform

/// Why a command ends without having done its work: what people are told, and the exit code.
package struct CommandFailure: Error, Equatable {
  package var exitCode: ExitCode
  /// Stable, for programs; the key of the message.
  package var code: String
  package var message: Message
  package var hint: Message?

  package init(_ exitCode: ExitCode, _ text: ErrorText, _ arguments: [String: String] = [:], hint: HintText? = nil) {
    self.exitCode = exitCode
    code = text.rawValue
    message = Message(text, arguments)
    self.hint = hint.map { Message($0, arguments) }
  }
}

extension CommandFailure {
  /// A refusal of the mount. A key that this program does not know, from a later one, is shown as it is.
  package init(_ failure: ControlFailure) {
    exitCode = ExitCode(rawValue: failure.exitCode) ?? .error
    code = failure.code
    if let text = ErrorText(rawValue: failure.message) {
      message = Message(text, failure.arguments)
    } else {
      let details = failure.arguments.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      message = Message(ErrorText.refusedOtherwise, ["code": failure.code, "details": details])
    }
    hint = failure.hint.flatMap { HintText(rawValue: $0) }.map { Message($0, failure.arguments) }
  }

  package init(_ error: ControlError) {
    switch error {
    case .refused(let failure): self.init(failure)
    case .notRunning: self.init(.inUse, .notMounted, hint: .mountFirst)
    case .alreadyRunning: self.init(.inUse, .alreadyMounted, hint: .unmountFirst)
    case .foreignOwner(let uid): self.init(.error, .foreignOwner, ["uid": String(uid)], hint: .foreignOwner)
    case .pathTooLong: self.init(.error, .socketPathTooLong, hint: .runtimeFolder)
    case .timedOut: self.init(.error, .mountSilent, hint: .seeLog)
    case .disconnected: self.init(.error, .mountWentAway, hint: .seeLog)
    case .malformed, .tooLarge: self.init(.error, .answerMalformed, hint: .sameVersion)
    case .newerVersion(let version): self.init(ControlFailure.newerVersion(version))
    case .system(let error): self.init(error)
    }
  }

  package init(_ error: SystemError) { self.init(.error, .system, ["reason": error.description]) }
}

extension ControlFailure {
  /// A refusal in the words of the tables here, as a running mount answers it.
  package init(_ exitCode: ExitCode, _ text: ErrorText, _ arguments: [String: String] = [:], hint: HintText? = nil) {
    self.init(code: text.rawValue, arguments: arguments, hint: hint?.rawValue, exitCode: exitCode.rawValue)
  }

  /// The same failure, to hand over to another process.
  package init(_ failure: CommandFailure) {
    self.init(
      code: failure.code, message: failure.message.key, arguments: failure.message.arguments, hint: failure.hint?.key,
      exitCode: failure.exitCode.rawValue)
  }
}
