package import VaultFormat

/// What the trail says of the catalog, for whoever only looks.
package enum TrailMarks {
  /// The last marks of a trail that nobody writes, and how it ended. Changes nothing.
  /// - Throws: `damaged`, `missing` where the trail from its signer's last checkpoint on is not what was written.
  package static func last(in path: String, vault: VaultID, keys: TrailKeys) throws(TrailError) -> TrailOpening {
    let folder = TrailFolder(path: path)
    let signer = try TrailSigner.load(from: folder, vault: vault, key: keys.signer)
    let found = try TrailRecovery(folder, vault: vault, keys: keys, signer: signer)
    return TrailOpening(
      marks: found.marks, droppedByteCount: found.droppedByteCount, wasClosedCleanly: found.wasClosedCleanly,
      end: found.segment == 0 ? nil : found.end.point)
  }
}
