import Glibc
import Platform
package import Sodium

/// What unlocks a slot, in guarded memory.
package enum UnlockSecret: ~Copyable {
  case passphrase(SecretBytes)
  /// The content of a key file, or of a systemd credential that is one.
  case keyFile(SecretBytes)
}

/// Where a secret comes from: never an argument, never the environment.
package enum SecretSource: Sendable, Equatable {
  /// The terminal, without echo.
  case prompt
  /// The first line of a file.
  case passphraseFile(String)
  /// The next line of standard input.
  case standardInput
  case keyFile(String)

  /// What a file of a key may hold.
  package static let keyFileByteCounts = 32...65_536

  /// The names that systemd's LoadCredential= gives to ours (systemd.exec(5)).
  package static let passphraseCredential = "strongroom-passphrase"
  package static let keyCredential = "strongroom-key"

  /// In order: what was asked for, a systemd credential, the terminal.
  /// - Throws: `no-secret` where there is none of them.
  package static func choose(
    passphraseFile: String?, keyFile: String?, environment: [String: String], hasTerminal: Bool
  ) throws(CommandFailure) -> SecretSource {
    if let passphraseFile { return passphraseFile == "-" ? .standardInput : .passphraseFile(passphraseFile) }
    if let keyFile { return .keyFile(keyFile) }
    if let folder = environment["CREDENTIALS_DIRECTORY"], folder.hasPrefix("/") {
      let key = folder + "/" + keyCredential
      if Files.exists(key) { return .keyFile(key) }
      let passphrase = folder + "/" + passphraseCredential
      if Files.exists(passphrase) { return .passphraseFile(passphrase) }
    }
    guard hasTerminal else { throw CommandFailure(.usage, .noSecret, hint: .giveSecret) }
    return .prompt
  }

  /// The secret of a slot that exists.
  package func read(prompt: Message) throws(CommandFailure) -> UnlockSecret {
    switch self {
    case .keyFile(let path):
      let range = Self.keyFileByteCounts
      let arguments = ["path": path, "min": String(range.lowerBound), "max": String(range.upperBound)]
      let bytes = try Self.open(path) { descriptor throws(SecretReader.Failure) in
        try SecretReader.all(from: descriptor, limit: range.upperBound)
      } else: { failure in
        failure == .tooLong || failure == .empty ? CommandFailure(.wrongSecret, .keyFileSize, arguments) : nil
      }
      guard range.contains(bytes.count) else { throw CommandFailure(.wrongSecret, .keyFileSize, arguments) }
      return .keyFile(bytes)
    case .prompt, .passphraseFile, .standardInput:
      return .passphrase(try passphrase(prompt: prompt))
    }
  }

  /// A passphrase for a new slot: long enough, and typed twice where it is typed.
  package func readNew(prompt: Message, again: Message) throws(CommandFailure) -> SecretBytes {
    let first = try passphrase(prompt: prompt)
    let count = Passphrase.characterCount(first)
    guard count >= Passphrase.characterCountMin else {
      throw CommandFailure(
        .usage, .passphraseTooShort, ["count": String(count), "min": String(Passphrase.characterCountMin)],
        hint: .longerPassphrase)
    }
    guard self == .prompt else { return first }
    let second = try passphrase(prompt: again)
    let isEqual = first.withUnsafeBytes { first in second.withUnsafeBytes { Sodium.equal(first, $0) } }
    guard isEqual else { throw CommandFailure(.usage, .passphrasesDiffer) }
    return first
  }

  private func passphrase(prompt: Message) throws(CommandFailure) -> SecretBytes {
    let bytes: SecretBytes
    switch self {
    case .prompt:
      bytes = try TerminalPrompt.ask(prompt.text(in: .current))
    case .standardInput:
      do throws(SecretReader.Failure) {
        bytes = try SecretReader.line(from: STDIN_FILENO)
      } catch {
        throw CommandFailure(error, path: "-")
      }
    case .passphraseFile(let path), .keyFile(let path):
      bytes = try Self.open(path) { descriptor throws(SecretReader.Failure) in
        try SecretReader.line(from: descriptor)
      } else: { _ in
        nil
      }
    }
    guard bytes.count > 0 else { throw CommandFailure(.usage, .passphraseEmpty, hint: self == .prompt ? nil : .oneLine) }
    return bytes
  }

  private static func open(
    _ path: String, read: (Int32) throws(SecretReader.Failure) -> SecretBytes,
    else other: (SecretReader.Failure) -> CommandFailure?
  ) throws(CommandFailure) -> SecretBytes {
    let file: File
    do throws(SystemError) {
      file = try File(path, O_RDONLY | O_NOCTTY)
    } catch {
      throw CommandFailure(SecretReader.Failure.system(error), path: path)
    }
    do throws(SecretReader.Failure) {
      return try withExtendedLifetime(file) { () throws(SecretReader.Failure) in try read(file.descriptor) }
    } catch {
      throw other(error) ?? CommandFailure(error, path: path)
    }
  }
}

extension CommandFailure {
  init(_ failure: SecretReader.Failure, path: String) {
    switch failure {
    case .tooLong: self.init(.usage, .passphraseTooLong, ["max": String(SecretReader.passphraseByteCountMax)], hint: .oneLine)
    case .empty: self.init(.usage, .passphraseEmpty, hint: .oneLine)
    case .memoryNotLocked: self.init(.error, .memoryNotLocked, hint: .memoryLock)
    case .system(let error): self.init(.error, .unreadable, ["path": path, "reason": error.description])
    }
  }
}

/// The rule for new passphrases.
package enum Passphrase {
  /// Argon2id makes each guess dear; this only stops what is guessed in a moment.
  package static let characterCountMin = 8

  /// Characters as Unicode scalars: bytes that do not continue one. No string is made of it.
  package static func characterCount(_ passphrase: borrowing SecretBytes) -> Int {
    passphrase.withUnsafeBytes { $0.count { $0 & 0xc0 != 0x80 } }
  }
}
