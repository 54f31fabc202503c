import ArgumentParser
import Keys
import Platform
import Sodium
import Vault
import VaultFormat

/// `verify VAULT`: of a vault that is not mounted.
struct VerifyCommand: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("verify", .verify) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Flag(help: ArgumentHelp(.verifyQuick)) var quick = false
  @OptionGroup var secret: SecretOptions
  @OptionGroup var global: GlobalOptions

  /// - Throws: `vault-in-use` (11) before any secret is asked for, where the vault is mounted.
  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let found = try VaultFinder(table: try context.mountTable()).find(folder: vault)
    guard found.mountpoint == nil else { throw CommandFailure(.inUse, .vaultInUse, ["path": vault], hint: .unmountFirst) }
    let slotSecret = try SlotSecret(unlocking: try secret.read(environment: context.environment))
    let root: SecretBytes
    do throws(UnlockError) {
      root = try Vault.readFile(at: vault, secret: slotSecret).takeRoot()
    } catch { throw CommandFailure(error, path: vault) }
    let display = VerifyDisplay(context.console)
    let report: VerifyReport
    do throws(UnlockError) {
      report = try VaultVerifier.verify(
        at: vault, root: root, isQuick: quick, progress: { display.show($0) }, report: { display.show($0) })
    } catch {
      display.clear()
      throw CommandFailure(error, path: vault)
    }
    display.clear()
    return display.conclude(report)
  }
}

/// Findings as they come, how far the work is, and the verdict.
final class VerifyDisplay {
  private let console: Console
  private var isProgressShown = false
  private var phase: VerifyProgress.Phase?
  private var phaseStart: Int64 = 0
  private var lastShown: Int64 = 0

  /// Between two lines of progress.
  private static let intervalNanoseconds: Int64 = 200_000_000

  init(_ console: Console) { self.console = console }

  func show(_ finding: Finding) {
    clear()
    if console.isJSON {
      var object = JSONObject()
      object.set("kind", finding.kind.rawValue)
      object.set("severity", finding.severity.rawValue)
      object.set("subject", finding.subject)
      object.set("what", finding.what)
      object.set("node", finding.node.map { "\($0)" })
      console.print(object.line)
    } else {
      // The name of a stray file can hold anything.
      let subject = Escaping.shown(finding.subject)
      let isDamage = finding.severity == .damage
      let severity = console.colour(console.text(isDamage ? .damage : .notice), isDamage ? .red : .yellow, on: .output)
      console.print("\(severity): \(finding.kind.rawValue): \(subject): \(Escaping.shown(finding.what))")
    }
  }

  /// On a terminal alone, on one line that is written over.
  func show(_ progress: VerifyProgress) {
    guard console.isErrorTerminal, !console.isQuiet, !console.isJSON else { return }
    let now = Clock.boot()
    if phase != progress.phase {
      phase = progress.phase
      phaseStart = now
    } else if now - lastShown < Self.intervalNanoseconds {
      return
    }
    lastShown = now
    isProgressShown = true
    let rate = Double(progress.doneCount) / max(Double(now - phaseStart) / 1e9, 0.001)
    func bytes(_ count: UInt64) -> String { Self.bytes(count) }
    let arguments = ["done": bytes(progress.doneCount), "total": bytes(progress.totalCount), "rate": bytes(UInt64(rate))]
    switch progress.phase {
    case .files: console.progress(console.text(.progressFiles))
    case .catalog: console.progress(console.text(.progressCatalog))
    case .tree: console.progress(console.text(.progressTree, ["done": String(progress.doneCount)]))
    case .content: console.progress(console.text(.progressContent, arguments))
    case .trail: console.progress(console.text(.progressTrail, arguments))
    }
  }

  func clear() {
    if isProgressShown { console.progress("") }
    isProgressShown = false
  }

  func conclude(_ report: VerifyReport) -> ExitCode {
    let code: ExitCode =
      report.isVaultDamaged ? .vaultDamaged : report.isTrailBroken ? .trailBroken : report.noticeCount > 0 ? .findings : .done
    console.note(
      Message(
        VaultText.verifyFound,
        [
          "rows": String(report.rowCount), "documents": String(report.documentCount), "blobs": String(report.blobCount),
          "bytes": Self.bytes(report.byteCount), "frames": String(report.trailFrameCount),
        ]))
    switch code {
    case .vaultDamaged: console.note(Message(VaultText.verifyDamaged, ["damages": String(report.damageCount)]))
    case .trailBroken: console.note(Message(VaultText.verifyTrailBroken))
    case .findings: console.note(Message(VaultText.verifyNotices, ["notices": String(report.noticeCount)]))
    default: console.note(Message(VaultText.verifyWhole))
    }
    return code
  }

  /// Rounded, for people: `12.3 MiB`.
  static func bytes(_ count: UInt64) -> String {
    var value = Double(count)
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
      if value < 1024 || unit == "TiB" {
        let tenths = Int(value * 10)
        return unit == "B" || tenths >= 1000 ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
      }
      value /= 1024
    }
    return "\(count) B"
  }
}
