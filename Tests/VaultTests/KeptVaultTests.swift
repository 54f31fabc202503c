import Foundation
import Glibc
import Keys
import Platform
import Sodium
import Testing
import VaultFormat

@testable import Vault

/// The vaults of every format that was ever written (Tests/Vaults) open, verify and read as on their first day. On copies.
@Suite(.serialized) struct KeptVaultTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/Vaults"
  static let versions = ((try? Files.list(folder)) ?? []).filter { UInt64($0) != nil }.sorted()

  @Test func thereIsOneForEveryVersion() {
    #expect(Self.versions == (1...vaultFormatVersion).map { "\($0)" })
  }

  @Test(arguments: versions) func itIsWholeAndReadsByteForByte(version: String) throws {
    let kept = try Kept(version)
    #expect(try kept.verify().isEmpty)
    let vault = try Vault.unlock(at: kept.path, root: try kept.root(), settings: TestVault.settings)
    var seen = 0
    for line in try String(contentsOfFile: Self.folder + "/\(version)/contents", encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 5).map(String.init)
      var node = try vault.node(.root)
      for part in words[5].split(separator: "/") {
        node = try #require(try vault.child(of: node, named: Name(String(part))!), "\(words[5])")
      }
      let record = vault.record(of: node)
      seen += 1
      switch words[0] {
      case "folder": #expect(node.kind == .folder && record.mode == UInt16(words[1], radix: 8), "\(line)")
      case "symlink": #expect(node.kind == .symlink && String(decoding: record.target, as: UTF8.self) == words[4], "\(line)")
      default:
        #expect(node.kind == .document && record.mode == UInt16(words[1], radix: 8), "\(line)")
        #expect(record.size == UInt64(words[2]) && record.modified == nanoseconds(words[3]), "\(line)")
        #expect(try sha256(of: node, in: vault) == words[4], "\(line)")
      }
    }
    #expect(seen > 10)
    #expect(try count(below: vault.node(.root), in: vault) == seen, "nothing else is in it")
    #expect(vault.grants.count == 4 && vault.barriers.count == 1 && vault.boundaries.count == 1)
    #expect(vault.barriers.first?.name == "墙" && vault.grants.contains { $0.reason == "至 2030 年" && $0.until != nil })
    let large = try #require(try vault.child(of: try vault.node(.root), named: Name("large")!))
    #expect(vault.record(of: large).xattrs == [.init(name: Array("user.class".utf8), value: Array("contract".utf8))])
    // It goes on as a vault of today.
    let node = try vault.create(.document, named: Name("today")!, in: try vault.node(.root), mode: 0o600, uid: 1, gid: 1)
    try [UInt8](repeating: 1, count: 200_000).withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }
    try vault.close()
    #expect(try kept.verify().isEmpty)
  }

  @Test(arguments: versions) func eachOfItsSlotsOpensIt(version: String) throws {
    let kept = try Kept(version)
    let bytes = try File(Self.folder + "/\(version)/key", O_RDONLY).readAll(limit: 1 << 16)
    let secret = try SlotSecret(.keyFile, try SecretBytes(count: bytes.count) { $0.copyBytes(from: bytes) })
    let root = try Vault.readFile(at: kept.path, secret: secret).takeRoot()
    try Vault.unlock(at: kept.path, root: root, settings: TestVault.settings).close()
  }

  private func nanoseconds(_ text: String) -> Int64? {
    let parts = text.split(separator: ".")
    guard parts.count == 2, parts[1].count == 9, let seconds = Int64(parts[0]), let rest = Int64(parts[1]) else { return nil }
    return seconds * 1_000_000_000 + rest
  }

  private func sha256(of node: Node, in vault: Vault) throws -> String {
    try vault.open(node)
    defer { vault.close(node) }
    var bytes = [UInt8](repeating: 0, count: Int(vault.record(of: node).size))
    let count = try bytes.withUnsafeMutableBytes { try vault.read(node, at: 0, into: $0) }
    #expect(count == bytes.count)
    let path = NSTemporaryDirectory() + "/strongroom-kept-\(getpid())"
    defer { unlink(path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    process.arguments = [path]
    process.standardOutput = output
    try process.run()
    let said = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: said, as: UTF8.self).split(separator: " ").first.map(String.init) ?? ""
  }

  private func count(below folder: Node, in vault: Vault) throws -> Int {
    var total = 0
    for child in try vault.children(of: folder, after: .none, limit: 10_000).ids.map(vault.node) {
      total += 1
      if child.kind == .folder { total += try count(below: child, in: vault) }
    }
    return total
  }
}

/// A copy that goes with the value.
private final class Kept {
  let folder: String
  var path: String { folder + "/vault" }
  private let version: String

  init(_ version: String) throws {
    self.version = version
    var template = Array("/tmp/strongroom-test-XXXXXX".utf8CString)
    folder = String(cString: mkdtemp(&template)!)
    try FileManager.default.copyItem(atPath: KeptVaultTests.folder + "/\(version)/vault", toPath: path)
  }

  deinit { TestVault.remove(folder) }

  func root() throws -> SecretBytes {
    let text = try String(contentsOfFile: KeptVaultTests.folder + "/\(version)/passphrase", encoding: .utf8)
    return try Vault.readFile(at: path, secret: TestVault.passphrase(String(text.dropLast()))).takeRoot()
  }

  func verify() throws -> [Finding] {
    var findings: [Finding] = []
    _ = try VaultVerifier.verify(at: path, root: try root(), isQuick: false, progress: { _ in }, report: { findings.append($0) })
    return findings
  }
}
