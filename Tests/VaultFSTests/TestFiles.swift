import Access
import Glibc
import Keys
import Platform
import Sodium
import Trail
import Vault
import VaultFS
import VaultFormat

/// A vault in a fresh folder, shown to four users whom no system database knows. Only `root` has rights at first: `list` and `grant`.
final class TestFiles {
  static let root = Caller(uid: 0, gid: 0, thread: 0)
  static let alice = Caller(uid: 70_001, gid: 70_001, thread: 0)
  static let bob = Caller(uid: 70_002, gid: 70_002, thread: 0)
  static let carol = Caller(uid: 70_003, gid: 70_003, thread: 0)

  private static let users = [
    "root": root.uid, "alice": alice.uid, "bob": bob.uid, "carol": carol.uid,
  ].map { Principal(kind: .user, name: $0.key, id: $0.value) }

  let folder: String
  private(set) var vault: Vault
  private(set) var files: VaultFS
  private let reviewer: ReviewerIdentity

  /// - Parameter adjust: settings that are other than those of most tests.
  init(adjust: (inout VaultSettings) -> Void = { _ in }) throws {
    var template = Array("/tmp/strongroom-files-XXXXXX".utf8CString)
    folder = String(cString: template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!)! })
    reviewer = try ReviewerIdentity.make(label: "test")
    let phrase = "correct horse"
    let secret = try SlotSecret(.passphrase, try SecretBytes(count: phrase.utf8.count) { $0.copyBytes(from: phrase.utf8) })
    _ = try Vault.create(
      at: folder + "/vault",
      Vault.NewVault(
        reviewers: [Reviewer(publicKey: reviewer.publicKey, label: "test", added: 1)],
        administrators: [Principal(kind: .user, name: "root", id: 0)], slotLabel: "test"),
      secret: secret, strength: .interactive)
    (vault, files) = try Self.unlock(folder + "/vault", secret, adjust)
  }

  /// Nothing is committed but when a test says so.
  private static func unlock(
    _ path: String, _ secret: borrowing SlotSecret, _ adjust: (inout VaultSettings) -> Void = { _ in }
  ) throws -> (Vault, VaultFS) {
    let file = try Vault.readFile(at: path, secret: secret)
    var settings = VaultSettings()
    settings.content.pageCacheByteCount = 4 << 20
    settings.commitIntervalNanoseconds = 3_600_000_000_000
    // A busy machine is not a disk that hangs; tests of that set it lower.
    settings.trail.patienceNanoseconds = 60_000_000_000
    adjust(&settings)
    let vault = try Vault.unlock(at: path, root: file.takeRoot(), settings: settings)
    return (vault, VaultFS(vault: vault, identities: Identities(resolver: { query, _ in Self.answer(query) })))
  }

  /// Ends the mount in order and begins another, with nothing in memory.
  func remount() throws {
    files.close()
    try vault.close()
    let phrase = "correct horse"
    let secret = try SlotSecret(.passphrase, try SecretBytes(count: phrase.utf8.count) { $0.copyBytes(from: phrase.utf8) })
    (vault, files) = try Self.unlock(folder + "/vault", secret)
  }

  deinit {
    files.close()
    try? vault.close()
    Self.remove(folder)
  }

  static func answer(_ query: IdentityQuery) -> IdentityAnswer {
    let found: Principal? =
      switch query {
      case .uid(let uid): users.first { $0.id == uid }
      case .userName(let name): users.first { $0.name == name }
      default: nil
      }
    return found.map { .user($0, groups: []) } ?? .unknown
  }

  static func principal(_ caller: Caller) -> Principal { users.first { $0.id == caller.uid }! }

  private static func remove(_ path: String) {
    if let names = try? Files.list(path) { for name in names { remove(path + "/" + name) } }
    if unlink(path) != 0 { rmdir(path) }
  }

  // MARK: Building, past the rights

  @discardableResult
  func make(_ kind: NodeRecord.Kind, _ name: String, in parent: Node? = nil) throws -> Node {
    try vault.create(kind, named: Name(name)!, in: parent ?? vault.node(.root), mode: 0o755, uid: 0, gid: 0)
  }

  @discardableResult
  func give(_ rights: Rights, to caller: Caller, on folder: Node, reason: String = "test") throws -> Grant {
    let grant = Grant(
      id: try vault.newRuleID(), folder: folder.id, principal: Self.principal(caller), rights: rights,
      giver: Administration.founder, reason: reason, given: vault.latestTime())
    try vault.change([.add(.grant(grant))])
    return grant
  }

  func bar(_ caller: Caller, at folder: Node, name: String = "wall", reason: String = "test") throws {
    try vault.change([
      .add(
        .barrier(
          Barrier(
            id: try vault.newRuleID(), folder: folder.id, principal: Self.principal(caller), owner: Administration.founder,
            name: name,
            reason: reason, raised: vault.latestTime())))
    ])
  }

  // MARK: Doing, as a caller

  func number(_ caller: Caller, _ name: String, in parent: Node? = nil) throws -> FileNumber {
    try bytes(name) { try files.lookup(caller, in: FileNumber(parent?.id.value ?? 1), $0).number }
  }

  func create(_ caller: Caller, _ name: String, in parent: Node, isExclusive: Bool = false) throws -> HandleID {
    try bytes(name) {
      try files.create(
        caller, in: FileNumber(parent.id.value), $0, mode: 0o644,
        OpenAccess(reads: true, writes: true, isExclusive: isExclusive)
      ).handle
    }
  }

  func rename(
    _ caller: Caller, _ name: String, in source: Node, to newName: String, in target: Node, _ mode: Vault.RenameMode = .replace
  ) throws {
    try bytes(name) { old in
      try bytes(newName) { new in
        try files.rename(
          caller, from: FileNumber(source.id.value), old, to: FileNumber(target.id.value), new, mode: mode)
      }
    }
  }

  func bytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try Array(text.utf8).withUnsafeBytes(body)
  }

  /// What an operation is refused with; nil where it is done.
  func failure(_ body: () throws -> Void) -> FSError? {
    do { try body() } catch { return error as? FSError }
    return nil
  }

  /// What a copy of the vault as it lies on disk now holds, after a start as after a crash.
  func reopened<Result>(_ body: (Vault) throws -> Result) throws -> Result {
    guard system("cp -a '\(folder)/vault' '\(folder)/copy'") == 0 else { throw FSError.io }
    let phrase = "correct horse"
    let secret = try SlotSecret(.passphrase, try SecretBytes(count: phrase.utf8.count) { $0.copyBytes(from: phrase.utf8) })
    let file = try Vault.readFile(at: folder + "/copy", secret: secret)
    let copy = try Vault.unlock(at: folder + "/copy", root: file.takeRoot())
    defer { try? copy.close() }
    return try body(copy)
  }

  /// The copy that `reopened` left, said to have been put back.
  func restoreCopy(by actor: Record.Actor, reason: String) throws {
    let phrase = "correct horse"
    let secret = try SlotSecret(.passphrase, try SecretBytes(count: phrase.utf8.count) { $0.copyBytes(from: phrase.utf8) })
    let file = try Vault.readFile(at: folder + "/copy", secret: secret)
    _ = try Vault.restore(
      at: folder + "/copy", root: file.takeRoot(), Restoration(actor: actor, reason: reason), settings: VaultSettings())
  }

  func records() throws -> [Record] { try entries().map(\.record) }

  /// - Parameter copy: of `vault`, or another vault in the folder with the same reviewer.
  func entries(of copy: String = "vault") throws -> [TrailReader.Entry] {
    var entries: [TrailReader.Entry] = []
    try TrailReader(folder + "/" + copy + "/trail", identity: reviewer).forEach { (entry) throws(TrailError) in
      entries.append(entry)
      return true
    }
    return entries
  }
}
