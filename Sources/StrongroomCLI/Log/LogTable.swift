import Control
import VaultFormat

/// Records and folded lines as a table for people.
final class LogTable {
  private let console: Console
  private var table: StreamingTable

  init(_ console: Console) {
    self.console = console
    table = StreamingTable([
      (console.text(.columnTime), .left), (console.text(.columnRecord), .right), (console.text(.columnUser), .left),
      (console.text(.columnAction), .left), (console.text(.columnOutcome), .left), (console.text(.columnCoverage), .left),
      (console.text(.columnBy), .left), (console.text(.columnProgram), .left), (console.text(.columnPlace), .left),
    ]) { line, isTitle in console.print(isTitle ? console.colour(line, .bold, on: .output) : line) }
  }

  func add(_ row: LogRow) {
    let record = row.entry.record
    table.add([
      TimeText.shown(LogWords.moment(record.wall)), "#\(row.entry.sequence)", console.who(record.actor), action(row),
      outcome(record), coverage(row), record.decision.map { console.reason($0) } ?? "-", program(record.actor), place(row),
    ])
  }

  func flush() { table.flush() }

  private func action(_ row: LogRow) -> String {
    if let session = row.session { return session.action }
    let record = row.entry.record
    guard record.action == .deny, let operation = row.entry.detail("operation") else { return record.action.name }
    return "\(record.action.name) \(Escaping.shown(operation))"
  }

  private func outcome(_ record: Record) -> String {
    switch record.outcome {
    case .done: console.text(.outcomeDone)
    case .refused: console.text(.outcomeRefused, ["errno": LogWords.errno(record.errno)])
    case .failed: console.text(.outcomeFailed, ["errno": LogWords.errno(record.errno)])
    }
  }

  private func program(_ actor: Record.Actor?) -> String {
    guard let program = actor?.program else { return "-" }
    return Escaping.shown(LogWords.programName(program))
  }

  /// `4096/123456 3%`; of a single READ or WRITE its range.
  private func coverage(_ row: LogRow) -> String {
    let record = row.entry.record
    guard let session = row.session else {
      guard let range = record.range else { return record.count.map { "×\($0)" } ?? "-" }
      return "@\(range.offset)+\(range.returned)" + (range.returned == range.asked ? "" : "/\(range.asked)")
    }
    var parts: [String] = []
    if session.readCount > 0 {
      let sign = session.isLowerBound ? "≥" : ""
      if let size = record.object?.size {
        parts.append("\(sign)\(session.distinctByteCount)/\(size) \(sign)\(LogRow.percent(session.distinctByteCount, of: size))%")
      } else {
        parts.append("\(sign)\(session.distinctByteCount)")
      }
    }
    if session.writeCount > 0 { parts.append(console.text(.written, ["bytes": String(session.writtenByteCount)])) }
    return parts.isEmpty ? "-" : parts.joined(separator: " ")
  }

  /// The path, and in brackets what else the record says.
  private func place(_ row: LogRow) -> String {
    let record = row.entry.record
    var text =
      record.object.map { $0.path.isEmpty ? console.text(.node, ["node": $0.node.description]) : Escaping.shown($0.path) } ?? "-"
    if let target = record.target { text += " → " + Escaping.shown(target.path) }
    var notes: [String] = []
    if let opener = record.opener { notes.append(console.text(.openedBy, ["user": console.who(opener)])) }
    if let session = row.session {
      if session.pagesCount > 0 { notes.append(console.text(.throughPages)) }
      if !session.isReleased { notes.append(console.text(.notReleased)) }
    } else {
      if record.count != nil, record.range == nil, record.action == .list {
        notes.append(console.text(.shownCount, ["count": String(record.count!)]))
      }
    }
    let said: Set<String> = row.session == nil ? ["operation"] : ["operation", "mode", "restated"]
    for detail in record.details where !said.contains(detail.key) {
      notes.append("\(Escaping.shown(detail.key))=\(Escaping.shown(detail.value))")
    }
    return notes.isEmpty ? text : text + " (" + notes.joined(separator: ", ") + ")"
  }
}

extension Console {
  /// The name, or the number where the system knew none; what the program itself did is its own.
  func who(_ actor: Record.Actor?) -> String {
    guard let actor else { return "-" }
    return actor.name.isEmpty ? "#\(actor.uid)" : Escaping.shown(actor.name)
  }

  func reason(_ decision: Record.Decision) -> String {
    switch decision {
    case .grant(let id): text(.byGrant, ["id": id.description])
    case .missing(let rights): text(.byMissing, ["rights": rights.names])
    case .barrier(let id): text(.byBarrier, ["id": id.description])
    case .creator(let id): text(.byCreator, ["id": id.description])
    case .identityUnknown: text(.byIdentityUnknown)
    case .foreignHandle: text(.byForeignHandle)
    case .neverAllowed: text(.byNeverAllowed)
    case .open: text(.byOpen)
    }
  }

  func text(_ text: LogText, _ arguments: [String: String] = [:]) -> String { Message(text, arguments).text(in: language) }
}
