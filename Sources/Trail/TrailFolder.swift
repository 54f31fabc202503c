import Glibc
import Platform
package import Sodium
package import VaultFormat

/// The trail's folder: which files it holds, by name.
struct TrailFolder: Sendable {
  let path: String

  /// Of a file that is not finished; a crash may leave one, and it counts for nothing.
  static let unfinishedSuffix = ".new"
  private static let segmentSuffix = ".segment"

  var signerPath: String { path + "/signer" }

  /// `0000000001.segment`: the number in at least ten digits.
  func segmentPath(_ number: UInt64) -> String { path + "/" + Self.segmentName(number) }

  static func segmentName(_ number: UInt64) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 10 - digits.count)) + digits + segmentSuffix
  }

  /// The numbers of all segments, ascending, and the names of files that do not belong here.
  /// - Throws: `TrailError.missing` where there is no such folder.
  func list() throws(TrailError) -> (segments: [UInt64], foreign: [String]) {
    let names: [String]
    do { names = try Files.list(path) } catch {
      throw error.code == ENOENT || error.code == ENOTDIR ? .missing : .unreadable("\(error)")
    }
    var segments: [UInt64] = []
    var foreign: [String] = []
    for name in names where name != "signer" {
      if name.hasSuffix(Self.segmentSuffix), let number = UInt64(name.dropLast(Self.segmentSuffix.count)), number > 0,
        Self.segmentName(number) == name
      {
        segments.append(number)
      } else if !isUnfinished(name) {
        foreign.append(name)
      }
    }
    return (segments.sorted(), foreign)
  }

  private func isUnfinished(_ name: String) -> Bool {
    name == "signer" + Self.unfinishedSuffix || name.hasSuffix(Self.segmentSuffix + Self.unfinishedSuffix)
  }
}

/// The hash chain's beginnings.
package enum Chain {
  /// Before the first segment: BLAKE2b-256(domain chainStart ‖ vault ‖ genesis key).
  package static func genesis(vault: VaultID, publicKey: [UInt8]) -> ChainHead {
    ChainHead(Hash.plain(Domain.chainStart.bytes + vault.bytes + publicKey))!
  }

  /// After a segment's header: BLAKE2b-256(domain chainStart ‖ header without its check).
  package static func start(header: [UInt8]) -> ChainHead { ChainHead(Hash.plain(Domain.chainStart.bytes + header))! }

  /// Sixteen bytes by which a header names a reviewer.
  package static func fingerprint(of publicKey: [UInt8]) -> [UInt8] {
    Hash.plain(Domain.reviewerFingerprint.bytes + publicKey, outputByteCount: 16)
  }

  /// What every reviewer checks the segment key against.
  package static func commitment(to key: borrowing SecretBytes) -> [UInt8] {
    var hash = Hash()
    hash.update(Domain.segmentKeyCommitment.bytes)
    key.withUnsafeBytes { hash.update($0) }
    return hash.finish()
  }
}

/// The kernel's boot id; zeros where it does not tell.
enum Boot {
  static let id: ID128 = {
    guard let file = try? File("/proc/sys/kernel/random/boot_id", O_RDONLY) else { return ID128(high: 0, low: 0) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 64) { buffer, used in
      used = (try? file.read(at: 0, into: UnsafeMutableRawBufferPointer(buffer))) ?? 0
    }
    let digits = String(decoding: bytes, as: UTF8.self).filter { $0 != "-" && $0 != "\n" }
    return Hex.decode(digits).flatMap { ID128($0) } ?? ID128(high: 0, low: 0)
  }()
}
