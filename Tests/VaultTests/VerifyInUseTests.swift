import Catalog
import Glibc
import Platform
import Testing
import VaultFormat

@testable import Vault

/// `verify` of a vault that this process has unlocked, while others work in it.
@Suite(.serialized) struct VerifyInUseTests {
  @Test(arguments: [false, true]) func aWholeVaultHasNoFindings(isQuick: Bool) throws {
    let filled = try FilledVault()
    let vault = try filled.test.unlock()
    // Not committed, and deleted and still open: neither is damage, nor a file that nothing names.
    try write(300_000, "more", in: vault)
    let open = try write(300_000, "open", in: vault)
    try vault.sync()
    try vault.open(open)
    try vault.remove(open)
    try vault.sync()
    let (report, findings) = try vault.verified(isQuick: isQuick)
    #expect(findings.isEmpty, "\(findings)")
    #expect(
      report.documentCount == 5 && report.packCount >= 1 && report.byteCount == UInt64(FilledVault.sizes.reduce(300_000, +)))
    vault.close(open)
    try vault.close()
    #expect(try filled.verify().findings.isEmpty)
  }

  @Test func whatChangesMeanwhileIsNoDamage() throws {
    let filled = try FilledVault()
    let vault = try filled.test.unlock()
    let stopping = Flag()
    let worker = Thread(name: "worker") {
      var round = 0
      while !stopping.isSet {
        round += 1
        guard let node = try? write(round % 3 == 0 ? 5_000 : 200_000, "changing", in: vault) else { continue }
        try? vault.sync()
        if round % 2 == 0 { _ = try? vault.remove(node) }
        try? vault.sync()
      }
    }
    for _ in 0..<12 {
      let findings = try vault.verified().findings
      #expect(findings.isEmpty, "\(findings)")
    }
    stopping.set()
    worker.join()
    try vault.close()
    #expect(try filled.verify().findings.isEmpty)
  }

  @Test func damageIsFoundUnderARunningVaultAndHarmsNoNeighbour() throws {
    let filled = try FilledVault()
    let vault = try filled.test.unlock()
    defer { try? vault.close() }
    let folder = try #require(try vault.child(of: try vault.node(.root), named: Name("folder")!))
    let large = try #require(try vault.child(of: folder, named: Name("300000")!))
    let blob = try #require(try filled.files().first { $0.hasPrefix("blobs/") })
    for change in FileChange.allCases {
      let original = try filled.read(blob)
      try change.apply(to: blob, in: filled, original)
      let (report, findings) = try vault.verified()
      #expect(findings.map(\.kind) == [.blob] && findings.map(\.node) == [large.id], "\(change): \(findings)")
      #expect(report.isVaultDamaged && !report.isTrailBroken)
      let other = try #require(try vault.child(of: folder, named: Name("20000")!))
      var bytes = [UInt8](repeating: 0, count: 20_000)
      #expect(try bytes.withUnsafeMutableBytes { try vault.read(other, at: 0, into: $0) } == 20_000)
      try filled.write(blob, original)
    }
    #expect(try vault.verified().findings.isEmpty)
  }

  @Test(arguments: ["vault.json", "vault.json.2", "trail/signer", "trail/0000000001.segment"])
  func changedFilesAreFoundUnderARunningVault(name: String) throws {
    let filled = try FilledVault()
    let vault = try filled.test.unlock()
    let original = try filled.read(name)
    var bytes = original
    bytes[bytes.count / 2] ^= 1
    try filled.write(name, bytes)
    let findings = try vault.verified().findings
    #expect(findings.contains { $0.severity == .damage && FilledVault.kinds(of: name).contains($0.kind) }, "\(findings)")
    try filled.write(name, original)
    #expect(try vault.verified().findings.isEmpty)
    try vault.close()
  }

  /// The rows of a commit that this process never made, put into the file under it: each opens and all digests agree with each other.
  @Test func anOlderCatalogUnderARunningVaultIsFound() throws {
    let filled = try FilledVault()
    let older = try filled.read("catalog.sqlite")
    let vault = try filled.test.unlock()
    try write(1000, "newer", in: vault)
    try vault.sync()
    // Folded, so that the file counts and not its log.
    try vault.catalog.checkpointTruncate()
    let newer = try filled.read("catalog.sqlite")
    try filled.overwrite("catalog.sqlite", older)
    let findings = try vault.verified().findings
    #expect(findings.contains { $0.fault == .otherCommit }, "\(findings)")
    try filled.overwrite("catalog.sqlite", newer)
    #expect(try vault.verified().findings.isEmpty)
    try vault.close()
  }

  @Test func oneAtATime() throws {
    let filled = try FilledVault()
    let vault = try filled.test.unlock()
    #expect(vault.verification.begin())
    #expect { _ = try vault.verified() } throws: { error in
      guard case .busy = error as? Vault.VerifyFailure else { return false }
      return true
    }
    vault.verification.end()
    #expect(try vault.verified().findings.isEmpty)
    try vault.close()
  }

  // MARK: Going on

  @Test func anInterruptedVerificationGoesOnWhereItWas() throws {
    let filled = try FilledVault()
    let vault = try filled.test.unlock()
    defer { try? vault.close() }
    // More than one bucket of nodes; the first one is damaged.
    for number in 0..<600 { try write(1000, "n\(number)", in: vault) }
    try vault.sync()
    let blob = try #require(try filled.files().first { $0.hasPrefix("blobs/") })
    let original = try filled.read(blob)
    try filled.write(blob, [])
    let total = try vault.verified().report.byteCount
    var found: [Finding] = []
    #expect {
      _ = try vault.verify(
        isQuick: false, isResuming: false,
        progress: { if $0.phase == .content, $0.doneCount > 550_000 { vault.verification.stop() } }, report: { found.append($0) })
    } throws: { error in
      guard case .interrupted = error as? Vault.VerifyFailure else { return false }
      return true
    }
    #expect(found.count == 1)
    #expect(Files.exists(filled.path + "/verify.state"))
    // Its file is no stray, and a quick run leaves it alone.
    #expect(try vault.verified(isQuick: true, isResuming: true).report.resumedFrom == nil)
    let copy = try filled.read("verify.state")
    let again = try vault.verified(isResuming: true)
    #expect(again.report.resumedByteCount >= 320_100 && again.report.resumedByteCount < total)
    #expect(again.findings.map(\.kind) == [.blob], "what the first part found is told again: \(again.findings)")
    #expect(!Files.exists(filled.path + "/verify.state"))

    try filled.write(blob, original)
    try filled.write("verify.state", copy.dropLast() + [copy.last! ^ 1])
    let fresh = try vault.verified(isResuming: true)
    #expect(fresh.report.resumedFrom == nil && fresh.findings.isEmpty, "\(fresh)")
  }

  @Test func closingEndsAVerification() throws {
    let filled = try FilledVault()
    let vault = try filled.test.unlock()
    for number in 0..<600 { try write(1000, "n\(number)", in: vault) }
    try vault.sync()
    let began = Flag()
    let worker = Thread(name: "verifier") {
      _ = try? vault.verify(
        isQuick: false, isResuming: false,
        progress: { progress in
          if progress.phase == .content {
            began.set()
            usleep(20_000)
          }
        }, report: { _ in })
    }
    while !began.isSet { usleep(1000) }
    try vault.close()
    worker.join()
    #expect(try filled.verify().findings.isEmpty)
  }

  // MARK: Memory

  @Test func aMillionNodesTakeSixteenMegabytes() {
    var nodes = CheckedNodes()
    for number in 1...1_000_000 { nodes.append(NodeID(UInt64(number * 3)), .document, in: .root) }
    nodes.finish()
    #expect(nodes.count == 1_000_000 && nodes.byteCount <= 32 << 20)
    #expect(nodes.index(of: NodeID(3_000_000)) == 999_999 && nodes.index(of: NodeID(2)) == nil)
    #expect(nodes.bucket(from: 0) == 0 && nodes.bucket(from: 11_718) == 11_718 && nodes.bucket(from: 11_719) == nil)
  }

  @Test func nodesOutOfOrderAreFoundAllTheSame() {
    var nodes = CheckedNodes()
    for number in [5, 1, 3] as [UInt64] {
      nodes.append(NodeID(number), number == 1 ? .folder : .symlink, in: NodeID(number + 10))
    }
    nodes.finish()
    #expect([1, 3, 5].map { nodes.index(of: NodeID($0)) } == [0, 1, 2])
    #expect(nodes.kind(0) == .folder && nodes.folder(of: 2) == NodeID(15))
    nodes.set(.onPath, at: 1)
    #expect(nodes.mark(1) == .onPath && nodes.id(1) == NodeID(3) && nodes.kind(1) == .symlink)
  }
}

/// A file as it must not be.
enum FileChange: CaseIterable {
  case flipped, cut, missing, longer

  func apply(to name: String, in vault: FilledVault, _ original: [UInt8]) throws {
    switch self {
    case .flipped:
      var bytes = original
      bytes[bytes.count / 2] ^= 1
      try vault.write(name, bytes)
    case .cut: try vault.write(name, Array(original.dropLast()))
    case .missing: unlink(vault.path + "/" + name)
    case .longer: try vault.write(name, original + [0])
    }
  }
}

@discardableResult
private func write(_ count: Int, _ name: String, in vault: Vault) throws -> Node {
  let root = try vault.node(.root)
  let known = try vault.child(of: root, named: Name(name)!)
  let node = try known ?? vault.create(.document, named: Name(name)!, in: root, mode: 0o600, uid: 1, gid: 1)
  try vault.open(node)
  defer { vault.close(node) }
  try (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 11) }.withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }
  return node
}

extension Vault {
  func verified(isQuick: Bool = false, isResuming: Bool = false) throws -> (report: VerifyReport, findings: [Finding]) {
    var findings: [Finding] = []
    let report = try verify(isQuick: isQuick, isResuming: isResuming, progress: { _ in }, report: { findings.append($0) })
    return (report, findings)
  }
}
