import Glibc
import Platform
import Sodium
import TestStores
import Testing
import Vault
import VaultFormat

/// A closed vault with an empty document, two in a pack and one in files of its own, and a grant.
final class FilledVault {
  static let sizes = [0, 100, 20_000, 300_000]
  let test: TestVault
  let path: String

  init() throws {
    test = try TestVault()
    let vault = try test.unlock()
    let root = try vault.node(.root)
    let folder = try vault.create(.folder, named: Name("folder")!, in: root, mode: 0o755, uid: 1, gid: 1)
    for size in Self.sizes {
      let node = try vault.create(.document, named: Name("\(size)")!, in: folder, mode: 0o644, uid: 1, gid: 1)
      try vault.open(node)
      try (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }.withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }
      vault.close(node)
    }
    try vault.close()
    path = test.path
  }

  /// As the other's files lie now, in a folder beside it.
  init(copying other: FilledVault) throws {
    test = other.test
    path = test.folder + "/copy"
    for name in try other.files() {
      mkdir(path, 0o700)
      for (index, byte) in name.utf8.enumerated() where byte == UInt8(ascii: "/") {
        mkdir(path + "/" + name.prefix(index), 0o700)
      }
      try write(name, try other.read(name))
    }
    mkdir(path + "/blobs", 0o700)
  }

  func verify(isQuick: Bool = false) throws -> (report: VerifyReport, findings: [Finding]) {
    var findings: [Finding] = []
    let report = try VaultVerifier.verify(at: path, root: test.root.bytes, isQuick: isQuick, progress: { _ in }) {
      findings.append($0)
    }
    return (report, findings)
  }

  /// What damage of a file may be told as.
  static func kinds(of name: String) -> Set<Finding.Kind> {
    if name.hasPrefix("vault.json") { return [.vaultFile] }
    if name.hasPrefix("catalog") { return [.catalog] }
    if name.hasPrefix("trail/") { return [.trail] }
    return name.hasPrefix("packs/") ? [.pack] : [.blob]
  }

  func expectDamage(_ name: String, _ context: String) throws {
    let (report, findings) = try verify()
    let kinds = Self.kinds(of: name)
    #expect(findings.contains { $0.severity == .damage && kinds.contains($0.kind) }, "\(context): \(findings)")
    #expect(
      report.worst == .damage && report.isTrailBroken == (kinds == [.trail]) && report.isVaultDamaged == (kinds != [.trail]),
      "\(context): \(findings)")
  }

  /// Every file, relative to the vault's folder.
  func files() throws -> [String] {
    func walk(_ folder: String) throws -> [String] {
      try Files.list(path + "/" + folder).sorted().flatMap { name -> [String] in
        let inner = folder.isEmpty ? name : folder + "/" + name
        var status = stat()
        lstat(path + "/" + inner, &status)
        return status.st_mode & S_IFMT == S_IFDIR ? try walk(inner) : [inner]
      }
    }
    return try walk("")
  }

  func contents() throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for name in try files() { contents[name] = try read(name) }
    return contents
  }

  func read(_ name: String) throws -> [UInt8] { try File(path + "/" + name, O_RDONLY).readAll(limit: 1 << 30) }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try File(path + "/" + name, O_WRONLY | O_CREAT | O_TRUNC).write(bytes, at: 0)
  }

  /// Bytes into the file that is there, which others may have open.
  func overwrite(_ name: String, _ bytes: [UInt8]) throws {
    let file = try File(path + "/" + name, O_RDWR)
    try file.write(bytes, at: 0)
    try file.truncate(to: bytes.count)
  }
}
