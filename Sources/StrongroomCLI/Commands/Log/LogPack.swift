import ArgumentParser
import Control
import Glibc
import Trail
import VaultFormat

/// `log pack TRAIL --case TEXT … -o FILE`: the records that match, as an evidence pack.
struct LogPack: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("pack", .logPack) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @Option(name: .customLong("case"), help: ArgumentHelp(.packCase, value: "text")) var matter: String
  @Option(name: [.customShort("o"), .customLong("output")], help: ArgumentHelp(.packOutput, value: "file")) var output: String
  @Flag(help: ArgumentHelp(.openSegments)) var openSegments = false
  @OptionGroup var identity: IdentityOptions
  @OptionGroup var filter: LogFilterOptions
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    guard EvidenceManifest.isText(matter) else { throw CommandFailure(.usage, .badCase, ["value": matter]) }
    let filter = try filter.filter(try context.mountTable())
    var words = filter.described
    words["case"] = matter
    let reading = try LogReading.open(trail, identity, command: "pack", filters: words, in: context)
    let signed = try verified(reading)
    var choice = EvidenceChoice(signedThrough: signed)
    let tally = try reading.walk(filter) { step, isMatch in choice.take(step, isMatch: isMatch) }
    if let broken = tally.broken { throw broken }
    guard !choice.isFull else {
      throw CommandFailure(.error, .packTooLarge, ["limit": String(EvidenceLimits.recordCountMax)], hint: .narrowFilter)
    }
    guard !choice.choices.isEmpty else { throw CommandFailure(.error, .nothingToPack) }
    let manifest = try make(reading, choice, filter)
    tell(manifest, choice, in: context)
    return choice.unsignedCount == 0 && tally.sealedToOthers.isEmpty ? .done : .findings
  }

  /// A trail that is broken makes no evidence. Returns the last frame that is signed.
  private func verified(_ reading: LogReading) throws(CommandFailure) -> UInt64 {
    let progress = LogProgress(reading.context.console)
    defer { progress.clear() }
    var verifier = TrailVerifier(reading.place.folder)
    verifier.progress = { progress.show($0, of: $1) }
    do throws(TrailError) {
      let report = try verifier.verify()
      if case .broken(let place) = report.verdict { throw .damaged(place.description) }
      return report.signedPoint?.sequence ?? 0
    } catch { throw CommandFailure(error, trail: trail) }
  }

  private func make(
    _ reading: LogReading, _ choice: EvidenceChoice, _ filter: LogFilter
  ) throws(CommandFailure) -> EvidenceManifest {
    let filters = filter.described.sorted { $0.key < $1.key }.compactMap {
      EvidenceManifest.Filter(name: $0.key, shown: $0.value)
    }
    let order = EvidenceMaker.Order(
      matter: matter, made: WallTime.now().nanoseconds, filters: filters, isOpened: openSegments)
    do throws(TrailError) {
      return try EvidenceMaker(reading.place.folder, identity: reading.identity)
        .make(output, choice.choices, order, text: EvidenceText.text)
    } catch {
      switch error {
      case .alreadyExists: throw CommandFailure(.error, .fileExists, ["path": output])
      case .cannotWrite(let reason): throw CommandFailure(.error, .fileNotMade, ["path": output, "reason": reason])
      default: throw CommandFailure(error, trail: trail)
      }
    }
  }

  private func tell(_ manifest: EvidenceManifest, _ choice: EvidenceChoice, in context: CommandContext) {
    let console = context.console
    if console.isJSON {
      var object = JSONObject()
      object.set("file", output)
      object.set("records", manifest.chosenCount)
      object.set("context", manifest.contextCount)
      object.set("checkpoints", manifest.checkpointCount)
      object.set("signer", Hex.encode(manifest.signer))
      object.set("unsigned", choice.unsignedCount)
      console.print(object.line)
    } else {
      console.print(
        console.text(
          .packMade,
          ["path": output, "records": String(manifest.chosenCount), "context": String(manifest.contextCount)]))
      console.print(console.text(.packSigner, ["key": Hex.encode(manifest.signer)]))
    }
    if choice.unsignedCount > 0 { console.warn(Message(LogText.packUnsigned, ["count": String(choice.unsignedCount)])) }
    if openSegments { console.warn(Message(LogText.packOpened)) }
  }
}

extension EvidenceManifest.Filter {
  private static let shownByteCountMax = 1_000

  /// A value as a manifest can hold it: escaped, the joiners as well, and cut where it is long. Nil for an empty one.
  init?(name: String, shown value: String) {
    var text = ""
    for scalar in Escaping.shown(value).unicodeScalars {
      let isFormat = scalar.properties.generalCategory == .format
      let next = isFormat ? "\\u{\(String(scalar.value, radix: 16, uppercase: true))}" : String(scalar)
      guard text.utf8.count + next.utf8.count <= Self.shownByteCountMax else {
        text += "…"
        break
      }
      text += next
    }
    guard !text.isEmpty else { return nil }
    self.init(name: name, value: text)
  }
}

/// Gathers the records that match, and of each handle the OPEN that says who and what.
struct EvidenceChoice {
  private(set) var choices: [EvidenceMaker.Choice] = []
  /// Records that match and that no checkpoint covers yet.
  private(set) var unsignedCount: UInt64 = 0
  private(set) var isFull = false
  private let signedThrough: UInt64
  private var segment: UInt64 = 0
  /// Of this segment's handles, the place of their OPEN among its frames, and those taken already.
  private var opens: [HandleID: UInt64] = [:]
  private var taken: [UInt64: Int] = [:]
  private var first = 0

  init(signedThrough: UInt64) { self.signedThrough = signedThrough }

  /// Returns whether more may come.
  mutating func take(_ step: borrowing LogStep, isMatch: Bool) -> Bool {
    let sequence = step.raw.sequence
    let handle = step.raw.record.handle
    if step.raw.segment != segment { endSegment(step.raw.segment) }
    if step.raw.record.action == .open, let handle { opens[handle] = sequence }
    guard isMatch, !step.isRestated else { return true }
    guard sequence <= signedThrough else {
      unsignedCount += 1
      return true
    }
    if let handle, let open = opens[handle], open != sequence { add(open, isContext: true) }
    add(sequence, isContext: false)
    isFull = choices.count > EvidenceLimits.recordCountMax
    return !isFull
  }

  private mutating func add(_ sequence: UInt64, isContext: Bool) {
    if let index = taken[sequence] {
      if !isContext { choices[index].isContext = false }
      return
    }
    taken[sequence] = choices.count
    choices.append(EvidenceMaker.Choice(segment: segment, sequence: sequence, isContext: isContext))
    // An OPEN comes to those that were taken before it was needed.
    var index = choices.count - 1
    while index > first, choices[index - 1].sequence > choices[index].sequence {
      choices.swapAt(index - 1, index)
      taken[choices[index].sequence] = index
      taken[choices[index - 1].sequence] = index - 1
      index -= 1
    }
  }

  private mutating func endSegment(_ next: UInt64) {
    segment = next
    opens.removeAll(keepingCapacity: true)
    taken.removeAll(keepingCapacity: true)
    first = choices.count
  }
}
