import Sodium
import VaultFormat

/// The pieces of the chain, frame by frame.
extension EvidenceRun {
  mutating func check(
    _ place: EvidenceArchiveReader.Place, _ number: UInt64, _ archive: EvidenceArchiveReader, _ manifest: EvidenceManifest
  ) throws(TrailError) {
    let scanner = try SegmentScanner(
      archive.file, at: place.offset, byteCount: place.byteCount, number: number, vault: manifest.vault)
    let header = scanner.header
    if isOpen {
      guard number == previous.number + 1, header.previousHead == previous.point.head,
        header.firstSequence == previous.point.sequence + 1, header.previousByteCount == previous.byteCount
      else { throw .damaged("segment \(number) does not continue the one before") }
    }
    let opener = try opener(header, manifest)
    walk: while true {
      switch try scanner.next() {
      case .frame(let kind, let body):
        report.frameCount += 1
        try take(kind, body, scanner, opener)
      case .end: break walk
      case .torn, .bad: throw .damaged("segment \(number): byte \(scanner.offset): not a whole frame")
      }
    }
    report.segmentCount += 1
    previous = (number, UInt64(scanner.offset), scanner.point)
  }

  private mutating func opener(_ header: SegmentHeader, _ manifest: EvidenceManifest) throws(TrailError) -> RecordOpener? {
    guard report.records.contains(where: { $0.segment == header.number }) else { return nil }
    if let identity = options.identity {
      if let opener = try RecordOpener(header, identity: identity) { return opener }
      sealedToOthers.append(header.number)
    }
    guard manifest.isOpened else { return nil }
    guard let key = keys[header.number] else { throw .damaged("segment \(header.number): its key is missing") }
    return try RecordOpener(header, key: key.bytes)
  }

  private mutating func take(
    _ kind: Frame.Kind, _ body: UnsafeRawBufferPointer, _ scanner: SegmentScanner, _ opener: RecordOpener?
  ) throws(TrailError) {
    isOpen = kind != .checkpoint
    switch kind {
    case .mark: return
    case .checkpoint:
      guard body.count == Checkpoint.byteCount else { throw .damaged("not a checkpoint") }
      let checkpoint: Checkpoint
      do throws(FormatError) { checkpoint = try Checkpoint(parsing: [UInt8](body)) } catch {
        throw TrailError(error, "checkpoint #\(scanner.sequence)")
      }
      guard checkpoint.segment == scanner.header.number, checkpoint.sequence == scanner.sequence,
        checkpoint.head == scanner.previousHead, met.updateValue(checkpoint.hash, forKey: checkpoint.epoch) == nil
      else { throw .damaged("checkpoint #\(scanner.sequence): stood elsewhere") }
    case .record:
      let opened = try opener?.open(body, sequence: scanner.sequence)
      guard next < report.records.count, report.records[next].sequence == scanner.sequence else { return }
      let wanted = report.records[next]
      guard wanted.segment == scanner.header.number, wanted.plaintext.count + StreamSealer.overheadByteCount == body.count,
        opened.map({ $0.elementsEqual(wanted.plaintext) }) ?? true
      else { throw .damaged("record #\(scanner.sequence): not what its frame holds") }
      do throws(FormatError) {
        report.records[next].record = try Record(parsing: wanted.plaintext, base: scanner.header.base)
      } catch { throw TrailError(error, "record #\(scanner.sequence)") }
      next += 1
    }
  }
}
