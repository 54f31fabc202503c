import ArgumentParser
import Control
import Keys
import Sodium
import Vault
import VaultFormat

/// `verify VAULT`: a mounted vault by its mount, any other here.
struct VerifyCommand: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("verify", .verify) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Flag(help: ArgumentHelp(.verifyQuick)) var quick = false
  @Flag(help: ArgumentHelp(.verifyResume)) var resume = false
  @OptionGroup var secret: SecretOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    if quick, resume { throw ValidationError("--quick and --resume cannot be used together") }
  }

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let found = try VaultFinder(table: try context.mountTable()).find(folder: vault)
    let display = VerifyDisplay(context.console)
    defer { display.clear() }
    let report = found.mountpoint == nil ? try verify(context, display) : try askMount(found, context, display)
    display.clear()
    return display.conclude(report)
  }

  private func verify(_ context: CommandContext, _ display: VerifyDisplay) throws(CommandFailure) -> VerifyReport {
    try context.secure()
    let slotSecret = try SlotSecret(unlocking: try secret.read(environment: context.environment))
    do throws(UnlockError) {
      let root = try Vault.readFile(at: vault, secret: slotSecret).takeRoot()
      return try VaultVerifier.verify(
        at: vault, root: root, isQuick: quick, isResuming: resume, progress: { display.show($0) },
        report: { display.show(FindingReport($0)) })
    } catch { throw CommandFailure(error, path: vault) }
  }

  /// No secret is needed: the mount has the key, and judges who asks.
  private func askMount(
    _ found: FoundVault, _ context: CommandContext, _ display: VerifyDisplay
  ) throws(CommandFailure) -> VerifyReport {
    var report: VerifyReport?
    try context.connect(found).ask(.verify(VerifyRequest(isQuick: quick, isResuming: resume))) { response in
      switch response {
      case .findings(let findings): for finding in findings { display.show(finding) }
      case .verifyProgress(let progress): display.show(progress.progress)
      case .verified(let verified): report = verified
      default: break
      }
    }
    guard let report else { throw CommandFailure(.error, .answerMalformed, hint: .sameVersion) }
    return report
  }
}
