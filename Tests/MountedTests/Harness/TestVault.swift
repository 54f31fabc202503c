import Foundation
import Glibc
import Testing

/// One vault in a folder of its own, mounted by root, with the test users around it. `close()` takes all of it away.
///
/// A new one holds nothing but the administrator's `grant` at the root. `standard()` adds what most tests start from.
final class TestVault {
  let users = Machine.users
  /// Holds everything of this vault: the vault itself, the mountpoint, the reviewer's identity, the passphrases.
  let folder: String
  /// Where the vault's folder is, when not in `folder`: inside a disk image, for example.
  var place: String?
  var vault: String { (place ?? folder) + "/vault" }
  var mountpoint: String { folder + "/mount" }
  var identity: String { folder + "/reviewer" }
  var passphraseFile: String { folder + "/passphrase" }
  var reviewerPassphraseFile: String { folder + "/reviewer-passphrase" }
  private(set) var genesis = ""
  private var mountOptions: [String] = []
  /// How the vault is unlocked: by its key file, which takes no time.
  var secret: [String] { ["--key-file", folder + "/key"] }
  /// Ids of the grants given, by principal and path: what `revoke(from:on:)` takes back.
  private var grantIDs: [String: [Int]] = [:]

  init() throws {
    var template = Array((Machine.folderPrefix + "XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    chmod(folder, 0o755)
    mkdir(mountpoint, 0o755)
  }

  /// A vault that was made and mounted.
  static func mounted(config: String? = nil, user: TestUser? = nil) throws -> TestVault {
    let made = try TestVault()
    do {
      try made.create()
      try made.mount(config: config, user: user)
    } catch {
      made.close()
      throw error
    }
    return made
  }

  func writePrivate(_ text: String, to path: String) throws { try VaultTemplate.writePrivate(text, to: path) }

  // MARK: The program

  /// `strongroom` with these arguments, as a user (nil: as root).
  func strongroom(_ arguments: [String], as user: TestUser? = nil, input: String = "") throws -> Output {
    try Programs.run([Programs.strongroom] + arguments, as: user, input: input)
  }

  @discardableResult
  func mustStrongroom(_ arguments: [String], as user: TestUser? = nil) throws -> String {
    try Programs.mustRun([Programs.strongroom] + arguments, as: user)
  }

  func create() throws {
    let template = try VaultTemplate.made.get()
    try template.copy(to: folder, vault: vault)
    genesis = template.genesis
  }

  var mountArguments: [String] { ["mount", vault, mountpoint] + secret + mountOptions }

  /// Mounts with the options of the first time, unless others are given.
  func mount(config: String? = nil, user: TestUser? = nil) throws {
    if let config {
      try writePrivate(config, to: folder + "/mount.yaml")
      mountOptions = ["--config", folder + "/mount.yaml"]
    }
    if let user { mountOptions += ["--user", user.name] }
    try mustStrongroom(mountArguments)
  }

  func unmount() throws { try mustStrongroom(["unmount", mountpoint]) }

  func remount() throws {
    try unmount()
    try mount()
  }

  /// The same for a shell.
  var remountLine: String {
    [["unmount", mountpoint], mountArguments].map { arguments in
      ([Programs.strongroom] + arguments).map { "'\($0)'" }.joined(separator: " ") + " >/dev/null"
    }.joined(separator: " && ")
  }

  /// A folder outside the mount, to compare with: beside the vault where that is ext4, XFS or Btrfs, else on a tmpfs of its own, since
  /// not every filesystem (overlayfs, 9p) gives all of POSIX.
  func plainFolder() throws -> String {
    let plain = folder + "/plain"
    mkdir(plain, 0o755)
    let kind = try Programs.mustRun(["stat", "--file-system", "--format", "%T", folder])
    if !["ext2/ext3", "xfs", "btrfs"].contains(kind.trimmingCharacters(in: .whitespacesAndNewlines)) {
      try Programs.mustRun(["mount", "-t", "tmpfs", "strongroom-test", plain])
    }
    return plain
  }

  /// `kill -9` for the daemon, and what is then done by whoever mounts again.
  func crash() throws {
    let id = try daemon()
    kill(id, SIGKILL)
    try #require(eventually { kill(id, 0) != 0 })
  }

  /// The daemon's process.
  func daemon() throws -> pid_t {
    let report = try status()
    return try #require(report["pid"]?.number.map(pid_t.init), "status names no process")
  }

  func status() throws -> JSON {
    let said = try strongroom(["status", mountpoint, "--json"])
    try #require(said.status == 0 || said.status == 3, "\(said.all)")
    return try #require(JSON(said.standardOutput), "status is not JSON: \(said.all)")
  }

  /// Unmounts if need be, and removes everything.
  func close() {
    let mounts = Machine.mounts().filter { $0.hasPrefix(folder + "/") }
    if mounts.contains(mountpoint) {
      let said = try? strongroom(["unmount", mountpoint])
      if said?.status != 0 { Issue.record("the vault could not be unmounted: \(said?.all ?? "")") }
    }
    for rest in Machine.mounts().filter({ $0.hasPrefix(folder + "/") }).reversed() { umount2(rest, Int32(MNT_DETACH)) }
    // An actor that ends may hold its working folder for a moment longer.
    let isGone = try? eventually(within: 10) {
      _ = try Programs.run(["rm", "-rf", "--one-file-system", folder])
      return access(folder, F_OK) != 0
    }
    if isGone != true { Issue.record("the folder \(folder) could not be removed") }
  }

  // MARK: People

  func actor(_ user: TestUser) throws -> Actor { try Actor(user) }

  /// A path inside the mount, from one that begins with `/` at the vault's root.
  func path(_ inner: String) -> String { inner == "/" ? mountpoint : mountpoint + inner }

  // MARK: Rights

  /// Grants as the administrator. Returns the grant's id.
  @discardableResult
  func grant(_ rights: String, on inner: String, to user: TestUser, until: String? = nil) throws -> Int {
    try grant(rights, on: inner, to: user.principal, until: until)
  }

  @discardableResult
  func grant(_ rights: String, on inner: String, to principal: String, from: String? = nil, until: String? = nil) throws -> Int {
    var arguments = ["grant", "add", path(inner), "--to", principal, "--rights", rights, "--reason", "mounted test", "--json"]
    if let from { arguments += ["--from", from] }
    if let until { arguments += ["--until", until] }
    let said = try mustStrongroom(arguments, as: users.administrator)
    let id = try #require(JSON(said)?.first["id"]?.number, "grant add told no id: \(said)")
    grantIDs[principal + inner, default: []].append(id)
    return id
  }

  func revoke(_ id: Int) throws {
    try mustStrongroom(["grant", "revoke", "\(id)", "--vault", mountpoint, "--reason", "mounted test"], as: users.administrator)
  }

  /// Revokes what was granted to a user on a path.
  func revoke(from user: TestUser, on inner: String) throws {
    let known = grantIDs.removeValue(forKey: user.principal + inner)
    let ids = try #require(known, "nothing was granted there")
    for id in ids { try revoke(id) }
  }

  func addBarrier(against principal: String, on inner: String) throws -> Int {
    let said = try mustStrongroom(
      ["barrier", "add", path(inner), "--against", principal, "--name", "wall", "--reason", "mounted test", "--json"],
      as: users.administrator)
    return try #require(JSON(said)?.first["id"]?.number, "barrier add told no id: \(said)")
  }

  func removeBarrier(_ id: Int) throws {
    try mustStrongroom(
      ["barrier", "remove", "\(id)", "--vault", mountpoint, "--reason", "mounted test"], as: users.administrator)
  }

  func setBoundary(on inner: String) throws {
    try mustStrongroom(["boundary", "set", path(inner), "--reason", "mounted test"], as: users.administrator)
  }

  func clearBoundary(on inner: String) throws {
    try mustStrongroom(["boundary", "clear", path(inner), "--reason", "mounted test"], as: users.administrator)
  }

  // MARK: The trail

  /// All records, as the reviewer reads them with the identity file from the trail folder alone.
  func trail(_ filters: [String] = []) throws -> [TrailRecord] {
    let said = try mustStrongroom(
      ["log", "query", vault + "/trail", "--identity", identity, "--identity-passphrase-file", reviewerPassphraseFile, "--json"]
        + filters)
    // The last line sums up what was shown.
    return try said.split(separator: "\n").dropLast().map { line in
      try TrailRecord(#require(JSON(String(line)), "not a JSON line: \(line)"))
    }
  }
}

/// Runs a test's body on a mounted vault and takes it away afterwards, whatever happened.
func withVault(config: String? = nil, _ body: (TestVault) throws -> Void) throws {
  let vault = try TestVault.mounted(config: config)
  defer { vault.close() }
  try body(vault)
}

/// As `withVault`, with what most tests start from: `all` is editor of everything; `partial` is reader of `/open`; `none` has
/// nothing; `/open/letter` and `/closed/letter` are documents.
func withStandardVault(config: String? = nil, _ body: (TestVault) throws -> Void) throws {
  try withVault(config: config) { vault in
    try vault.grant("editor", on: "/", to: vault.users.all)
    let writer = try vault.actor(vault.users.all)
    for folder in ["/open", "/closed"] {
      try writer.does("mkdir", vault.path(folder))
      try writer.writes("the letter in \(folder)", to: vault.path(folder + "/letter"))
    }
    try vault.grant("reader", on: "/open", to: vault.users.partial)
    try body(vault)
  }
}
