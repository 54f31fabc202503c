import TestKit
import VaultFormat

/// One format of a row as the tests see it: what it parses, written again.
struct RowFormat: Sendable, CustomStringConvertible {
  let description: String
  /// Parses and writes again.
  let rewrite: @Sendable ([UInt8]) throws(FormatError) -> [UInt8]
  /// The bytes of a random value, and whether parsing them gives that value.
  let sample: @Sendable (inout SeededGenerator) throws(FormatError) -> (bytes: [UInt8], isSame: Bool)

  static func named(_ name: String) -> RowFormat { all.first { $0.description == name }! }

  static let all: [RowFormat] = [
    make("node", { $0.node() }, { $0.encode() }) { bytes throws(FormatError) in try NodeRecord(parsing: bytes) },
    make("extent", { $0.extent() }, { $0.encode() }) { bytes throws(FormatError) in try Extent(parsing: bytes) },
    make(
      "grant",
      { random in
        Grant(
          id: RuleID(7), folder: NodeID(random.number()), principal: random.principal(),
          rights: Rights(rawValue: UInt8(1 + random.number(62))),
          from: random.time(), until: random.time(), giver: random.principal(), reason: random.text(4096), given: random.signed(),
          approver: random.flag() ? random.principal() : nil)
      }, { $0.encode() }
    ) { bytes throws(FormatError) in try Grant(id: RuleID(7), parsing: bytes) },
    make(
      "barrier",
      { random in
        Barrier(
          id: RuleID(7), folder: NodeID(random.number()), principal: random.principal(), owner: random.principal(),
          name: random.text(255),
          reason: random.text(4096), from: random.time(), until: random.time(), raised: random.signed())
      }, { $0.encode() }
    ) { bytes throws(FormatError) in try Barrier(id: RuleID(7), parsing: bytes) },
    make(
      "boundary",
      { random in
        Boundary(
          id: RuleID(7), folder: NodeID(random.number()), owner: random.principal(), reason: random.text(4096),
          set: random.signed())
      }, { $0.encode() }
    ) { bytes throws(FormatError) in try Boundary(id: RuleID(7), parsing: bytes) },
    make(
      "duty",
      { random in
        Duty(
          id: RuleID(7), kind: Duty.Kind(rawValue: UInt8(1 + random.number(3)))!, principal: random.principal(),
          giver: random.principal(), reason: random.text(4096), given: random.signed())
      }, { $0.encode() }
    ) { bytes throws(FormatError) in try Duty(id: RuleID(7), parsing: bytes) },
    make("use", { Use(count: $0.number(), last: $0.signed()) }, { $0.encode() }) { bytes throws(FormatError) in
      try Use(parsing: bytes)
    },
    make(
      "suspension",
      { random in
        Suspension(grant: RuleID(7), review: RuleID(random.number()), from: random.signed(), maker: random.principal())
      }, { $0.encode() }
    ) { bytes throws(FormatError) in try Suspension(grant: RuleID(7), parsing: bytes) },
    make(
      "review",
      { random in
        AccessReview(
          id: RuleID(7), scope: NodeID(random.number()), opener: random.principal(), reason: random.text(4096),
          opened: random.signed(), due: random.signed(), suspendsWhenDue: random.flag(),
          closing: random.flag()
            ? AccessReview.Closing(closer: random.principal(), reason: random.text(4096), closed: random.signed()) : nil)
      }, { $0.encode() }
    ) { bytes throws(FormatError) in try AccessReview(id: RuleID(7), parsing: bytes) },
    make(
      "review-item",
      { random in
        let grant = Grant(
          id: RuleID(random.number()), folder: NodeID(random.number()), principal: random.principal(),
          rights: Rights(rawValue: UInt8(1 + random.number(62))), from: random.time(), until: random.time(),
          giver: random.principal(), reason: random.text(4096), given: random.signed())
        var item = ReviewItem(
          id: RuleID(7), review: RuleID(random.number()), grant: grant, owner: random.flag() ? random.principal() : nil,
          use: random.flag() ? Use(count: random.number(), last: random.signed()) : nil, countedSince: random.signed())
        if let decision = ReviewItem.Decision(rawValue: UInt8(random.number(3))) {
          item.answer = ReviewItem.Answer(
            decision: decision, by: random.principal(), note: random.text(4096), given: random.signed(),
            successor: decision == .shrink
              ? ReviewItem.Successor(
                id: RuleID(random.number()), rights: Rights(rawValue: UInt8(1 + random.number(62))), until: random.time()) : nil)
        }
        return item
      }, { $0.encode() }
    ) { bytes throws(FormatError) in try ReviewItem(id: RuleID(7), parsing: bytes) },
    make(
      "counters",
      { Counters(node: $0.number(), rule: $0.number(), rowVersion: $0.number(), pack: $0.number()) }, { $0.encode() }
    ) { bytes throws(FormatError) in try Counters(parsing: bytes) },
    make(
      "commit",
      { random in
        CommitRecord(
          number: random.number(), predecessor: random.number(), digest: RowDigest(random.exactly(32))!,
          generation: random.number(),
          latestTime: random.signed())
      }, { $0.encode() }
    ) { bytes throws(FormatError) in try CommitRecord(parsing: bytes) },
    make(
      "verify-state",
      { random in
        var state = VerifyState(begun: random.signed())
        state.bucket = random.number()
        state.pack = random.number()
        state.checkedByteCount = random.number()
        state.damagedBuckets = (0..<random.number(20)).map { _ in random.number() }
        state.damagedPacks = (0..<random.number(3)).map { _ in random.number() }
        return state
      }, { $0.encode() }
    ) { bytes throws(FormatError) in try VerifyState(parsing: bytes) },
    make("bucket", { BucketRecord(digest: RowDigest($0.exactly(32))!) }, { $0.encode() }) { bytes throws(FormatError) in
      try BucketRecord(parsing: bytes)
    },
    make(
      "pack",
      { random in
        let count = random.number(UInt64(BlobGeometry.packByteCountMax) * 2)
        return PackRecord(byteCount: count, liveByteCount: random.number(count), digest: random.exactly(32))
      }, { $0.encode() }
    ) { bytes throws(FormatError) in try PackRecord(parsing: bytes) },
  ]

  private static func make<Value: Equatable & Sendable>(
    _ name: String, _ random: @escaping @Sendable (inout SeededGenerator) -> Value,
    _ encode: @escaping @Sendable (Value) -> [UInt8],
    _ parse: @escaping @Sendable ([UInt8]) throws(FormatError) -> Value
  ) -> RowFormat {
    RowFormat(
      description: name, rewrite: { bytes throws(FormatError) in encode(try parse(bytes)) },
      sample: { source throws(FormatError) in
        let value = random(&source)
        let bytes = encode(value)
        return (bytes, try parse(bytes) == value)
      })
  }
}
