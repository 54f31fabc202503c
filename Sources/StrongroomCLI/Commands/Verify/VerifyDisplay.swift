import Control
import Platform
import Vault
import VaultFormat

/// Findings as they come, how far the work is, and the verdict.
final class VerifyDisplay {
  private let console: Console
  private var isProgressShown = false
  private var rate = VerifyRate()
  private var lastShown: Int64 = 0

  /// Between two lines of progress.
  private static let intervalNanoseconds: Int64 = 200_000_000

  init(_ console: Console) { self.console = console }

  /// One line: by path where the mount told one, by id otherwise.
  func show(_ finding: FindingReport) {
    clear()
    let what = Message(finding.fault, finding.arguments)
    if console.isJSON {
      var object = JSONObject()
      object.set("kind", finding.kind.rawValue)
      object.set("severity", finding.severity.rawValue)
      object.set("subject", finding.subject)
      object.set("fault", finding.fault.rawValue)
      object.set("what", what.text(in: .english))
      object.set("node", finding.node.map { String($0) })
      object.set("path", finding.path?.text)
      console.print(object.line)
      return
    }
    let isDamage = finding.severity == .damage
    let severity = console.colour(console.text(isDamage ? .damage : .notice), isDamage ? .red : .yellow, on: .output)
    // The name of a stray file can hold anything.
    var line = "\(severity): \(finding.kind.rawValue): \(Escaping.shown(finding.subject)): "
    line += what.text(in: console.language)
    if let path = finding.path { line += " [\(Escaping.shown(path.text))]" }
    console.print(line)
  }

  /// On a terminal alone, on one line that is written over.
  func show(_ progress: VerifyProgress) {
    guard console.isErrorTerminal, !console.isQuiet, !console.isJSON else { return }
    let now = Clock.boot()
    let isNewPhase = rate.note(progress, at: now)
    guard isNewPhase || now - lastShown >= Self.intervalNanoseconds else { return }
    lastShown = now
    isProgressShown = true
    console.progress(text(progress, at: now))
  }

  private func text(_ progress: VerifyProgress, at now: Int64) -> String {
    let perSecond = UInt64(rate.perSecond(at: now))
    func amounts(_ amount: (UInt64) -> String) -> [String: String] {
      ["done": amount(progress.doneCount), "total": amount(progress.totalCount), "rate": amount(perSecond)]
    }
    let text =
      switch progress.phase {
      case .files: console.text(.progressFiles)
      case .catalog: console.text(.progressCatalog)
      case .tree: console.text(.progressTree, amounts { String($0) })
      case .content: console.text(.progressContent, amounts(Self.bytes))
      case .packs: console.text(.progressPacks, amounts(Self.bytes))
      case .trail: console.text(.progressTrail, amounts(Self.bytes))
      }
    guard let left = rate.secondsLeft(at: now) else { return text }
    return console.text(.progressLeft, ["progress": text, "left": Self.duration(left)])
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
    if let since = report.resumedFrom {
      let arguments = [
        "bytes": Self.bytes(report.resumedByteCount), "since": TimeText.shown(WallTime(nanoseconds: since)),
      ]
      console.note(Message(VaultText.verifyResumed, arguments))
    }
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

  /// `0:07`, `12:30`, `3:05:00`.
  static func duration(_ seconds: UInt64) -> String {
    func two(_ value: UInt64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let hours = seconds / 3600
    let rest = two(seconds % 60)
    return hours > 0 ? "\(hours):\(two(seconds / 60 % 60)):\(rest)" : "\(seconds / 60):\(rest)"
  }
}

/// How fast a phase goes, from its first number on: what an earlier run had done counts for nothing.
struct VerifyRate {
  private var phase: VerifyProgress.Phase?
  private var start: Int64 = 0
  private var first: UInt64 = 0
  private var latest: VerifyProgress?

  /// Returns whether a phase begins.
  mutating func note(_ progress: VerifyProgress, at now: Int64) -> Bool {
    latest = progress
    guard phase != progress.phase else { return false }
    phase = progress.phase
    start = now
    first = progress.doneCount
    return true
  }

  func perSecond(at now: Int64) -> Double {
    guard let latest, latest.doneCount > first else { return 0 }
    return Double(latest.doneCount - first) / max(Double(now - start) / 1e9, 0.001)
  }

  /// Nil where the total is not known, or nothing was done yet.
  func secondsLeft(at now: Int64) -> UInt64? {
    let rate = perSecond(at: now)
    guard let latest, latest.totalCount >= latest.doneCount, latest.totalCount > 0, rate > 0, now - start > 1_000_000_000 else {
      return nil
    }
    return UInt64(min(Double(latest.totalCount - latest.doneCount) / rate, 1e9))
  }
}
