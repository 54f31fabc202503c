package import VaultFormat

/// One record of an evidence pack: what its frame holds, and where it stands.
package struct EvidenceRecord: Sendable {
  /// Whether it is there only because a chosen one leaves user, program and path to it.
  package var isContext: Bool
  package var segment: UInt64
  package var sequence: UInt64
  /// As it was sealed, padding included.
  package var plaintext: [UInt8]
  package var record: Record

  static let headByteCount = 21

  /// As the pack's `records` holds it.
  func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: Self.headByteCount + plaintext.count)
    writer.u8(isContext ? 2 : 1)
    writer.u64(segment)
    writer.u64(sequence)
    writer.u32(UInt32(plaintext.count))
    writer.raw(plaintext)
    return writer.bytes
  }

  /// Reads all of `records`, whose texts are read later: times are relative to their segments' headers.
  static func parse(_ bytes: [UInt8]) throws(FormatError) -> [EvidenceRecord] {
    var reader = ByteReader(bytes)
    var records: [EvidenceRecord] = []
    while !reader.isAtEnd {
      let role = try reader.u8()
      guard role == 1 || role == 2 else { throw .malformed("records: role") }
      let segment = try reader.u64()
      let sequence = try reader.u64()
      let count = Int(try reader.u32())
      guard count > 0, count <= Record.byteCountMax, sequence > records.last?.sequence ?? 0, segment >= records.last?.segment ?? 1
      else { throw .malformed("records: #\(sequence)") }
      records.append(
        EvidenceRecord(
          isContext: role == 2, segment: segment, sequence: sequence, plaintext: Array(try reader.raw(count)),
          record: Record(.alert)))
    }
    return records
  }
}

/// The names of a pack's files, and the most that is taken.
enum EvidenceFiles {
  static let checkpoints = "checkpoints"
  static let segmentFolder = "segments/"
  static let keys = "keys"
  static let records = "records"
  static let text = "evidence.txt"
  static let manifest = "manifest"
  static let signature = "signature"
  static let recordsByteCountMax = 1 << 30
  static let keyByteCount = 40
}

/// The most records that one pack takes, those that others refer to included.
package enum EvidenceLimits {
  package static let recordCountMax = 100_000
}
