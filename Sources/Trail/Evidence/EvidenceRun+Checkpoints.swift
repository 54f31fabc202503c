import Sodium
import VaultFormat

/// The chain of checkpoints and what an anchor was told of it.
extension EvidenceRun {
  /// All of them, from the genesis key on, each signed with the key that the one before named.
  mutating func checkCheckpoints(_ archive: EvidenceArchiveReader, _ manifest: EvidenceManifest) throws(TrailError) {
    let place = try place(EvidenceFiles.checkpoints, archive)
    guard place.byteCount % Checkpoint.byteCount == 0, UInt64(place.byteCount / Checkpoint.byteCount) == manifest.checkpointCount,
      manifest.checkpointCount > 0
    else { throw .damaged("checkpoints: another number than the manifest says") }
    var last: Checkpoint?
    var lastHash = ChainHead.zero
    for epoch in 0..<manifest.checkpointCount {
      let bytes = try archive.read(at: place.offset + Int(epoch) * Checkpoint.byteCount, count: Checkpoint.byteCount)
      let checkpoint: Checkpoint
      do throws(FormatError) { checkpoint = try Checkpoint(parsing: bytes) } catch { throw TrailError(error, "epoch \(epoch)") }
      let key = last?.nextPublicKey ?? options.genesis ?? checkpoint.publicKey
      guard checkpoint.vault == manifest.vault, checkpoint.epoch == epoch, checkpoint.previous == lastHash else {
        throw .damaged("epoch \(epoch): not the next checkpoint")
      }
      guard checkpoint.publicKey == key, Signature.verify(checkpoint.signature, of: checkpoint.signedBytes, publicKey: key) else {
        throw .damaged("epoch \(epoch): a wrong signature or another genesis key")
      }
      if last == nil { report.firstPublicKey = checkpoint.publicKey }
      if let hash = met.removeValue(forKey: epoch), hash != checkpoint.hash {
        throw .damaged("epoch \(epoch): another checkpoint than in the segment")
      }
      try checkAnchor(checkpoint, bytes)
      lastHash = checkpoint.hash
      last = checkpoint
    }
    guard met.isEmpty else { throw .damaged("a segment holds a checkpoint that the chain of keys has not") }
    report.checkpointCount = manifest.checkpointCount
    report.lastCheckpoint = last.map { ($0.sequence, $0.wall) }
  }

  /// A checkpoint says the head before its frame, and so the head after it.
  private mutating func checkAnchor(_ checkpoint: Checkpoint, _ bytes: [UInt8]) throws(TrailError) {
    guard let anchors, let line = anchors.line, line.epoch == checkpoint.epoch else { return }
    var writer = ByteWriter()
    writer.raw(checkpoint.head.bytes)
    writer.u64(checkpoint.sequence)
    writer.u16(UInt16(bytes.count))
    writer.u8(Frame.Kind.checkpoint.rawValue)
    writer.raw(bytes)
    let point = ChainPoint(sequence: checkpoint.sequence, head: ChainHead(Hash.plain(writer.bytes))!)
    guard line.vault == checkpoint.vault, line.segment == checkpoint.segment, line.point == point else {
      throw .damaged("epoch \(line.epoch): not the checkpoint that an anchor was told")
    }
    report.anchorCount += 1
    try anchors.advance()
  }
}
