import ArgumentParser
import Control
import Glibc
import Platform
import Sodium
import Trail
import VaultFormat

/// `reviewer keygen -o FILE`: a new identity, and its public key beside it. Neither file may exist.
struct ReviewerKeygen: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("keygen", .reviewerKeygen) }

  @Option(name: [.customShort("o"), .customLong("output")], help: ArgumentHelp(.identityOutput, value: "file")) var output: String
  @Option(help: ArgumentHelp(.identityLabel, value: "text")) var label: String?
  @OptionGroup var secret: NewSecretOptions
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let label = label?.trimmingWhitespace ?? Self.name(of: output)
    guard ReviewerKey.isLabel(label) else { throw CommandFailure(.usage, .badLabel, ["value": label], hint: .label) }
    // Before a passphrase is asked for; the files are made with O_EXCL all the same.
    for path in [output, output + ".pub"] where Files.exists(path) { throw CommandFailure(.error, .fileExists, ["path": path]) }
    let passphrase = try secret.read()
    let identity: ReviewerIdentity
    do throws(ReviewerError) {
      identity = try ReviewerIdentity.make(label: label)
      try identity.save(to: output, passphrase: passphrase)
    } catch {
      switch error {
      case .file(EEXIST): throw CommandFailure(.error, .fileExists, ["path": output])
      case .file(let code):
        throw CommandFailure(.error, .fileNotMade, ["path": output, "reason": String(cString: strerror(code))])
      default: throw CommandFailure(error, path: output)
      }
    }
    show(identity.key, on: context.console)
    return .done
  }

  private func show(_ key: ReviewerKey, on console: Console) {
    if console.isJSON {
      console.print(
        json: ReviewerReport(
          label: key.label, publicKey: Hex.encode(key.publicKey), fingerprint: TrailReviewers.fingerprint(of: key.publicKey)))
    } else {
      console.print(key.encode().trimmingWhitespace)
    }
    console.note(Message(LogText.keygenPublicKey, ["path": output]))
    console.note(Message(LogText.keygenAdvice))
  }

  /// The file's name without its folder and ending.
  private static func name(of path: String) -> String {
    let name = path.split(separator: "/").last.map { String($0) } ?? path
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }
}
