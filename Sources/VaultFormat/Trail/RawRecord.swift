/// A record where it lies in memory: every field was read and checked, no text was copied and nothing was allocated. What it names dies with the
/// memory that it was read from.
///
/// The one reader of a record's bytes; `Record` is made from it.
package struct RawRecord: ~Copyable {
  package private(set) var action = Record.Action.read
  package private(set) var wall: Int64 = 0
  package private(set) var boot: Int64 = 0
  package private(set) var handle: HandleID?
  package private(set) var range: Record.Range?
  package private(set) var actor: Actor?
  package private(set) var object: Object?
  package private(set) var decision: Record.Decision?
  package private(set) var outcome = Record.Outcome.done
  package private(set) var errno: Int32 = 0
  package private(set) var opener: Actor?
  package private(set) var target: Object?
  package private(set) var count: UInt64?
  package private(set) var usage: Record.Usage?
  private var details: Details?
  /// Whether it says no more than that so much was read or written through a handle: all else is its OPEN's.
  package private(set) var isPlainUse = false
  /// What it was read from: the padded record, and the clocks that its times count from.
  package let bytes: UnsafeRawBufferPointer
  package let base: Record.TimeBase

  /// As `Record.Actor`; the texts are UTF-8.
  package struct Actor {
    package let uid: UInt32
    package let name: UnsafeRawBufferPointer
    package let pid: Int32
    package let program: UnsafeRawBufferPointer?
    package let loginUID: UInt32?
  }

  /// As `Record.Object`.
  package struct Object {
    package let node: NodeID
    package let path: UnsafeRawBufferPointer
    package let size: UInt64?
  }

  /// Pairs of counted texts, one after the other, all of them checked.
  fileprivate struct Details {
    let count: Int
    let bytes: UnsafeRawBufferPointer
  }

  /// Reads a padded record.
  /// - Throws: `FormatError.malformed` for anything that `Record.encode` would not have written.
  package init(parsing bytes: UnsafeRawBufferPointer, base: Record.TimeBase) throws(FormatError) {
    self.bytes = bytes
    self.base = base
    guard bytes.count <= Record.byteCountMax else { throw .malformed("record too long") }
    var reader = try RawReader(bytes)
    guard let action = Record.Action(rawValue: try reader.u8()) else { throw .malformed("action") }
    let flags = try reader.varint()
    guard flags & ~Record.Flag.all == 0 else { throw .malformed("flags") }
    self.action = action
    let elapsed = try reader.signedVarint()
    wall = base.wall &+ elapsed
    boot = base.boot &+ elapsed &+ (try reader.signedVarint())
    isPlainUse = flags & ~Record.Flag.short == Record.Flag.handle | Record.Flag.range

    if flags & Record.Flag.handle != 0 { handle = HandleID(try reader.varint()) }
    if flags & Record.Flag.range != 0 {
      range = try Self.range(from: &reader, isShort: flags & Record.Flag.short != 0)
    } else {
      guard flags & Record.Flag.short == 0 else { throw .malformed("flags") }
    }
    if flags & ~(Record.Flag.handle | Record.Flag.range | Record.Flag.short) != 0 { try readOthers(flags, from: &reader) }
    try reader.endPadded(to: Record.paddingByteCount)
  }

  private mutating func readOthers(_ flags: UInt64, from reader: inout RawReader) throws(FormatError) {
    if flags & Record.Flag.actor != 0 { actor = try Self.actor(from: &reader) }
    if flags & Record.Flag.object != 0 { object = try Self.object(from: &reader) }
    if flags & Record.Flag.decision != 0 { decision = try Self.decision(from: &reader) }
    if flags & Record.Flag.outcome != 0 {
      guard let outcome = Record.Outcome(rawValue: try reader.u8()) else { throw .malformed("outcome") }
      self.outcome = outcome
      errno = try reader.i32()
      guard outcome != .done || errno != 0 else { throw .malformed("outcome") }
    }
    if flags & Record.Flag.opener != 0 { opener = try Self.actor(from: &reader) }
    if flags & Record.Flag.target != 0 { target = try Self.object(from: &reader) }
    if flags & Record.Flag.count != 0 { count = try reader.varint() }
    if flags & Record.Flag.usage != 0 {
      usage = Record.Usage(
        readByteCount: try reader.varint(), distinctByteCount: try reader.varint(), writtenByteCount: try reader.varint())
    }
    if flags & Record.Flag.details != 0 { details = try Self.details(from: &reader) }
  }

  private static func range(from reader: inout RawReader, isShort: Bool) throws(FormatError) -> Record.Range {
    let offset = try reader.varint()
    let asked = try reader.varint()
    let returned = isShort ? try reader.varint() : asked
    guard !isShort || returned != asked else { throw .malformed("range") }
    return Record.Range(offset: offset, asked: asked, returned: returned)
  }

  private static func actor(from reader: inout RawReader) throws(FormatError) -> Actor {
    let uid = try reader.u32()
    let name = try reader.text(limit: Record.textByteCountMax)
    let pid = try reader.i32()
    let seen = try reader.u8()
    guard seen <= 3 else { throw .malformed("actor") }
    return Actor(
      uid: uid, name: name, pid: pid, program: seen & 1 != 0 ? try reader.text(limit: Record.textByteCountMax) : nil,
      loginUID: seen & 2 != 0 ? try reader.u32() : nil)
  }

  private static func object(from reader: inout RawReader) throws(FormatError) -> Object {
    let node = NodeID(try reader.varint())
    let path = try reader.counted(limit: Record.pathByteCountMax)
    let known = try reader.u8()
    guard known <= 1 else { throw .malformed("object") }
    return Object(node: node, path: path, size: known == 1 ? try reader.varint() : nil)
  }

  private static func decision(from reader: inout RawReader) throws(FormatError) -> Record.Decision {
    switch try reader.u8() {
    case 1: .grant(RuleID(try reader.varint()))
    case 2: .missing(Rights(rawValue: try reader.u8()))
    case 3: .barrier(RuleID(try reader.varint()))
    case 4: .creator(RuleID(try reader.varint()))
    case 5: .identityUnknown
    case 6: .foreignHandle
    case 7: .neverAllowed
    case 8: .open
    default: throw .malformed("decision")
    }
  }

  private static func details(from reader: inout RawReader) throws(FormatError) -> Details {
    let count = try reader.varint()
    guard count > 0, count <= UInt64(Record.detailCountMax) else { throw .malformed("details") }
    let begin = reader.position
    for _ in 0..<2 * count { _ = try reader.text(limit: Record.textByteCountMax) }
    return Details(count: Int(count), bytes: reader.read(since: begin))
  }
}

extension Record {
  /// The record with memory of its own.
  package init(_ raw: borrowing RawRecord) {
    self.init(raw.action)
    wall = raw.wall
    boot = raw.boot
    handle = raw.handle
    range = raw.range
    if raw.isPlainUse { return }
    actor = raw.actor.map(Actor.init)
    object = raw.object.map(Object.init)
    decision = raw.decision
    outcome = raw.outcome
    errno = raw.errno
    opener = raw.opener.map(Actor.init)
    target = raw.target.map(Object.init)
    count = raw.count
    usage = raw.usage
    details = raw.copiedDetails()
  }

  /// Reads a padded record.
  /// - Throws: `FormatError.malformed` for anything that `encode` would not have written.
  package init(parsing bytes: UnsafeRawBufferPointer, base: TimeBase) throws(FormatError) {
    self.init(try RawRecord(parsing: bytes, base: base))
  }

  package init(parsing bytes: [UInt8], base: TimeBase) throws(FormatError) {
    var result: Record?
    var failure: FormatError?
    bytes.withUnsafeBytes { buffer in
      do throws(FormatError) { result = try Record(parsing: buffer, base: base) } catch { failure = error }
    }
    if let failure { throw failure }
    self = result!
  }
}

extension RawRecord {
  /// Whether `body` says so of a detail, by its key and value; asked in order, until it does.
  package borrowing func hasDetail(_ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool) -> Bool {
    guard let details, var reader = try? RawReader(details.bytes) else { return false }
    for _ in 0..<details.count {
      // They were checked when the record was read.
      guard let key = try? reader.counted(limit: Record.textByteCountMax),
        let value = try? reader.counted(limit: Record.textByteCountMax)
      else { break }
      if body(key, value) { return true }
    }
    return false
  }

  /// The value of the first detail with this key; it dies with the record.
  package borrowing func detail(_ key: StaticString) -> UnsafeRawBufferPointer? {
    var found: UnsafeRawBufferPointer?
    _ = hasDetail { candidate, value in
      guard candidate.holds(key) else { return false }
      found = value
      return true
    }
    return found
  }

  fileprivate borrowing func copiedDetails() -> [Record.Detail] {
    guard let details else { return [] }
    var copied: [Record.Detail] = []
    copied.reserveCapacity(details.count)
    _ = hasDetail { key, value in
      copied.append(Record.Detail(String(decoding: key, as: UTF8.self), String(decoding: value, as: UTF8.self)))
      return false
    }
    return copied
  }
}

extension UnsafeRawBufferPointer {
  /// Whether these are the bytes of a word of the format.
  package func holds(_ word: StaticString) -> Bool {
    elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }
}

extension Record.Actor {
  fileprivate init(_ raw: RawRecord.Actor) {
    self.init(
      uid: raw.uid, name: String(decoding: raw.name, as: UTF8.self), pid: raw.pid,
      program: raw.program.map { String(decoding: $0, as: UTF8.self) }, loginUID: raw.loginUID)
  }
}

extension Record.Object {
  fileprivate init(_ raw: RawRecord.Object) { self.init(node: raw.node, path: [UInt8](raw.path), size: raw.size) }
}
