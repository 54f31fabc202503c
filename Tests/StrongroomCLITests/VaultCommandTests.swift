import Control
import Foundation
import Glibc
import Keys
import Platform
import Sodium
import TestKit
import Testing
import Trail
import Vault
import VaultFormat

@testable import StrongroomCLI

/// `verify` and `key` on a real, small vault: what they print and how they end.
@Suite(.serialized) struct VaultCommandTests {
  @Test func verifyEndsByTheWorstThatItFound() throws {
    let vault = try SmallVault()
    let whole = run(vault.command(["verify"]))
    #expect(whole.code == .done && whole.output.isEmpty && whole.errors.contains("the vault is whole"), "\(whole)")
    vault.folder.write("vault/a\u{202e}b", "x")
    let notice = run(vault.command(["verify", "--quick"]))
    #expect(
      notice.code == .findings && notice.output == #"notice: stray: a\u{202E}b: does not belong there"# + "\n", "\(notice)"
    )
    try vault.flip("trail/signer")
    let trail = run(vault.command(["verify"]))
    #expect(trail.code == .trailBroken && trail.output.contains("damage: trail: "), "\(trail)")
    try vault.flip("vault.json.2")
    let damaged = run(vault.command(["verify", "--json"]))
    #expect(damaged.code == .vaultDamaged)
    let line = damaged.output.split(separator: "\n").first { $0.contains("vault-file") }
    #expect(
      line?.hasPrefix(#"{"kind":"vault-file","severity":"damage","subject":"vault.json.2","fault":"copy-damaged","what":"#)
        == true, "\(damaged)")
  }

  @Test func unlockingFailsByItsReason() throws {
    let vault = try SmallVault()
    vault.folder.write("wrong", "wrong horse battery\n")
    #expect(run(["verify", vault.path, "--passphrase-file", vault.folder.path + "/wrong"]).code == .wrongSecret)
    #expect(run(["verify", vault.folder.path, "--passphrase-file", vault.passphrase]).code == .noVault)
    let held = try VaultFolder.open(at: vault.path)
    let used = run(vault.command(["verify"]))
    #expect(used.code == .inUse && used.errors.contains("unmount"), "\(used)")
    _ = consume held
  }

  @Test func aVaultThatWasPutBackGoesOnByRestoreAlone() throws {
    let vault = try SmallVault()
    try FileManager.default.copyItem(atPath: vault.path + "/trail", toPath: vault.folder.path + "/copy")
    // A change of keys commits, so that the catalog is later than the copy of the trail.
    vault.folder.write("other", "another horse battery\n")
    #expect(run(vault.command(["key", "add", "--new-passphrase-file", vault.folder.path + "/other"])).code == .done)
    try FileManager.default.removeItem(atPath: vault.path + "/trail")
    try FileManager.default.moveItem(atPath: vault.folder.path + "/copy", toPath: vault.path + "/trail")
    let refused = run(vault.command(["key", "remove", "1"]))
    #expect(refused.code == .trailBroken && refused.errors.contains("an older trail was put back"), "\(refused)")
    #expect(run(vault.command(["restore"])).code == .usage)
    #expect(run(vault.command(["restore", "--reason", " "])).code == .usage)
    let restored = run(vault.command(["restore", "--reason", "copy of Monday", "--json"]))
    #expect(restored.code == .done && restored.output.hasPrefix(#"{"from":""#), "\(restored)")
    let whole = run(vault.command(["verify"]))
    #expect(whole.code == .done, "\(whole)")
    let trail = run(["log", "verify", vault.path])
    #expect(trail.code == .findings && trail.output.contains("restored from a copy at segment "), "\(trail)")
    #expect(run(["log", "verify", vault.path, "--json"]).output.contains(#""kind":"restored""#))
    let again = run(vault.command(["restore", "--reason", "again"]), language: .chinese)
    #expect(again.code == .done && again.errors.contains("恢复已记录在案"), "\(again)")
    let mounted = run(vault.command(["restore", "--reason", "mounted"]), table: vault.mountTable)
    #expect(mounted.code == .inUse, "\(mounted)")
  }

  @Test func aMountedVaultIsVerifiedByItsMount() throws {
    let vault = try SmallVault()
    var report = VerifyReport()
    report.isVaultDamaged = true
    report.damageCount = 1
    let finding = Finding(.blob, "blob 7", .wrongLength, ["found": "1", "expected": "2"], node: NodeID(5))
    let mount = ScriptedMount([
      .verifyProgress(VerifyProgressReport(VerifyProgress(phase: .tree, doneCount: 1, totalCount: 2))),
      .findings([FindingReport(finding), FindingReport(finding, path: VaultPath(text: "/张\u{202e}三"))]), .verified(report),
    ])
    let ran = run(["verify", vault.path, "--resume"], mount: mount, table: vault.mountTable)
    #expect(ran.code == .vaultDamaged)
    #expect(mount.requests == [.verify(VerifyRequest(isQuick: false, isResuming: true))])
    #expect(run(["verify", vault.path, "--quick", "--resume"]).code == .usage)
    let line = "damage: blob: blob 7: its file has 1 bytes, not 2"
    #expect(ran.output == line + "\n" + line + #" [/张\u{202E}三]"# + "\n", "\(ran)")
    let chinese = run(["verify", vault.path], mount: mount, table: vault.mountTable, language: .chinese)
    #expect(chinese.output.hasPrefix("损坏: blob: blob 7: 文件为 1 字节，应为 2 字节\n"), "\(chinese)")
    let json = run(["verify", vault.path, "--json"], mount: mount, table: vault.mountTable)
    #expect(
      json.output.hasPrefix(
        #"{"kind":"blob","severity":"damage","subject":"blob 7","fault":"wrong-length","what":"its file has 1 bytes, not 2","node":"5"}"#
      ),
      "\(json)")
    let broken = run(["verify", vault.path], mount: ScriptedMount(), table: vault.mountTable)
    #expect(broken.code == .error, "\(broken)")
    let refused = ScriptedMount(failure: CommandFailure(ControlFailure(code: "verify-not-permitted", exitCode: 4)))
    let ended = run(["verify", vault.path], mount: refused, table: vault.mountTable)
    #expect(ended.code == .refusedByRights && ended.errors.contains("may verify it"), "\(ended)")
  }

  @Test func progressTellsRateAndTimeLeft() {
    var rate = VerifyRate()
    // What was done before, by an earlier run, is no speed.
    let began = rate.note(VerifyProgress(phase: .content, doneCount: 900, totalCount: 2000), at: 0)
    #expect(began)
    #expect(rate.secondsLeft(at: 2_000_000_000) == nil)
    let beganAgain = rate.note(VerifyProgress(phase: .content, doneCount: 1000, totalCount: 2000), at: 2_000_000_000)
    #expect(!beganAgain)
    #expect(rate.perSecond(at: 2_000_000_000) == 50 && rate.secondsLeft(at: 2_000_000_000) == 20)
    let beganPacks = rate.note(VerifyProgress(phase: .packs, doneCount: 0, totalCount: 10), at: 3_000_000_000)
    #expect(beganPacks)
    #expect(rate.secondsLeft(at: 5_000_000_000) == nil)
    #expect([7, 750, 11_100].map { VerifyDisplay.duration($0) } == ["0:07", "12:30", "3:05:00"])
  }

  @Test func slotsComeAndGoAndTheLastStays() throws {
    let vault = try SmallVault()
    #expect(run(vault.command(["key", "remove"]) + ["1"]).errors.contains("add another slot first"))
    let keyFile = vault.folder.path + "/key"
    let added = run(vault.command(["key", "add", "--label", "保险柜", "--new-key-file", keyFile]))
    #expect(added.code == .done && added.errors.contains("slot 2 is added"), "\(added)")
    #expect(try File(keyFile, O_RDONLY).status().st_mode & 0o7777 == 0o600)
    let list = run(["key", "list", vault.path, "--json"])
    #expect(list.output.split(separator: "\n").count == 2 && list.output.contains(#""kind":"keyfile","label":"保险柜""#), "\(list)")
    #expect(run(["verify", vault.path, "--key-file", keyFile]).code == .done)

    vault.folder.write("new", "another horse battery\n")
    let changed = run(vault.command(["key", "change", "--new-passphrase-file", vault.folder.path + "/new"]))
    #expect(changed.code == .done && changed.errors.contains("slot 1 is replaced by slot 3"), "\(changed)")
    #expect(run(vault.command(["verify"])).code == .wrongSecret)
    #expect(run(["verify", vault.path, "--passphrase-file", vault.folder.path + "/new"]).code == .done)
    #expect(run(["key", "remove", vault.path, "9", "--key-file", keyFile]).errors.contains("no such key slot"))
    #expect(run(["key", "remove", vault.path, "3", "--key-file", keyFile]).code == .done)
    let last = run(["key", "remove", vault.path, "2", "--key-file", keyFile])
    #expect(last.code == .error && last.errors.contains("add another slot first"), "\(last)")
  }

  @Test func aKeyFileIsNotLeftBehindByAChangeThatFailed() throws {
    let vault = try SmallVault()
    let held = try VaultFolder.open(at: vault.path)
    let keyFile = vault.folder.path + "/key"
    #expect(run(vault.command(["key", "add", "--new-key-file", keyFile])).code == .inUse)
    #expect(!Files.exists(keyFile))
    _ = consume held
    #expect(run(vault.command(["key", "add", "--label", "a\tb", "--new-key-file", keyFile])).code == .usage)
    #expect(!Files.exists(keyFile))
  }

  @Test func aMountedVaultGetsTheNextFile() throws {
    let vault = try SmallVault()
    let mount = ScriptedMount()
    let keyFile = vault.folder.path + "/key"
    let ran = run(vault.command(["key", "add", "--new-key-file", keyFile]), mount: mount, table: vault.mountTable)
    #expect(ran.code == .done, "\(ran)")
    guard case .keyChange(let request) = try #require(mount.requests.first) else {
      Issue.record("\(mount.requests)")
      return
    }
    #expect(request.action == .add && request.slot == 2)
    let next = try VaultFile(parsing: Array(request.vaultFile.utf8))
    #expect(next.generation == 2 && next.slots.map(\.kind) == [.passphrase, .keyFile])
    // The mount writes it, nobody else.
    let copies = VaultFolder.copies(at: vault.path)
    #expect(try VaultFileCopies(first: copies.first, second: copies.second).candidates().map(\.generation) == [1, 1])
    let listed = ScriptedMount([.keySlots([KeySlotReport(number: 5, kind: "passphrase", label: "五", created: nil)])])
    #expect(run(["key", "list", vault.path], mount: listed, table: vault.mountTable).output.contains("五"))
  }
}

private final class SmallVault {
  let folder = TemporaryFolder()
  let id: VaultID
  var path: String { folder.path + "/vault" }
  let passphrase: String

  init() throws {
    Sodium.start()
    passphrase = folder.write("passphrase", "correct horse battery\n")
    let text = Array("correct horse battery".utf8)
    let secret = try SlotSecret(.passphrase, try SecretBytes(count: text.count) { $0.copyBytes(from: text) })
    let pair = try SealedBox.makeKeyPair()
    id = try Vault.create(
      at: folder.path + "/vault",
      Vault.NewVault(
        reviewers: [Reviewer(publicKey: pair.publicKey, label: "test", added: 1)],
        administrators: [Principal(kind: .user, name: "root", id: 0)], slotLabel: "first"),
      secret: secret, strength: .interactive
    ).id
  }

  func command(_ words: [String]) -> [String] {
    // After the noun and the verb.
    let count = words[0] == "key" ? 2 : 1
    return Array(words[..<count]) + [path, "--passphrase-file", passphrase] + words[count...]
  }

  /// With this vault mounted.
  var mountTable: String {
    mountInfo.replacingOccurrences(of: "0123456789abcdef0011223344556677", with: "\(id)")
  }

  func flip(_ name: String) throws {
    let file = try File(path + "/" + name, O_RDWR)
    var bytes = try file.readAll(limit: 1 << 20)
    bytes[bytes.count / 2] ^= 1
    try file.write(bytes, at: 0)
  }
}
