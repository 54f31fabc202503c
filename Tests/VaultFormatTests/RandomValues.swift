import TestKit
import VaultFormat

/// Values of the formats.
extension SeededGenerator {
  /// Small, middling and extreme numbers up to `limit`.
  mutating func number(_ limit: UInt64 = .max) -> UInt64 {
    switch next() % 4 {
    case 0: min(next() % 3, limit)
    case 1: limit - min(next() % 3, limit)
    default: limit == .max ? next() >> (next() % 64) : next() % (limit + 1)
    }
  }

  mutating func signed() -> Int64 { Int64(bitPattern: number()) }
  mutating func bytes(_ range: ClosedRange<Int>) -> [UInt8] {
    (0..<Int.random(in: range, using: &self)).map { _ in UInt8.random(in: .min ... .max, using: &self) }
  }
  mutating func exactly(_ count: Int) -> [UInt8] { bytes(count...count) }
  mutating func flag() -> Bool { next() % 2 == 0 }
  mutating func text(_ limit: Int) -> String {
    String(
      String.UnicodeScalarView(
        (0..<Int(next() % 20)).map { _ in ["a", "\"", "\\", "é", " ", "字", "\n"].randomElement(using: &self)! }))
  }
  mutating func time() -> Int64? { flag() ? signed() : nil }

  mutating func principal() -> Principal {
    Principal(kind: flag() ? .user : .group, name: text(40), id: UInt32(number(UInt64(UInt32.max))))
  }

  mutating func name() -> Name {
    while true { if let name = Name(bytes(1...(flag() ? 8 : 255)).map { $0 == 0 || $0 == 0x2f ? 0x61 : $0 }) { return name } }
  }

  mutating func extent(start: UInt64? = nil) -> Extent {
    let start = start ?? number(1 << 62)
    if flag() { return Extent(start: start, byteCount: 1 + number(1 << 40), blob: nil) }
    let blobCount = 1 + number(UInt64(BlobGeometry.byteCountMax) - 1)
    let blobStart = number(blobCount - 1)
    let place = flag() ? BlobReference.Place.file : .pack(PackNumber(UInt32(1 + number(1 << 31))), offset: number())
    let blob = BlobReference(
      id: BlobID(high: next(), low: next()), byteCount: blobCount, place: place, wrappingKey: UInt32(number(UInt64(UInt32.max))),
      wrappedKey: exactly(BlobReference.wrappedKeyByteCount))
    return Extent(start: start, byteCount: 1 + number(blobCount - blobStart - 1), blob: blob, blobStart: blobStart)
  }

  mutating func node() -> NodeRecord {
    let kind = [NodeRecord.Kind.folder, .document, .symlink].randomElement(using: &self)!
    var record = NodeRecord(
      kind: kind, parent: NodeID(1 + number(NodeID.greatest.value - 1)), name: name(), mode: UInt16(number(0o1777)),
      uid: UInt32(number(UInt64(UInt32.max))), gid: UInt32(number(UInt64(UInt32.max))), time: signed(),
      target: kind == .symlink ? bytes(1...300) : [])
    record.accessed = signed()
    record.changed = signed()
    record.born = signed()
    let names = Set((0..<Int(next() % 4)).map { _ in bytes(1...20) }).sorted { $0.lexicographicallyPrecedes($1) }
    record.xattrs = names.map { NodeRecord.Xattr(name: $0, value: bytes(0...50)) }
    if kind == .document {
      record.size = number(UInt64(Int64.max))
      record.extentCount = number(5)
      if record.extentCount > 0 { record.firstExtent = extent(start: 0) }
    }
    return record
  }
}

/// Damages bytes as storage and attackers do: flipped bits, other bytes, cuts, additions.
func damaged(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
  var result = bytes
  for _ in 0...Int(random.next() % 3) {
    let index = Int(random.next() % UInt64(max(result.count, 1)))
    switch random.next() % 5 {
    case 0 where !result.isEmpty: result[index] ^= 1 << (random.next() % 8)
    case 1 where !result.isEmpty: result[index] = UInt8.random(in: .min ... .max, using: &random)
    case 2 where !result.isEmpty: result.remove(at: index)
    case 3: result.insert(UInt8.random(in: .min ... .max, using: &random), at: min(index, result.count))
    default: result = Array(result.prefix(index))
    }
  }
  return result
}
