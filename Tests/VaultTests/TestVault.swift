import Access
import Glibc
import Keys
import Platform
import Sodium
import Trail
import Vault
import VaultFormat

/// A vault in a fresh folder, with one passphrase slot at the least strength that is accepted, so that tests are quick.
final class TestVault {
  let folder: String
  var path: String { folder + "/vault" }
  let root: SharedSecret
  let genesis: [UInt8]
  let reviewerSecret: SharedSecret

  init() throws {
    var template = Array("/tmp/strongroom-test-XXXXXX".utf8CString)
    folder = String(cString: mkdtemp(&template)!)
    let pair = try SealedBox.makeKeyPair()
    reviewerSecret = pair.secretKey
    let secret = try Self.passphrase("correct horse")
    let made = try Vault.create(
      at: folder + "/vault",
      Vault.NewVault(
        reviewers: [Reviewer(publicKey: pair.publicKey, label: "test", added: 1)],
        administrators: [Principal(kind: .user, name: "root", id: 0)], slotLabel: "test"),
      secret: secret, strength: .interactive)
    genesis = made.genesis
    let file = try Vault.readFile(at: folder + "/vault", secret: secret)
    root = SharedSecret(file.takeRoot())
  }

  deinit { Self.remove(folder) }

  static func passphrase(_ text: String) throws -> SlotSecret {
    try SlotSecret(.passphrase, try SecretBytes(count: text.utf8.count) { $0.copyBytes(from: text.utf8) })
  }

  /// Small caches and a slow committer: a test decides when it commits.
  static var settings: VaultSettings {
    var settings = VaultSettings()
    settings.content.pageCacheByteCount = 4 << 20
    settings.commitIntervalNanoseconds = 3_600_000_000_000
    // A busy machine is not a disk that hangs; tests of that set it lower.
    settings.trail.patienceNanoseconds = 60_000_000_000
    return settings
  }

  func unlock(_ settings: VaultSettings = TestVault.settings) throws -> Vault {
    try Vault.unlock(at: path, root: try root.bytes.copy(), settings: settings)
  }

  static func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in (try? Files.list(path)) ?? [] { remove(path + "/" + name) }
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}
