import Access
import Glibc
import Keys
import Platform
import Sodium
import Trail
import Vault
import VaultFS
import VaultFormat

/// The vault that is measured: folders `d0`, `d1` … with documents `0`, `1` …, each of 100 bytes; one user may do everything in it.
struct SpeedVault {
  static let user = Caller(uid: 70_001, gid: 70_001, thread: getpid())
  /// Has three grants far below, and none above.
  static let guest = Caller(uid: 70_002, gid: 70_002, thread: getpid())

  let options: Options
  let folder: String
  private let isTemporary: Bool

  init(_ options: Options) throws {
    self.options = options
    isTemporary = options.vault == nil
    if let path = options.vault {
      folder = path
    } else {
      var template = Array("/tmp/metadata-speed-XXXXXX".utf8CString)
      guard mkdtemp(&template) != nil else { fatalError("no folder under /tmp") }
      folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/vault"
    }
  }

  var exists: Bool { Files.exists(folder) }

  private static func secret() throws -> SlotSecret {
    let phrase = Array("metadata speed".utf8)
    return try SlotSecret(.passphrase, try SecretBytes(count: phrase.count) { $0.copyBytes(from: phrase) })
  }

  func unlock() throws -> (vault: Vault, files: VaultFS) {
    let file = try Vault.readFile(at: folder, secret: try Self.secret())
    let vault = try Vault.unlock(at: folder, root: file.takeRoot(), settings: VaultSettings())
    let users = [("root", UInt32(0)), ("user", Self.user.uid), ("guest", Self.guest.uid)]
    let files = VaultFS(
      vault: vault,
      identities: Identities(resolver: { query, _ in
        guard case .uid(let uid) = query, let user = users.first(where: { $0.1 == uid }) else { return .unknown }
        return .user(Principal(kind: .user, name: user.0, id: uid), groups: [])
      }))
    return (vault, files)
  }

  func make() throws {
    let reviewer = try ReviewerIdentity.make(label: "speed")
    _ = try Vault.create(
      at: folder,
      Vault.NewVault(
        reviewers: [Reviewer(publicKey: reviewer.publicKey, label: "speed", added: 1)],
        administrators: [Principal(kind: .user, name: "root", id: 0)], slotLabel: "speed"),
      secret: try Self.secret(), strength: .interactive)
    let (vault, files) = try unlock()
    defer { files.close() }
    try give([.list, .read, .add, .edit, .remove], Self.user, vault.node(.root), vault)
    let content = [UInt8](repeating: 7, count: 100)
    for folder in 0..<options.folderCount {
      let parent = try named("d\(folder)") {
        try files.make(.folder, Self.user, in: .root, $0, mode: 0o755).number
      }
      let count = min(options.folderDocumentCount, options.documentCount - folder * options.folderDocumentCount)
      for document in 0..<count {
        let handle = try named("\(document)") {
          try files.create(Self.user, in: parent, $0, mode: 0o644, OpenAccess(reads: false, writes: true)).handle
        }
        _ = try content.withUnsafeBytes { try files.write(Self.user, handle, $0, at: 0, appends: false) }
        files.release(handle, lockOwner: nil)
      }
    }
    try makeGuest(vault)
    try files.sync()
    try vault.close()
  }

  private func makeGuest(_ vault: Vault) throws {
    for index in 0..<min(3, options.folderCount) {
      let place = index * (options.folderCount / 3)
      guard let folder = try vault.child(of: try vault.node(.root), named: Name("d\(place)")!) else { continue }
      try give([.list, .read], Self.guest, folder, vault)
    }
  }

  private func give(_ rights: Rights, _ caller: Caller, _ folder: Node, _ vault: Vault) throws {
    let name = caller.uid == Self.user.uid ? "user" : "guest"
    let grant = Grant(
      id: try vault.newRuleID(), folder: folder.id, principal: Principal(kind: .user, name: name, id: caller.uid), rights: rights,
      giver: Administration.founder, reason: "speed", given: vault.latestTime())
    try vault.change([.add(.grant(grant))])
  }

  func catalogByteCount() throws -> Int { try File(folder + "/catalog.sqlite", O_RDONLY).size() }

  func removeIfTemporary() {
    guard isTemporary else { return }
    Self.remove(String(folder.dropLast("/vault".count)))
  }

  private static func remove(_ path: String) {
    if let names = try? Files.list(path) { for name in names { remove(path + "/" + name) } }
    if unlink(path) != 0 { rmdir(path) }
  }
}

func named<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
  try Array(text.utf8).withUnsafeBytes(body)
}
