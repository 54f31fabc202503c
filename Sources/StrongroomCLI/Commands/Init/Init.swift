import Access
import ArgumentParser
import Keys
import Platform
import Sodium
import Trail
import Vault
import VaultFormat

/// `init VAULT --reviewer KEY… --admin user:NAME`: makes a vault, and prints the genesis key of its trail, once.
struct InitCommand: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("init", .create) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Option(name: .customLong("reviewer"), help: ArgumentHelp(.reviewerKeys, value: "file")) var reviewers: [String] = []
  @Option(help: ArgumentHelp(.admin, value: "principal")) var admin: String
  @OptionGroup var secret: NewSecretOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard !reviewers.isEmpty else { throw ValidationError("Missing expected argument '--reviewer <file>'") }
  }

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let path = PathBytes.text(PathBytes.absolute(vault))
    let keys = try readReviewers()
    let administrator: Principal
    do throws(IdentityError) {
      administrator = try Identities().principal(named: admin)
    } catch {
      if error == .badSyntax { throw CommandFailure(.usage, .badPrincipal, ["value": admin]) }
      throw CommandFailure(.error, .unknownPrincipal, ["principal": admin], hint: .checkName)
    }
    let typed = try secret.read()
    let passphrase: SlotSecret
    do throws(KeysError) { passphrase = try SlotSecret(.passphrase, typed) } catch {
      throw CommandFailure(.usage, .passphraseTooLong, ["max": String(SlotSecret.passphraseByteCountMax)])
    }
    let made: (id: VaultID, genesis: [UInt8])
    do throws(UnlockError) {
      made = try Vault.create(
        at: path, Vault.NewVault(reviewers: keys, administrators: [administrator], slotLabel: "init"), secret: passphrase)
    } catch { throw CommandFailure(error, path: path) }
    show(made, path, on: context.console)
    return .done
  }

  private func readReviewers() throws(CommandFailure) -> [Reviewer] {
    var keys: [Reviewer] = []
    for file in reviewers {
      let key: ReviewerKey
      do throws(ReviewerError) { key = try ReviewerIdentity.readPublicKey(file) } catch {
        throw CommandFailure(error, path: file)
      }
      guard !keys.contains(where: { $0.publicKey == key.publicKey }) else { throw CommandFailure(.usage, .reviewerExists) }
      keys.append(Reviewer(publicKey: key.publicKey, label: key.label, added: Clock.wall() / 1_000_000_000))
    }
    return keys
  }

  private struct Made: Encodable {
    let vault: String
    let path: String
    let genesis: String
  }

  private func show(_ made: (id: VaultID, genesis: [UInt8]), _ path: String, on console: Console) {
    let genesis = Hex.encode(made.genesis)
    if console.isJSON { return console.print(json: Made(vault: made.id.description, path: path, genesis: genesis)) }
    console.print(Message(ReportText.vaultMade, ["vault": made.id.description, "path": path]).text(in: .current))
    console.print(Message(ReportText.genesisKey, ["genesis": genesis]).text(in: .current))
    console.note(Message(ReportText.genesisAdvice))
  }
}
