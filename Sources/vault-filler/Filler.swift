import Glibc
import Vault
import VaultFormat

/// What is made, below one folder of an unlocked vault. Everything belongs to the user who runs it.
struct Filler {
  private let vault: Vault
  private let folder: Node
  private let content: [UInt8]

  /// - Parameter path: where to make it; folders on the way are made where they are missing.
  init(_ vault: Vault, at path: String) throws {
    self.vault = vault
    var folder = try vault.node(.root)
    for part in path.split(separator: "/") {
      let name = Name(String(part))!
      folder = try vault.child(of: folder, named: name) ?? Self.make(.folder, name, in: folder, vault)
    }
    self.folder = folder
    var generator = SystemRandomNumberGenerator()
    content = (0..<1024).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  private static func make(_ kind: NodeRecord.Kind, _ name: Name, in folder: Node, _ vault: Vault) throws -> Node {
    try vault.create(kind, named: name, in: folder, mode: 0o755, uid: getuid(), gid: getgid())
  }

  private func make(_ kind: NodeRecord.Kind, _ name: String, in folder: Node) throws -> Node {
    try Self.make(kind, Name(name)!, in: folder, vault)
  }

  private func padded(_ number: Int, _ count: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
  }

  func makeFolders(_ count: Int) throws {
    for number in 0..<count { _ = try make(.folder, padded(number, 7), in: folder) }
  }

  /// As `fill` of benchmarks/client.py names them, with a KiB in each.
  func makeDocuments(_ count: Int) throws {
    for number in 0..<count { try makeDocument(padded(number, 7) + " document.pdf", in: folder) }
  }

  /// As `grow` of benchmarks/client.py.
  func makeTree(_ count: Int) throws {
    var middle = folder
    var last = folder
    for number in 0..<count {
      if number % 10_000 == 0 { middle = try make(.folder, padded(number / 10_000, 4), in: folder) }
      if number % 100 == 0 { last = try make(.folder, padded(number / 100 % 100, 2), in: middle) }
      try makeDocument(padded(number, 7), in: last)
    }
  }

  private func makeDocument(_ name: String, in folder: Node) throws {
    let document = try make(.document, name, in: folder)
    try vault.open(document)
    defer { vault.close(document) }
    _ = try content.withUnsafeBytes { try vault.write(document, $0, at: 0) }
  }

  /// `each` grants to each of the users `strongroom-many-0`, `strongroom-many-1` … (ids from 200,000) on folders that lie in this one, spread
  /// evenly, and one to each of them on this folder itself.
  func giveGrants(principalCount: Int, each: Int) throws {
    var folders: [NodeID] = []
    var cursor = NodeID.none
    while true {
      let page = try vault.children(of: folder, after: cursor, limit: 1024)
      guard let last = page.last else { break }
      folders += page.ids.filter { $0 > cursor }
      cursor = last
    }
    var edits: [RuleEdit] = []
    let step = max(1, folders.count / (principalCount * each))
    for principal in 0..<principalCount {
      edits.append(.add(.grant(try grant(principal, on: folder.id))))
      for number in 0..<each {
        let place = (principal * each + number) * step % folders.count
        edits.append(.add(.grant(try grant(principal, on: folders[place]))))
      }
    }
    try vault.change(edits)
  }

  private func grant(_ principal: Int, on folder: NodeID) throws -> Grant {
    Grant(
      id: try vault.newRuleID(), folder: folder,
      principal: Principal(kind: .user, name: "strongroom-many-\(principal)", id: UInt32(200_000 + principal)),
      rights: [.list, .read], giver: Principal(kind: .user, name: "root", id: 0), reason: "benchmark", given: vault.latestTime())
  }
}
