package import ArgumentParser
import Glibc
package import Trail
import VaultFormat

/// A reviewer's identity file and where its passphrase comes from.
package struct IdentityOptions: ParsableArguments {
  @Option(help: ArgumentHelp(.identity, value: "file")) package var identity: String
  @Option(help: ArgumentHelp(.identityPassphraseFile, value: "file")) package var identityPassphraseFile: String?

  package init() {}

  package func open() throws(CommandFailure) -> ReviewerIdentity {
    try IdentityFileReader.open(identity, passphraseFile: identityPassphraseFile)
  }
}

enum IdentityFileReader {
  /// Reads the file first, so that what is no identity asks for no passphrase.
  static func open(_ path: String, passphraseFile: String?) throws(CommandFailure) -> ReviewerIdentity {
    let file: IdentityFile
    do throws(ReviewerError) { file = try ReviewerIdentity.readFile(path) } catch { throw CommandFailure(error, path: path) }
    let prompt = Message(LogText.identityPassphrase, ["label": file.key.label])
    switch try source(passphraseFile).read(prompt: prompt) {
    case .passphrase(let passphrase):
      do throws(ReviewerError) { return try ReviewerIdentity.open(file, passphrase: passphrase) } catch {
        throw CommandFailure(error, path: path)
      }
    case .keyFile: preconditionFailure("a passphrase was asked for")
    }
  }

  private static func source(_ passphraseFile: String?) throws(CommandFailure) -> SecretSource {
    if let passphraseFile { return passphraseFile == "-" ? .standardInput : .passphraseFile(passphraseFile) }
    guard TerminalPrompt.isAvailable else { throw CommandFailure(.usage, .noSecret, hint: .giveIdentityPassphrase) }
    return .prompt
  }
}

extension CommandFailure {
  init(_ error: ReviewerError, path: String) {
    switch error {
    case .notAKey: self.init(.error, .notAnIdentity, ["path": path], hint: .identityFile)
    case .newerVersion(let version):
      self.init(.error, .trailNewer, ["version": String(version), "place": path], hint: .newerProgram)
    case .wrongPassphrase: self.init(.wrongSecret, .wrongIdentityPassphrase, ["path": path])
    case .badParameters: self.init(.error, .identityParameters, ["path": path])
    case .memoryNotLocked: self.init(.error, .memoryNotLocked, hint: .memoryLock)
    case .file(let code): self.init(.error, .unreadable, ["path": path, "reason": String(cString: strerror(code))])
    }
  }
}
