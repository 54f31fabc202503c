/// A number modulo 2²⁵⁶ that stands for a set of rows: the sum of the rows' keyed hashes, in any order.
package struct RowDigest: Hashable, Sendable {
  /// Least significant word first.
  private var words: (UInt64, UInt64, UInt64, UInt64)

  package static let zero = RowDigest()
  package static let byteCount = 32

  private init() { words = (0, 0, 0, 0) }

  /// Little-endian. Nil unless `bytes` are 32.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self = bytes.withUnsafeBytes { RowDigest(reading: $0) }
  }

  /// Reads 32 bytes, little-endian.
  package init(reading buffer: UnsafeRawBufferPointer) {
    precondition(buffer.count >= Self.byteCount)
    func word(_ index: Int) -> UInt64 { UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) }
    words = (word(0), word(1), word(2), word(3))
  }

  package var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(Self.byteCount)
    for word in [words.0, words.1, words.2, words.3] { withUnsafeBytes(of: word.littleEndian) { result.append(contentsOf: $0) } }
    return result
  }

  package static func += (left: inout RowDigest, right: RowDigest) {
    var carry: UInt64 = 0
    left.words.0 = add(left.words.0, right.words.0, &carry)
    left.words.1 = add(left.words.1, right.words.1, &carry)
    left.words.2 = add(left.words.2, right.words.2, &carry)
    left.words.3 = add(left.words.3, right.words.3, &carry)
  }

  package static func -= (left: inout RowDigest, right: RowDigest) {
    var borrow: UInt64 = 0
    left.words.0 = subtract(left.words.0, right.words.0, &borrow)
    left.words.1 = subtract(left.words.1, right.words.1, &borrow)
    left.words.2 = subtract(left.words.2, right.words.2, &borrow)
    left.words.3 = subtract(left.words.3, right.words.3, &borrow)
  }

  package static func == (left: RowDigest, right: RowDigest) -> Bool { left.words == right.words }

  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

  private static func add(_ left: UInt64, _ right: UInt64, _ carry: inout UInt64) -> UInt64 {
    let (first, over) = left.addingReportingOverflow(right)
    let (sum, again) = first.addingReportingOverflow(carry)
    carry = over || again ? 1 : 0
    return sum
  }

  private static func subtract(_ left: UInt64, _ right: UInt64, _ borrow: inout UInt64) -> UInt64 {
    let (first, under) = left.subtractingReportingOverflow(right)
    let (difference, again) = first.subtractingReportingOverflow(borrow)
    borrow = under || again ? 1 : 0
    return difference
  }
}
