import VaultFormat

/// The names of a trail's files, for those who tell people of them.
package enum TrailFiles {
  /// Of a segment, by its number.
  package static func segment(_ number: UInt64) -> String { TrailFolder.segmentName(number) }
}

/// How reviewers are named in segments, records and lists.
package enum TrailReviewers {
  /// Of a public key, in hexadecimal: 32 digits.
  package static func fingerprint(of publicKey: [UInt8]) -> String { Hex.encode(Chain.fingerprint(of: publicKey)) }

  /// The fingerprints of everyone to whom a segment of the trail was ever sealed, retired reviewers among them. Reads the header of each segment; one that
  /// cannot be read names nobody. Nothing about it is proven by this.
  package static func everyone(in folder: String) -> Set<String> {
    let folder = TrailFolder(path: folder)
    var everyone: Set<String> = []
    for number in (try? folder.list().segments) ?? [] {
      guard let header = try? SegmentScanner.header(folder, number: number) else { continue }
      for reviewer in header.reviewers { everyone.insert(Hex.encode(reviewer.fingerprint)) }
    }
    return everyone
  }
}
