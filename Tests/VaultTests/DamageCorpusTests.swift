import Glibc
import Keys
import Platform
import Sodium
import TestStores
import Testing
import Trail
import VaultFormat

@testable import Vault

/// Every kind of file of a vault, damaged in every way: what the mount says, and what `verify` says, in one table.
@Suite(.serialized) struct DamageCorpusTests {
  /// A kind of file, and one of that kind in a vault at rest.
  enum Kind: String, CaseIterable {
    case vaultFile = "vault.json"
    case secondCopy = "vault.json.2"
    case catalog = "catalog.sqlite"
    case blob = "blobs/…"
    case pack = "packs/…"
    case firstSegment = "trail/0000000001.segment"
    case lastSegment = "trail/… the last"
    case signer = "trail/signer"
    case lock

    func file(in contents: [String: [UInt8]]) throws -> String {
      let files = contents.keys.sorted()
      switch self {
      case .blob: return try #require(files.first { $0.hasPrefix("blobs/") })
      case .pack: return try #require(files.last { $0.hasPrefix("packs/") })
      case .lastSegment: return try #require(files.last { $0.hasSuffix(".segment") })
      default: return rawValue
      }
    }
  }

  enum Damage: String, CaseIterable {
    /// One bit, somewhere.
    case flipped
    /// The last quarter is gone.
    case cut
    /// Two files of the kind, or two parts of the file, have changed places.
    case swapped
    /// As it was before the last commits.
    case replayed
    case missing
    /// A second one beside it, under another name.
    case duplicated
  }

  /// The exit codes of unlocking (as `mount` ends) and of `verify`. 0 at unlocking: what is damaged is met when it is used.
  struct Expected: Equatable, CustomStringConvertible {
    var mount: Int
    var verify: Int
    var description: String { "mount \(mount), verify \(verify)" }
  }

  /// docs/threat-model.md has the same in words. A lock holds nothing, so that nothing can be wrong with it.
  static let table: [Kind: [Damage: Expected]] = [
    .vaultFile: row((0, 14), (0, 14), nil, (0, 14), (0, 14), (0, 3)),
    .secondCopy: row((0, 14), (0, 14), nil, (0, 14), (0, 14), (0, 3)),
    .catalog: row((14, 14), (14, 14), (14, 14), (14, 14), (14, 14), (0, 3)),
    .blob: row((0, 14), (0, 14), (0, 14), nil, (0, 14), (0, 3)),
    .pack: row((0, 14), (0, 14), (0, 14), (0, 14), (0, 14), (0, 3)),
    .firstSegment: row((0, 13), (0, 13), (0, 13), nil, (0, 13), (0, 3)),
    .lastSegment: row((13, 13), (13, 13), (13, 13), (13, 13), (13, 13), (0, 3)),
    .signer: row((13, 13), (13, 13), (13, 13), (13, 13), (13, 13), (0, 3)),
    .lock: row((0, 0), (0, 0), nil, (0, 0), (0, 0), (0, 3)),
  ]

  private static func row(
    _ flipped: (Int, Int)?, _ cut: (Int, Int)?, _ swapped: (Int, Int)?, _ replayed: (Int, Int)?, _ missing: (Int, Int)?,
    _ duplicated: (Int, Int)?
  ) -> [Damage: Expected] {
    let pairs: [(Damage, (Int, Int)?)] = [
      (.flipped, flipped), (.cut, cut), (.swapped, swapped), (.replayed, replayed), (.missing, missing),
      (.duplicated, duplicated),
    ]
    return pairs.reduce(into: [:]) { if let found = $1.1 { $0[$1.0] = Expected(mount: found.0, verify: found.1) } }
  }

  @Test(arguments: Kind.allCases) func everyDamageIsFound(kind: Kind) throws {
    let vault = try AgedVault()
    #expect(try vault.outcome() == Expected(mount: 0, verify: 0))
    for (damage, expected) in Self.table[kind]!.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      try vault.put(vault.today)
      try apply(damage, to: kind, in: vault)
      let found = try vault.outcome()
      #expect(found == expected, "\(kind.rawValue) \(damage.rawValue): \(vault.lastFindings)")
    }
  }

  /// The table has every pair that can be: a blob and a segment are written once, so that there is no older one of the same name; two copies of
  /// vault.json are alike; a lock is empty.
  @Test func theTableIsWhole() {
    for kind in Kind.allCases {
      let left = Set(Damage.allCases).subtracting(Self.table[kind]!.keys)
      let allowed: Set<Damage> =
        switch kind {
        case .blob, .firstSegment: [.replayed]
        case .vaultFile, .secondCopy, .lock: [.swapped]
        default: []
        }
      #expect(left == allowed, "\(kind.rawValue)")
    }
  }

  private func apply(_ damage: Damage, to kind: Kind, in vault: AgedVault) throws {
    let name = try kind.file(in: vault.today)
    let bytes = vault.today[name]!
    switch damage {
    case .flipped:
      // Of a lock there is no bit to flip.
      guard !bytes.isEmpty else { return try vault.write(name, [1]) }
      var changed = bytes
      changed[bytes.count / 2] ^= 0x10
      try vault.write(name, changed)
    case .cut: try vault.write(name, Array(bytes.prefix(bytes.count * 3 / 4)))
    case .swapped: try swap(kind, name, in: vault)
    // Under its own name where it was there, else yesterday's of its kind.
    case .replayed: try vault.write(name, vault.yesterday[name] ?? vault.yesterday[try kind.file(in: vault.yesterday)]!)
    case .missing: unlink(vault.path + "/" + name)
    case .duplicated: try vault.write(name + "-copy", bytes)
    }
  }

  /// With another of the kind where there is one, else the halves of the file.
  private func swap(_ kind: Kind, _ name: String, in vault: AgedVault) throws {
    let bytes = vault.today[name]!
    let other = vault.today.keys.sorted().first { other in
      switch kind {
      case .blob: other != name && other.hasPrefix("blobs/")
      case .pack: other != name && other.hasPrefix("packs/")
      case .firstSegment: other == "trail/0000000002.segment"
      default: false
      }
    }
    if let other {
      try vault.write(name, vault.today[other]!)
      try vault.write(other, bytes)
    } else {
      let half = bytes.count / 2 & ~4095
      let at = half > 0 ? half : bytes.count / 2
      try vault.write(name, Array(bytes[at...] + bytes[..<at]))
    }
  }

  // MARK: States put back

  /// The whole catalog of yesterday, with today's trail: the mount refuses it, and `verify` says so.
  @Test func yesterdaysCatalogIsFound() throws {
    let vault = try AgedVault()
    try vault.write("catalog.sqlite", vault.yesterday["catalog.sqlite"]!)
    #expect(try vault.outcome() == Expected(mount: 14, verify: 14), "\(vault.lastFindings)")
    #expect(vault.lastFindings.contains { $0.fault == .disagreesWithTrail }, "\(vault.lastFindings)")
  }

  /// The trail of yesterday, with today's catalog: yesterday ended in order, so that its last mark names the catalog's file of then; the commit in the
  /// one that is there says that it is the later one.
  @Test func yesterdaysTrailIsFound() throws {
    let vault = try AgedVault()
    for name in try vault.files() where name.hasPrefix("trail/") { unlink(vault.path + "/" + name) }
    for (name, bytes) in vault.yesterday where name.hasPrefix("trail/") { try vault.write(name, bytes) }
    #expect(try vault.outcome() == Expected(mount: 13, verify: 13), "\(vault.lastFindings)")
    #expect(vault.lastFindings.contains { $0.fault == .trailBroken }, "\(vault.lastFindings)")
  }

  /// Everything of yesterday is consistent in itself: `verify` finds nothing, an anchor that was told elsewhere does (TrailTests, LogVerifyTests).
  @Test func everythingOfYesterdayIsFoundAgainstAnAnchorAlone() throws {
    let vault = try AgedVault()
    let end = try vault.trailEnd()
    #expect(try vault.trailVerdict(expecting: end) == "consistent" && vault.trailVerdict(anchored: vault.anchor) == "consistent")
    try vault.put(vault.yesterday)
    #expect(try vault.outcome() == Expected(mount: 0, verify: 0), "\(vault.lastFindings)")
    try vault.put(vault.yesterday)
    #expect(try vault.trailVerdict(expecting: end).hasPrefix("broken"))
    #expect(try vault.trailVerdict(anchored: vault.anchor).hasPrefix("broken"))
  }

  // MARK: Neighbours

  /// One damaged document, in a pack or in a file of its own: every other one reads as before.
  @Test(arguments: ["packs/", "blobs/"]) func aDamagedDocumentHarmsNoOther(prefix: String) throws {
    let vault = try FilledVault()
    let name = try #require(try vault.files().first { $0.hasPrefix(prefix) })
    var bytes = try vault.read(name)
    bytes[50] ^= 1
    try vault.write(name, bytes)
    let open = try vault.test.unlock()
    let folder = try #require(try open.child(of: try open.node(.root), named: Name("folder")!))
    var broken: [Int] = []
    for size in FilledVault.sizes {
      let node = try #require(try open.child(of: folder, named: Name("\(size)")!))
      var content = [UInt8](repeating: 0, count: size + 1)
      guard let count = try? content.withUnsafeMutableBytes({ try open.read(node, at: 0, into: $0) }) else {
        broken.append(size)
        continue
      }
      #expect(count == size && content.prefix(size).elementsEqual((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }))
    }
    #expect(broken.count == 1, "\(broken)")
    try open.close()
  }
}

/// A vault at rest after a day of work, and as it was the day before; with an anchor that was told of the day.
final class AgedVault {
  let filled: FilledVault
  let yesterday: [String: [UInt8]]
  let today: [String: [UInt8]]
  private(set) var lastFindings: [Finding] = []
  var path: String { filled.path }
  var anchor: String { filled.test.folder + "/anchor" }

  init() throws {
    filled = try FilledVault()
    yesterday = try filled.contents()
    var settings = TestVault.settings
    settings.trail.anchors = [FileAnchor(path: filled.test.folder + "/anchor")]
    let vault = try filled.test.unlock(settings)
    let root = try vault.node(.root)
    for size in [3_000, 250_000] {
      let node = try vault.create(.document, named: Name("today \(size)")!, in: root, mode: 0o600, uid: 1, gid: 1)
      try [UInt8](repeating: 9, count: size).withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }
    }
    let secret = try TestVault.passphrase("another horse")
    _ = try vault.changeFile { (present, root) throws(KeysError) in
      try present.adding(secret, label: "other", now: 2, root: root, strength: .interactive).file
    }
    try vault.close()
    today = try filled.contents()
  }

  func write(_ name: String, _ bytes: [UInt8]) throws { try filled.write(name, bytes) }
  func files() throws -> [String] { try filled.files() }

  /// These files and no others.
  func put(_ contents: [String: [UInt8]]) throws {
    for name in try files() where contents[name] == nil { unlink(path + "/" + name) }
    for (name, bytes) in contents { try write(name, bytes) }
  }

  /// How `verify` ends, and then `mount`; the vault is another one afterwards.
  func outcome() throws -> DamageCorpusTests.Expected {
    var verify: Int
    do {
      let (report, findings) = try filled.verify()
      lastFindings = findings
      verify = report.isVaultDamaged ? 14 : report.isTrailBroken ? 13 : report.noticeCount > 0 ? 3 : 0
    } catch let error as UnlockError {
      lastFindings = []
      verify = Self.code(error)
    }
    do {
      try filled.test.unlock().close()
      return DamageCorpusTests.Expected(mount: 0, verify: verify)
    } catch let error as UnlockError {
      return DamageCorpusTests.Expected(mount: Self.code(error), verify: verify)
    }
  }

  /// As StrongroomCLI ends (CommandFailure+Unlock).
  private static func code(_ error: UnlockError) -> Int {
    switch error {
    case .damaged, .folder(.damaged): 14
    case .trail: 13
    case .folder(.noVault): 10
    default: 1
    }
  }

  // MARK: The trail

  func trailEnd() throws -> ChainPoint { try #require(try TrailVerifier(path + "/trail").verify().end) }

  func trailVerdict(expecting end: ChainPoint? = nil, anchored anchor: String? = nil) throws -> String {
    var verifier = TrailVerifier(path + "/trail")
    verifier.end = end
    verifier.anchorPath = anchor
    switch try verifier.verify().verdict {
    case .whole: return "whole"
    case .consistent: return "consistent"
    case .broken(let place): return "broken: \(place)"
    }
  }
}
