import Sodium
import VaultFormat

/// Opens the records of one segment, in order, with a reviewer's key. One thread at a time; one buffer for all.
final class RecordOpener {
  private let stream: StreamOpener
  private let base: Record.TimeBase
  private let associated: UnsafeMutableRawBufferPointer
  private let plaintext: UnsafeMutableRawBufferPointer

  /// Nil where the segment is not sealed to this reviewer.
  /// - Throws: `damaged` where it says that it is, and the key does not open or is not the one all reviewers got.
  convenience init?(_ header: SegmentHeader, identity: ReviewerIdentity) throws(TrailError) {
    guard let key = try Self.key(of: header, identity: identity) else { return nil }
    try self.init(header, key: key)
  }

  /// The segment's key, sealed to this reviewer; nil where it is not.
  static func key(of header: SegmentHeader, identity: ReviewerIdentity) throws(TrailError) -> SecretBytes? {
    let fingerprint = Chain.fingerprint(of: identity.publicKey)
    guard let entry = header.reviewers.first(where: { $0.fingerprint == fingerprint }) else { return nil }
    do throws(SodiumError) {
      return try SealedBox.open(entry.sealedKey, publicKey: identity.publicKey, secretKey: identity.secret.bytes)
    } catch { throw Self.refusal(error, header) }
  }

  /// With the segment's key.
  /// - Throws: `damaged` where it is not the one that the header commits to.
  init(_ header: SegmentHeader, key: borrowing SecretBytes) throws(TrailError) {
    do throws(SodiumError) {
      guard key.count == 32, Chain.commitment(to: key) == header.keyCommitment else { throw .authenticationFailed }
      stream = try Self.makeStream(key, header.streamHeader)
    } catch { throw Self.refusal(error, header) }
    base = header.base
    associated = .allocate(byteCount: Frame.associatedByteCount, alignment: 16)
    plaintext = .allocate(byteCount: Frame.bodyByteCountMax, alignment: 16)
    header.vault.write(to: associated)
    associated.storeBytes(of: header.number.littleEndian, toByteOffset: 16, as: UInt64.self)
  }

  deinit {
    plaintext.initializeMemory(as: UInt8.self, repeating: 0)
    plaintext.deallocate()
    associated.deallocate()
  }

  private static func refusal(_ error: SodiumError, _ header: SegmentHeader) -> TrailError {
    error == .memoryNotLocked ? .memoryNotLocked : .damaged("segment \(header.number): its key does not open")
  }

  private static func makeStream(_ key: borrowing SecretBytes, _ header: [UInt8]) throws(SodiumError) -> StreamOpener {
    // The opener reads the header in its initialiser only.
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: header.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: header)
    return try StreamOpener(key: key, header: UnsafeRawBufferPointer(copy))
  }

  /// The padded plaintext of the next record's body; it dies with the next call.
  /// - Throws: `damaged`; no later record of the segment can be opened then.
  func open(_ body: UnsafeRawBufferPointer, sequence: UInt64) throws(TrailError) -> UnsafeRawBufferPointer {
    associated.storeBytes(of: sequence.littleEndian, toByteOffset: 24, as: UInt64.self)
    do throws(SodiumError) {
      _ = try stream.open(body, associated: UnsafeRawBufferPointer(associated), into: plaintext)
    } catch { throw .damaged("record #\(sequence) does not open") }
    return UnsafeRawBufferPointer(rebasing: plaintext[..<(body.count - StreamSealer.overheadByteCount)])
  }

  /// The next record, checked; it dies with the next call.
  func record(_ body: UnsafeRawBufferPointer, sequence: UInt64) throws(TrailError) -> RawRecord {
    let bytes = try open(body, sequence: sequence)
    do throws(FormatError) { return try RawRecord(parsing: bytes, base: base) } catch {
      throw TrailError(error, "record #\(sequence)")
    }
  }
}
