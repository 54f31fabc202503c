package import VaultFormat

/// What checking an evidence pack came to.
package struct EvidenceReport: Sendable {
  package enum Verdict: Sendable, Equatable {
    /// Origin, signer and every byte agree.
    case whole
    /// Nothing contradicts, but this was not established.
    case consistent([Finding])
    /// The first thing that is wrong.
    case broken(String)
  }

  package enum Finding: Sendable, Equatable {
    /// No genesis key and no anchor was given: the chain could be another trail's.
    case originNotEstablished
    /// No signer was given: the reviewer who vouches for the pack could be somebody else.
    case signerNotEstablished
    /// Segments that are not sealed to the identity given.
    case sealedToOthers([UInt64])
  }

  /// What says that the readable records are those of the frames.
  package enum Content: Sendable, Equatable {
    /// The reviewer's signature alone.
    case attested
    /// The segments' keys in the pack.
    case keysInPack
    /// The identity given.
    case identity
  }

  package var verdict = Verdict.whole
  package var manifest: EvidenceManifest?
  package var content = Content.attested
  package var records: [EvidenceRecord] = []
  package var segmentCount: UInt64 = 0
  package var frameCount: UInt64 = 0
  package var checkpointCount: UInt64 = 0
  /// The key of the first checkpoint.
  package var firstPublicKey: [UInt8]?
  /// The last checkpoint's sequence and wall time.
  package var lastCheckpoint: (sequence: UInt64, wall: Int64)?
  /// Anchors that were met.
  package var anchorCount: UInt64 = 0
}
