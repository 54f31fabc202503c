import TrailMaking
import VaultFormat

/// What the office does over the days of a trail: bursts of records by day, an indexer by night, nearly nothing else. Or, busy, one working day's bursts
/// without a pause.
final class Year {
  private let office: Office
  private var numbers: SeededNumbers
  private var nextHandle: UInt64 = 1
  private var nextRule: UInt64 = 1_000
  /// Opened and not yet released, as programs keep documents open for a while.
  private var open: [(record: Record, read: UInt64, distinct: UInt64)] = []
  private static let openCountMax = 200
  private static let hour: Int64 = 3_600_000_000_000
  private static let chunk: UInt64 = 128 << 10

  init(_ office: Office, seed: UInt64) {
    self.office = office
    numbers = SeededNumbers(seed: seed)
  }

  var openHandles: [Record] { open.map(\.record) }

  /// Appends `count` records over so many days, then lets go of what is open.
  func fill(_ maker: TrailMaker, records count: UInt64, days: Int) throws {
    let begin = maker.wall
    let weights = (0..<days * 24).map { Self.weight(ofHour: $0) }
    let total = weights.reduce(0, +)
    var sum = 0.0
    for hour in weights.indices {
      sum += weights[hour]
      let start = begin + Int64(hour) * Self.hour
      try fill(maker, through: UInt64(Double(count) * sum / total), from: start, lasting: Self.hour, isNight: hour % 24 < 6)
      try maker.advance(to: start + Self.hour)
    }
    while !open.isEmpty { try release(0, maker) }
  }

  /// Appends `count` records, so many a second, by all that people do by day; then lets go of what is open.
  func fill(_ maker: TrailMaker, records count: UInt64, perSecond rate: UInt64) throws {
    let begin = maker.wall
    let second: Int64 = 1_000_000_000
    var seconds: Int64 = 0
    while maker.figures.records < count {
      let target = min(count, UInt64(seconds + 1) * rate)
      try fill(maker, through: target, from: begin + seconds * second, lasting: second, isNight: false)
      seconds += 1
      try maker.advance(to: begin + seconds * second)
    }
    while !open.isEmpty { try release(0, maker) }
  }

  /// Day 0 is a Monday. A third of everything is the indexer's, at two in the night.
  private static func weight(ofHour hour: Int) -> Double {
    let (day, time) = (hour / 24 % 7, hour % 24)
    if time == 2 { return 5 }
    return day < 5 && time >= 8 && time < 19 ? 1.2 : 0.01
  }

  private func fill(
    _ maker: TrailMaker, through target: UInt64, from start: Int64, lasting duration: Int64, isNight: Bool
  ) throws {
    guard target > maker.figures.records else { return }
    let burstCount = max(1, (target - maker.figures.records) / 10)
    let step = duration / Int64(burstCount)
    var index: Int64 = 0
    while maker.figures.records < target {
      // More bursts than planned share the end.
      let due = start + min(index, Int64(burstCount) - 1) * step + Int64(numbers.below(Int(step)))
      try maker.advance(to: min(due, start + duration - 1))
      if isNight { try readDocument(office.indexer, maker) } else { try burst(maker) }
      index += 1
    }
  }

  private func burst(_ maker: TrailMaker) throws {
    let user = office.users[numbers.below(office.users.count)]
    switch numbers.below(100) {
    case 0..<70: try readDocument(user, maker)
    case 70..<84: try list(user, maker)
    case 84..<91: try deny(user, maker)
    case 91..<99: try edit(user, maker)
    default: try changeRights(user, maker)
    }
  }

  private func advance(_ maker: TrailMaker) throws { try maker.advance(to: maker.wall + Int64(50_000 + numbers.below(400_000))) }

  private func begin(_ user: Record.Actor, _ document: Office.Document, _ mode: String, _ maker: TrailMaker) throws -> Record {
    var record = Record(.open)
    record.actor = user
    record.object = Record.Object(node: document.node, path: document.path, size: document.size)
    record.handle = HandleID(nextHandle)
    record.decision = .grant(RuleID(UInt64(7 + document.folder)))
    record.details = [Record.Detail("mode", mode)]
    nextHandle += 1
    record.wall = maker.wall
    try maker.append(record)
    return record
  }

  private func readDocument(_ user: Record.Actor, _ maker: TrailMaker) throws {
    let document = office.documents[numbers.below(office.documents.count)]
    let record = try begin(user, document, "r", maker)
    let action: Record.Action = numbers.chance(15) ? .pages : .read
    var offset: UInt64 = 0
    // Some look at the beginning and go.
    let end = numbers.chance(20) ? min(document.size, Self.chunk) : document.size
    while offset < end {
      try advance(maker)
      let count = min(Self.chunk, document.size - offset)
      try maker.appendRead(action, handle: record.handle!, offset: offset, asked: Self.chunk, returned: count)
      offset += count
    }
    open.append((record, offset, offset))
    try advance(maker)
    if numbers.chance(70) { try release(open.count - 1, maker) }
    if open.count > Self.openCountMax { try release(numbers.below(open.count), maker) }
  }

  private func release(_ index: Int, _ maker: TrailMaker) throws {
    let (opened, read, distinct) = open.remove(at: index)
    var record = Record(.release)
    record.handle = opened.handle
    record.usage = Record.Usage(readByteCount: read, distinctByteCount: distinct, writtenByteCount: 0)
    record.actor = opened.actor.map { Record.Actor(uid: $0.uid, name: $0.name, pid: 0) }
    record.object = opened.object.map { Record.Object(node: $0.node, path: []) }
    try maker.append(record)
  }

  private func list(_ user: Record.Actor, _ maker: TrailMaker) throws {
    for _ in 0...numbers.below(3) {
      let folder = numbers.below(office.folders.count)
      var record = Record(.list)
      record.actor = user
      record.object = office.folders[folder]
      record.decision = .grant(RuleID(UInt64(7 + folder)))
      record.count = UInt64(1 + numbers.below(120))
      try maker.append(record)
      try advance(maker)
    }
  }

  private func deny(_ user: Record.Actor, _ maker: TrailMaker) throws {
    let folder = numbers.below(office.folders.count)
    var record = Record(.deny)
    record.actor = user
    record.object = office.folders[folder]
    record.outcome = .refused
    record.decision = .missing(.list)
    if numbers.chance(60) {
      record.errno = 2
      record.count = UInt64(1 + numbers.below(40))
      record.details = [Record.Detail("operation", "lookup")]
    } else {
      record.errno = 13
      record.details = [Record.Detail("operation", "open")]
    }
    try maker.append(record)
  }

  private func edit(_ user: Record.Actor, _ maker: TrailMaker) throws {
    let document = office.documents[numbers.below(office.documents.count)]
    let opened = try begin(user, document, "rw", maker)
    var written: UInt64 = 0
    for _ in 0...numbers.below(4) {
      try advance(maker)
      var record = Record(.write)
      record.handle = opened.handle
      record.range = Record.Range(offset: written, asked: 65_536, returned: 65_536)
      try maker.append(record)
      written += 65_536
    }
    var record = Record(.release)
    record.handle = opened.handle
    record.usage = Record.Usage(readByteCount: 0, distinctByteCount: 0, writtenByteCount: written)
    record.actor = Record.Actor(uid: user.uid, name: user.name, pid: 0)
    record.object = Record.Object(node: document.node, path: [])
    try maker.append(record)
  }

  private func changeRights(_ user: Record.Actor, _ maker: TrailMaker) throws {
    let folder = numbers.below(office.folders.count)
    var record = Record(numbers.chance(60) ? .grant : .revoke)
    record.actor = user
    record.object = office.folders[folder]
    record.decision = .grant(RuleID(3))
    record.details = [
      Record.Detail("rule", String(nextRule)),
      Record.Detail("to", "user:" + office.users[numbers.below(office.users.count)].name),
      Record.Detail("rights", "list,read"), Record.Detail("reason", "matter \(folder)"),
    ]
    nextRule += 1
    try maker.append(record)
  }
}
