import ArgumentParser
import Control
import Trail
import VaultFormat

/// `log verify-pack FILE`: checks an evidence pack by itself, and prints its records anew.
struct LogVerifyPack: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("verify-pack", .logVerifyPack) }

  @Argument(help: ArgumentHelp(.packFile)) var pack: String
  @Option(help: ArgumentHelp(.genesis, value: "key")) var genesis: String?
  @Option(help: ArgumentHelp(.signer, value: "key")) var signer: String?
  @Option(help: ArgumentHelp(.anchor, value: "file")) var anchor: String?
  @Option(help: ArgumentHelp(.identity, value: "file")) var identity: String?
  @Option(help: ArgumentHelp(.identityPassphraseFile, value: "file")) var identityPassphraseFile: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var verifier = EvidenceVerifier(pack)
    verifier.genesis = try key(genesis, .badGenesis, .genesis)
    verifier.signer = try key(signer, .badSigner, .signer)
    verifier.anchorPath = anchor
    if let identity { verifier.identity = try IdentityFileReader.open(identity, passphraseFile: identityPassphraseFile) }
    let report: EvidenceReport
    do throws(TrailError) { report = try verifier.verify(text: EvidenceText.text) } catch {
      switch error {
      case .unreadable(let reason), .cannotWrite(let reason):
        throw CommandFailure(.error, .unreadable, ["path": pack, "reason": reason])
      default: throw CommandFailure(error, trail: pack)
      }
    }
    if case .broken(let what) = report.verdict { throw CommandFailure(.trailBroken, .packBroken, ["what": what]) }
    let console = context.console
    if console.isJSON { showJSON(report, on: console) } else { show(report, on: console) }
    if case .consistent = report.verdict { return .findings }
    return .done
  }

  private func key(_ text: String?, _ error: ErrorText, _ hint: HintText) throws(CommandFailure) -> [UInt8]? {
    guard let text else { return nil }
    guard let key = Hex.decode(text), key.count == 32 else {
      throw CommandFailure(.usage, error, ["value": text], hint: hint)
    }
    return key
  }

  private func entries(_ report: EvidenceReport) -> [LogEntry] {
    var handles = HandleTable()
    var segment: UInt64 = 0
    return report.records.map { record in
      if record.segment != segment { handles = HandleTable() }
      segment = record.segment
      return handles.complete(segment: record.segment, sequence: record.sequence, record.record)
    }
  }

  private func show(_ report: EvidenceReport, on console: Console) {
    guard let manifest = report.manifest else { return }
    // It was compared with the records just now.
    for line in EvidenceText.text(manifest, report.records).split(separator: "\n", omittingEmptySubsequences: false) {
      console.print(String(line))
    }
    console.print(
      console.text(
        .packChecked,
        [
          "frames": String(report.frameCount), "segments": String(report.segmentCount),
          "checkpoints": String(report.checkpointCount),
          "last": report.lastCheckpoint.map { "#\($0.sequence) \(LogWords.time($0.wall))" } ?? "-",
        ]))
    if genesis == nil, let key = report.firstPublicKey {
      console.print(console.text(.verifyOriginClaimed, ["key": Hex.encode(key)]))
    }
    let content: LogText =
      switch report.content {
      case .attested: .packAttested
      case .keysInPack: .packKeysInPack
      case .identity: .packIdentity
      }
    console.print(console.text(content, ["label": manifest.reviewer.label]))
    if case .consistent(let findings) = report.verdict {
      for finding in findings { console.print(console.colour("- " + text(finding, console), .yellow, on: .output)) }
      console.print(console.colour(console.text(.packConsistent), .yellow, on: .output))
    } else {
      console.print(console.colour(console.text(.packWhole), .green, on: .output))
    }
  }

  private func text(_ finding: EvidenceReport.Finding, _ console: Console) -> String {
    switch finding {
    case .originNotEstablished: console.text(.findingOrigin)
    case .signerNotEstablished: console.text(.findingSigner)
    case .sealedToOthers(let segments): console.text(.findingOthers, ["segments": LogReading.ranges(segments)])
    }
  }

  private func showJSON(_ report: EvidenceReport, on console: Console) {
    for (entry, record) in zip(entries(report), report.records) where !record.isContext { console.print(RecordJSON.line(entry)) }
    var inner = JSONObject()
    if let manifest = report.manifest {
      inner.set("case", manifest.matter)
      inner.set("vault", manifest.vault.description)
      inner.set("made", LogWords.time(manifest.made))
      inner.set("reviewer", manifest.reviewer.label)
      inner.set("signer", Hex.encode(manifest.signer))
      inner.set("records", manifest.chosenCount)
    }
    inner.set("genesis", report.firstPublicKey.map { Hex.encode($0) })
    inner.set("checkpoints", report.checkpointCount)
    inner.set("anchors", report.anchorCount)
    inner.set("content", report.content.word)
    var findings: [String] = []
    if case .consistent(let found) = report.verdict { findings = found.map(\.word) }
    inner.set("verdict", findings.isEmpty ? "whole" : "consistent")
    if !findings.isEmpty { inner.set("findings", findings) }
    var object = JSONObject()
    object.set("pack", inner)
    console.print(object.line)
  }
}

extension EvidenceReport.Finding {
  /// For programs; never changed.
  fileprivate var word: String {
    switch self {
    case .originNotEstablished: "origin-not-established"
    case .signerNotEstablished: "signer-not-established"
    case .sealedToOthers: "sealed-to-others"
    }
  }
}

extension EvidenceReport.Content {
  fileprivate var word: String {
    switch self {
    case .attested: "attested"
    case .keysInPack: "keys-in-pack"
    case .identity: "identity"
    }
  }
}
