import Control
import VaultFormat

/// One value of an answer: shown in a table, or written as JSON or CSV.
enum LogCell {
  case none
  case text(String)
  case path([UInt8])
  case number(UInt64)
  case time(Int64)
  case list([String])
  /// So much of so much was read.
  case coverage(UInt64, of: UInt64)

  var shown: String {
    switch self {
    case .none: "-"
    case .text(let text): text.isEmpty ? "-" : Escaping.shown(text)
    case .path(let path): Escaping.shown(path)
    case .number(let number): String(number)
    case .time(let wall): TimeText.shown(LogWords.moment(wall))
    case .list(let words): words.isEmpty ? "-" : words.map { Escaping.shown($0) }.joined(separator: ", ")
    case .coverage(let distinct, let size): "\(LogRow.percent(distinct, of: size))%"
    }
  }

  var json: JSONValue? {
    switch self {
    case .none: nil
    case .text(let text): .string(text)
    case .path(let path): .string(LogWords.path(path))
    case .number(let number): .unsigned(number)
    case .time(let wall): .string(LogWords.time(wall))
    case .list(let words): .array(words.map { .string($0) })
    case .coverage(let distinct, let size): .unsigned(LogRow.percent(distinct, of: size))
    }
  }

  var csv: String {
    switch self {
    case .none: ""
    case .time(let wall): LogWords.time(wall)
    case .coverage(let distinct, let size): String(LogRow.percent(distinct, of: size))
    case .list(let words): words.map { Escaping.shown($0) }.joined(separator: "; ")
    case .text, .path, .number: shown == "-" ? "" : shown
    }
  }
}

/// The rows of a ready question, in the style that was asked for.
struct LogAnswer {
  /// A column: its name for programs, never changed, and its title for people.
  struct Column {
    let field: String
    let title: LogText
    var alignment = TextTable.Alignment.left

    init(_ field: String, _ title: LogText, _ alignment: TextTable.Alignment = .left) {
      self.field = field
      self.title = title
      self.alignment = alignment
    }
  }

  private let console: Console
  private let columns: [Column]
  private let isCSV: Bool
  private var table: StreamingTable
  private var isEmpty = true

  init(_ console: Console, csv: Bool, _ columns: [Column]) {
    self.console = console
    self.columns = columns
    isCSV = csv
    table = StreamingTable(columns.map { (console.text($0.title), $0.alignment) }) { line, isTitle in
      console.print(isTitle ? console.colour(line, .bold, on: .output) : line)
    }
    if csv { console.print(CSV.line(columns.map(\.field)) + "\r") }
  }

  mutating func add(_ cells: [LogCell]) {
    precondition(cells.count == columns.count)
    isEmpty = false
    if console.isJSON {
      var object = JSONObject()
      for (column, cell) in zip(columns, cells) { if let value = cell.json { object.set(column.field, value: value) } }
      console.print(object.line)
    } else if isCSV {
      console.print(CSV.line(cells.map(\.csv)) + "\r")
    } else {
      table.add(cells.map(\.shown))
    }
  }

  mutating func finish() {
    table.flush()
    if isEmpty, !isCSV { console.note(Message(LogText.nothing)) }
  }
}

/// How much one user, or one document, was used; added up record by record.
struct LogUse {
  var user = ""
  var uid: UInt32?
  var path: [UInt8] = []
  var first = Int64.max
  var last = Int64.min
  /// The number of the first record: what falls into one instant is told in this order.
  var firstSequence = UInt64.max
  var openCount: UInt64 = 0
  var readCount: UInt64 = 0
  var readByteCount: UInt64 = 0
  var writtenByteCount: UInt64 = 0
  /// Of a user: what others read and wrote through their handles.
  var othersByteCount: UInt64 = 0
  var denialCount: UInt64 = 0
  var recordCount: UInt64 = 0
  var actions: Set<Record.Action> = []
  var reasons: Set<String> = []
  /// Of a document: the most different bytes that were read through one handle, and its size then.
  var distinctByteCount: UInt64 = 0
  var size: UInt64?

  mutating func add(_ entry: LogEntry) {
    let record = entry.record
    first = min(first, record.wall)
    last = max(last, record.wall)
    firstSequence = min(firstSequence, entry.sequence)
    recordCount += 1
    actions.insert(record.action)
    if record.outcome == .refused { denialCount.addSaturating(record.count ?? 1) }
    if let actor = record.actor {
      uid = actor.uid
      if !actor.name.isEmpty { user = actor.name }
    }
    if let decision = record.decision { reasons.insert(LogWords.reason(decision)) }
    guard record.outcome == .done else { return }
    switch record.action {
    case .open: openCount += 1
    case .read, .pages:
      readCount += 1
      readByteCount.addSaturating(record.range?.returned ?? 0)
    case .write: writtenByteCount.addSaturating(record.range?.returned ?? 0)
    default: break
    }
  }

  /// What somebody else did through a handle of the user: counted apart, and nothing that the user did.
  mutating func add(byOther entry: LogEntry) {
    let record = entry.record
    first = min(first, record.wall)
    last = max(last, record.wall)
    firstSequence = min(firstSequence, entry.sequence)
    recordCount += 1
    guard record.outcome == .done, [.read, .pages, .write].contains(record.action) else { return }
    othersByteCount.addSaturating(record.range?.returned ?? 0)
  }

  var userCell: LogCell { .text(user.isEmpty ? uid.map { "#\($0)" } ?? "" : user) }
  var uidCell: LogCell { uid.map { .number(UInt64($0)) } ?? .none }
  var sortedReasons: LogCell { .list(reasons.sorted()) }
}
