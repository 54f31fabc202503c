import Sodium
import VaultFormat

/// What the manifest names, and the signature over it.
extension EvidenceRun {
  /// The files in their order, their hashes, and the signature over these.
  func readManifest(_ archive: EvidenceArchiveReader) throws(TrailError) -> EvidenceManifest {
    let places = archive.places
    guard places.count >= 5, places[places.count - 2].name == EvidenceFiles.manifest,
      places[places.count - 1].name == EvidenceFiles.signature
    else { throw .damaged("not an evidence pack") }
    let bytes = try archive.bytes(of: places[places.count - 2], limit: EvidenceManifest.byteCountMax)
    guard let words = String(validating: bytes, as: UTF8.self) else { throw .damaged("manifest: not text") }
    let manifest: EvidenceManifest
    do throws(FormatError) { manifest = try EvidenceManifest(parsing: words) } catch { throw TrailError(error, "evidence pack") }
    if let signer = options.signer, signer != manifest.signer { throw .damaged("signed with another key than the one expected") }
    let signature = try archive.bytes(of: places[places.count - 1], limit: Signature.byteCount)
    guard Signature.verify(signature, of: Domain.evidence.bytes + bytes, publicKey: manifest.signer) else {
      throw .damaged("signature: wrong")
    }
    let files = places.dropLast(2)
    guard files.map(\.name) == manifest.members.map(\.name), isInOrder(files.map(\.name), manifest) else {
      throw .damaged("other files than the manifest names")
    }
    for (place, member) in zip(files, manifest.members) {
      guard UInt64(place.byteCount) == member.byteCount, try archive.hash(of: place) == member.hash else {
        throw .damaged("\(place.name): not what was signed")
      }
    }
    return manifest
  }

  private func isInOrder(_ names: [String], _ manifest: EvidenceManifest) -> Bool {
    let tail = (manifest.isOpened ? [EvidenceFiles.keys] : []) + [EvidenceFiles.records, EvidenceFiles.text]
    guard names.first == EvidenceFiles.checkpoints, names.count > tail.count + 1, Array(names.suffix(tail.count)) == tail else {
      return false
    }
    let segments = names.dropFirst().dropLast(tail.count)
    let numbers = segments.compactMap(Self.segmentNumber)
    return numbers.count == segments.count && zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
  }

  static func segmentNumber(_ name: String) -> UInt64? {
    guard name.hasPrefix(EvidenceFiles.segmentFolder) else { return nil }
    let file = name.dropFirst(EvidenceFiles.segmentFolder.count)
    guard let digits = file.split(separator: ".").first, let number = UInt64(digits), TrailFolder.segmentName(number) == file
    else {
      return nil
    }
    return number
  }

  mutating func readKeys(_ archive: EvidenceArchiveReader, _ manifest: EvidenceManifest) throws(TrailError) {
    guard manifest.isOpened else { return }
    let bytes = try archive.bytes(of: try place(EvidenceFiles.keys, archive), limit: EvidenceFiles.recordsByteCountMax)
    var reader = ByteReader(bytes)
    do {
      while !reader.isAtEnd {
        let number = try reader.u64()
        let key = Array(try reader.raw(32))
        keys[number] = SharedSecret(try SecretBytes(count: 32) { $0.copyBytes(from: key) })
      }
    } catch is FormatError { throw .damaged("keys") } catch { throw .memoryNotLocked }
  }

  mutating func readRecords(_ archive: EvidenceArchiveReader) throws(TrailError) {
    let bytes = try archive.bytes(of: try place(EvidenceFiles.records, archive), limit: EvidenceFiles.recordsByteCountMax)
    do throws(FormatError) { report.records = try EvidenceRecord.parse(bytes) } catch { throw TrailError(error, "evidence pack") }
    guard let manifest = report.manifest, UInt64(report.records.filter { !$0.isContext }.count) == manifest.chosenCount,
      UInt64(report.records.filter(\.isContext).count) == manifest.contextCount
    else { throw .damaged("records: another number than the manifest says") }
  }
}
