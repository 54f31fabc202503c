/// One grant in a review, as it was when the review was opened, and what was answered. Row of table `review_item`.
package struct ReviewItem: Hashable, Sendable {
  package var id: RuleID
  package var review: RuleID
  /// The grant then, whole: it may be gone since.
  package var grant: Grant
  /// Who is to answer: a user, or a group of which anybody may; nil where nobody was found.
  package var owner: Principal?
  /// Uses until the review was opened; nil for none.
  package var use: Use?
  /// Since when uses of it were counted, wall nanoseconds.
  package var countedSince: Int64
  package var answer: Answer?

  /// Numbers are on disk; never renumbered.
  package enum Decision: UInt8, Hashable, Sendable, CaseIterable {
    case keep = 1
    case revoke = 2
    case shrink = 3

    package var name: String { "\(self)" }

    package init?(name: String) {
      guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
      self = found
    }
  }

  /// What was decided about the grant, and by whom.
  package struct Answer: Hashable, Sendable {
    package var decision: Decision
    package var by: Principal
    package var note: String
    /// Wall nanoseconds.
    package var given: Int64
    /// Of `shrink`: the grant that stands instead.
    package var successor: Successor?

    package init(decision: Decision, by: Principal, note: String, given: Int64, successor: Successor? = nil) {
      self.decision = decision
      self.by = by
      self.note = note
      self.given = given
      self.successor = successor
    }
  }

  /// The smaller grant that was given for one that was shrunk.
  package struct Successor: Hashable, Sendable {
    package var id: RuleID
    package var rights: Rights
    package var until: Int64?

    package init(id: RuleID, rights: Rights, until: Int64?) {
      self.id = id
      self.rights = rights
      self.until = until
    }
  }

  package init(
    id: RuleID, review: RuleID, grant: Grant, owner: Principal?, use: Use?, countedSince: Int64, answer: Answer? = nil
  ) {
    self.id = id
    self.review = review
    self.grant = grant
    self.owner = owner
    self.use = use
    self.countedSince = countedSince
    self.answer = answer
  }

  /// The grant that stands for it now: what was shrunk has another number.
  package var standing: RuleID { answer?.successor?.id ?? grant.id }

  /// The plaintext of the sealed row. The id is the row's primary key, bound by its AAD, and not repeated.
  package func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.u8(1)
    writer.varint(review.value)
    writer.varint(grant.id.value)
    writer.counted(grant.encode())
    writer.optionalPrincipal(owner)
    writer.u8(use == nil ? 0 : 1)
    if let use {
      writer.varint(use.count)
      writer.i64(use.last)
    }
    writer.i64(countedSince)
    writer.u8(answer?.decision.rawValue ?? 0)
    if let answer {
      answer.by.encode(to: &writer)
      writer.counted(answer.note)
      writer.i64(answer.given)
      if let successor = answer.successor {
        writer.varint(successor.id.value)
        writer.u8(successor.rights.rawValue)
        writer.optionalTime(successor.until)
      }
    }
    return writer.bytes
  }

  package init(id: RuleID, parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    self.id = id
    review = RuleID(try reader.varint())
    let number = RuleID(try reader.varint())
    grant = try Grant(id: number, parsing: Array(try reader.counted(limit: Self.grantByteCountMax)))
    owner = try reader.optionalPrincipal()
    if try reader.flag() { use = Use(count: try reader.varint(), last: try reader.i64()) }
    countedSince = try reader.i64()
    let kind = try reader.u8()
    if kind != 0 {
      guard let decision = Decision(rawValue: kind) else { throw .malformed("decision") }
      var answer = Answer(
        decision: decision, by: try Principal(from: &reader), note: try reader.string(limit: 4096), given: try reader.i64())
      if decision == .shrink { answer.successor = try Successor(from: &reader) }
      self.answer = answer
    }
    try reader.end()
  }

  /// A grant with every field at its longest takes less.
  private static let grantByteCountMax = 8192
}

extension ReviewItem.Successor {
  fileprivate init(from reader: inout ByteReader) throws(FormatError) {
    id = RuleID(try reader.varint())
    rights = Rights(rawValue: try reader.u8())
    guard !rights.isEmpty, Rights.all.isSuperset(of: rights) else { throw .malformed("rights") }
    until = try reader.optionalTime()
  }
}
