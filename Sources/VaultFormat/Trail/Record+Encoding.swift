/// A record's bytes before sealing (docs/format/trail.md, "Record"): action, flags of the fields that are there, the two times as
/// distances from the segment's, then the fields in the order of their flags, then zeros up to a multiple of 32.
///
/// Times are relative to the segment's header and to nothing else, so that each record is read alone; a READ fits in 32 bytes.
extension Record {
  /// The clocks when the segment was begun, in nanoseconds, from its header.
  package struct TimeBase: Hashable, Sendable {
    package var wall: Int64
    package var boot: Int64
    package init(wall: Int64, boot: Int64) {
      self.wall = wall
      self.boot = boot
    }

    /// Whether these can be readings of clocks: until the year 2116, and 36 years after a start. With such any two may be
    /// subtracted; what a forger writes need not be.
    var isPossible: Bool { (-(1 << 61)...1 << 62).contains(wall) && (0...1 << 60).contains(boot) }
  }

  package static let paddingByteCount = 32
  /// The most an encoded record may take, padding included. What would take more is clipped by the writer (`clipped()`).
  package static let byteCountMax = 48 << 10
  static let pathByteCountMax = 32 << 10
  static let textByteCountMax = 16 << 10
  static let detailCountMax = 1024

  /// Which fields follow. A READ through an open handle has the first two and so takes one byte.
  enum Flag {
    static let handle: UInt64 = 1 << 0
    static let range: UInt64 = 1 << 1
    static let short: UInt64 = 1 << 2
    static let actor: UInt64 = 1 << 3
    static let object: UInt64 = 1 << 4
    static let decision: UInt64 = 1 << 5
    static let outcome: UInt64 = 1 << 6
    static let opener: UInt64 = 1 << 7
    static let target: UInt64 = 1 << 8
    static let count: UInt64 = 1 << 9
    static let usage: UInt64 = 1 << 10
    static let details: UInt64 = 1 << 11
    static let all: UInt64 = 1 << 12 - 1
  }

  /// Writes the record, padded. The caller looks at `writer.overflowed`.
  package func encode(to writer: inout RawWriter, base: TimeBase) {
    var flags: UInt64 = 0
    if handle != nil { flags |= Flag.handle }
    if let range {
      flags |= Flag.range
      if range.returned != range.asked { flags |= Flag.short }
    }
    if actor != nil { flags |= Flag.actor }
    if object != nil { flags |= Flag.object }
    if decision != nil { flags |= Flag.decision }
    if outcome != .done || errno != 0 { flags |= Flag.outcome }
    if opener != nil { flags |= Flag.opener }
    if target != nil { flags |= Flag.target }
    if count != nil { flags |= Flag.count }
    if usage != nil { flags |= Flag.usage }
    if !details.isEmpty { flags |= Flag.details }

    Self.begin(action, flags, wall: wall, boot: boot, to: &writer, base: base)
    if let handle { writer.varint(handle.value) }
    if let range { Self.put(range, to: &writer) }
    if let actor { Self.put(actor, to: &writer) }
    if let object { Self.put(object, to: &writer) }
    if let decision { Self.put(decision, to: &writer) }
    if flags & Flag.outcome != 0 {
      writer.u8(outcome.rawValue)
      writer.signedVarint(Int64(errno))
    }
    if let opener { Self.put(opener, to: &writer) }
    if let target { Self.put(target, to: &writer) }
    if let count { writer.varint(count) }
    if let usage {
      writer.varint(usage.readByteCount)
      writer.varint(usage.distinctByteCount)
      writer.varint(usage.writtenByteCount)
    }
    if !details.isEmpty {
      if details.count > Self.detailCountMax { writer.refuse() }
      writer.varint(UInt64(details.count))
      for detail in details {
        writer.counted(detail.key, limit: Self.textByteCountMax)
        writer.counted(detail.value, limit: Self.textByteCountMax)
      }
    }
    writer.pad(to: Self.paddingByteCount)
  }

  /// Writes a READ (or PAGES) through an open handle, padded: the bytes that `encode` writes for it, without a `Record` value.
  @inline(__always)
  package static func encodeRead(
    _ action: Action = .read, handle: HandleID, offset: UInt64, asked: UInt64, returned: UInt64, wall: Int64, boot: Int64,
    to writer: inout RawWriter, base: TimeBase
  ) {
    let flags = Flag.handle | Flag.range | (asked == returned ? 0 : Flag.short)
    begin(action, flags, wall: wall, boot: boot, to: &writer, base: base)
    writer.varint(handle.value)
    put(Range(offset: offset, asked: asked, returned: returned), to: &writer)
    writer.pad(to: paddingByteCount)
  }

  /// The same, as an array; nil for a record over `byteCountMax`.
  package func encode(base: TimeBase) -> [UInt8]? {
    var fits = true
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.byteCountMax) { buffer, used in
      var writer = RawWriter(UnsafeMutableRawBufferPointer(buffer))
      encode(to: &writer, base: base)
      fits = !writer.overflowed
      used = writer.count
    }
    return fits ? bytes : nil
  }

  @inline(__always)
  private static func begin(
    _ action: Action, _ flags: UInt64, wall: Int64, boot: Int64, to writer: inout RawWriter, base: TimeBase
  ) {
    writer.u8(action.rawValue)
    writer.varint(flags)
    let elapsed = wall &- base.wall
    writer.signedVarint(elapsed)
    // The clocks run nearly alike: their difference is small.
    writer.signedVarint((boot &- base.boot) &- elapsed)
  }

  @inline(__always)
  private static func put(_ range: Range, to writer: inout RawWriter) {
    writer.varint(range.offset)
    writer.varint(range.asked)
    if range.returned != range.asked { writer.varint(range.returned) }
  }

  private static func put(_ actor: Actor, to writer: inout RawWriter) {
    writer.varint(UInt64(actor.uid))
    writer.counted(actor.name, limit: textByteCountMax)
    writer.signedVarint(Int64(actor.pid))
    writer.u8((actor.program == nil ? 0 : 1) | (actor.loginUID == nil ? 0 : 2))
    if let program = actor.program { writer.counted(program, limit: textByteCountMax) }
    if let loginUID = actor.loginUID { writer.varint(UInt64(loginUID)) }
  }

  private static func put(_ object: Object, to writer: inout RawWriter) {
    writer.varint(object.node.value)
    writer.counted(object.path, limit: pathByteCountMax)
    writer.u8(object.size == nil ? 0 : 1)
    if let size = object.size { writer.varint(size) }
  }

  private static func put(_ decision: Decision, to writer: inout RawWriter) {
    switch decision {
    case .grant(let rule):
      writer.u8(1)
      writer.varint(rule.value)
    case .missing(let rights):
      writer.u8(2)
      writer.u8(rights.rawValue)
    case .barrier(let rule):
      writer.u8(3)
      writer.varint(rule.value)
    case .creator(let rule):
      writer.u8(4)
      writer.varint(rule.value)
    case .identityUnknown: writer.u8(5)
    case .foreignHandle: writer.u8(6)
    case .neverAllowed: writer.u8(7)
    case .open: writer.u8(8)
    }
  }
}

extension Record {
  /// The record with its longest texts cut so that it surely fits, and a detail that says so; nodes and numbers stay.
  package func clipped() -> Record {
    var record = self
    record.actor = actor.map(Self.clip)
    record.opener = opener.map(Self.clip)
    record.object = object.map(Self.clip)
    record.target = target.map(Self.clip)
    record.details = details.prefix(24).map { Detail(Self.clip($0.key, 64), Self.clip($0.value, 512)) }
    record.details.append(Detail("clipped", "true"))
    return record
  }

  private static func clip(_ text: String, _ limit: Int) -> String {
    text.utf8.count <= limit ? text : String(decoding: text.utf8.prefix(limit - 3), as: UTF8.self)
  }

  private static func clip(_ actor: Actor) -> Actor {
    var actor = actor
    actor.name = clip(actor.name, 255)
    actor.program = actor.program.map { clip($0, 1024) }
    return actor
  }

  private static func clip(_ object: Object) -> Object {
    var object = object
    object.path = Array(object.path.prefix(8 << 10))
    return object
  }
}
