import Foundation
import Glibc
import Testing

/// A vault as the program makes it, with its reviewer, made once a run; each test gets a copy.
///
/// Making one stretches three passphrases, which is slow on purpose, and that a copy is as good as the vault is what backups rely on. It has
/// two slots: the passphrase, and a key file, by which the tests mount. What is said of passphrases is tested in `BadInput`.
struct VaultTemplate {
  /// Not the prefix of what a test leaves behind: it stays from the first test that wants a vault to the end of the run.
  static let folderPrefix = "/tmp/strongroom-template."

  let folder: String
  /// The key with which the trail begins.
  let genesis: String

  static let made = Result { try VaultTemplate() }

  private init() throws {
    var name = Array((Self.folderPrefix + "XXXXXX").utf8CString)
    guard mkdtemp(&name) != nil else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let (vault, identity, passphrase, key) = (folder + "/vault", folder + "/reviewer", folder + "/passphrase", folder + "/key")
    let reviewerPassphrase = folder + "/reviewer-passphrase"
    try Self.writePrivate("correct horse battery staple", to: passphrase)
    try Self.writePrivate("a reviewer's own words", to: reviewerPassphrase)
    try Programs.mustRun(["sh", "-c", "umask 077; head -c 64 /dev/urandom > \"$0\"", key])
    try Programs.mustRun([Programs.strongroom, "reviewer", "keygen", "-o", identity, "--passphrase-file", reviewerPassphrase])
    let said = try Programs.mustRun([
      Programs.strongroom, "init", vault, "--reviewer", identity + ".pub", "--admin", Machine.users.administrator.principal,
      "--passphrase-file", passphrase, "--json",
    ])
    genesis = JSON(said)?["genesis"]?.text ?? ""
    try #require(!genesis.isEmpty, "init told no genesis key: \(said)")
    try Programs.mustRun([Programs.strongroom, "key", "add", vault, "--new-key-file", key, "--passphrase-file", passphrase])
  }

  /// Copies identity and secrets to `folder`, the vault to `vault`, which is then on disk. Blocks that were set aside stay so.
  func copy(to folder: String, vault: String) throws {
    let rest = ["reviewer", "reviewer.pub", "key", "passphrase", "reviewer-passphrase"].map { self.folder + "/" + $0 }
    try Programs.mustRun(["cp", "-a"] + rest + [folder])
    try Programs.mustRun(["cp", "-a", "--sparse=never", self.folder + "/vault", vault])
    try Programs.mustRun(["sh", "-c", "find \"$0\" -depth -exec sync {} + && sync \"$(dirname \"$0\")\"", vault])
  }

  static func writePrivate(_ text: String, to path: String) throws {
    guard FileManager.default.createFile(atPath: path, contents: Data((text + "\n").utf8), attributes: [.posixPermissions: 0o600])
    else {
      throw CocoaError(.fileWriteUnknown)
    }
  }

  /// All there are, of this run and of earlier ones.
  static func removeAll() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? []
    for name in names where ("/tmp/" + name).hasPrefix(folderPrefix) { _ = try? Programs.run(["rm", "-rf", "/tmp/" + name]) }
  }
}
