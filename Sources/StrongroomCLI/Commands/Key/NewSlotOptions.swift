import ArgumentParser
import Glibc
import Keys
import Platform
import Sodium

/// The secret of a slot that is made.
struct NewSlotOptions: ParsableArguments {
  @Option(help: ArgumentHelp(.newPassphraseFile, value: "file")) var newPassphraseFile: String?
  @Option(help: ArgumentHelp(.newKeyFile, value: "file")) var newKeyFile: String?

  func validate() throws {
    if newPassphraseFile != nil, newKeyFile != nil {
      throw ValidationError("--new-passphrase-file and --new-key-file cannot be used together")
    }
  }

  /// Asks for the passphrase, reads the key file, or makes it where there is none yet.
  func read() throws(CommandFailure) -> NewSlotSecret {
    if let newKeyFile {
      guard !Files.exists(newKeyFile) else {
        let secret = try SecretSource.keyFile(newKeyFile).read(prompt: Message(ReportText.newPassphrase))
        return NewSlotSecret(secret: try SlotSecret(unlocking: secret), madeFile: nil)
      }
      return NewSlotSecret(secret: try Self.makeKeyFile(newKeyFile), madeFile: newKeyFile)
    }
    let source = try SecretSource.choose(
      passphraseFile: newPassphraseFile, keyFile: nil, environment: [:], hasTerminal: TerminalPrompt.isAvailable)
    let passphrase = try source.readNew(
      prompt: Message(ReportText.newPassphrase), again: Message(ReportText.newPassphraseAgain))
    return NewSlotSecret(secret: try SlotSecret(unlocking: .passphrase(passphrase)), madeFile: nil)
  }

  private static let keyFileByteCount = 64

  /// Random bytes in a new file, 0600, on disk on return.
  private static func makeKeyFile(_ path: String) throws(CommandFailure) -> SlotSecret {
    let bytes: SecretBytes
    do throws(SodiumError) { bytes = try SecretBytes.random(count: keyFileByteCount) } catch {
      throw CommandFailure(.error, .memoryNotLocked, hint: .memoryLock)
    }
    do throws(SystemError) {
      let file = try File(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
      do throws(SystemError) {
        try bytes.withUnsafeBytes { (bytes) throws(SystemError) in try file.write(bytes, at: 0) }
        try file.sync()
        try Files.syncFolder(Files.folder(of: path))
      } catch {
        try? Files.unlink(path)
        throw error
      }
    } catch {
      throw CommandFailure(.error, .fileNotMade, ["path": path, "reason": error.description])
    }
    return try SlotSecret(unlocking: .keyFile(bytes))
  }
}

/// A new slot's secret, and the key file that was made for it.
final class NewSlotSecret {
  let secret: SlotSecret
  let madeFile: String?

  init(secret: consuming SlotSecret, madeFile: String?) {
    self.secret = secret
    self.madeFile = madeFile
  }

  /// No slot was made: the file opens nothing.
  func discardFile() { if let madeFile { try? Files.unlink(madeFile) } }
}
