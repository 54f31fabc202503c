import VaultFormat

/// What is known at the end of the trail.
extension VerifierRun {
  mutating func conclude() throws(Stop) {
    let end = previous.point.sequence
    place.sequence = end
    if let expected = options.end, !hasMetEnd, restored.map({ $0.after >= expected.sequence }) ?? true {
      guard let otherEnd else { throw broken("the trail ends before the expected end") }
      place = otherEnd
      throw broken("not the frame that was expected here")
    }
    try concludeAnchors()
    if let expected = options.end, hasMetEnd {
      report.establishedThrough = max(report.establishedThrough ?? 0, expected.sequence)
    }
    try checkSigner()

    let signed = report.signedPoint?.sequence ?? 0
    if signed < end, (report.establishedThrough ?? 0) < end {
      findings.append(.unsigned(from: signed + 1, through: end, isLast: true))
    }
    if !sealedToOthers.isEmpty { findings.append(.sealedToOthers(sealedToOthers)) }
    if options.genesis == nil { findings.append(.originNotEstablished) }
    if report.establishedThrough == nil { findings.append(.endNotEstablished) }
    report.verdict = findings.isEmpty ? .whole : .consistent(findings)
  }

  /// The signer is the one that made the last checkpoint: neither older than the trail nor newer.
  private func checkSigner() throws(Stop) {
    guard let keys = options.keys, let vault else { return }
    if let expected = signerPoint, !hasMetSigner {
      throw broken("the trail ends before the signer's last checkpoint, #\(expected.sequence)")
    }
    do throws(TrailError) {
      let signer = try TrailSigner.load(from: folder, vault: vault, key: keys.signer)
      let next = checkpoint.map { $0.epoch + 1 } ?? 0
      guard signer.epoch + 1 >= next else { throw .damaged("the signer is older than the trail") }
      if signer.epoch == next, let checkpoint, try signer.publicKey() != checkpoint.nextPublicKey {
        throw .damaged("the signer holds another key")
      }
    } catch { throw error == .missing ? broken("the signer is missing") : stop(error) }
  }
}
