import Foundation
import TestKit
import Testing
import VaultFormat

@testable import StrongroomCLI

/// The kept vaults (Tests/Vaults) by the commands: what VaultTests opens from inside. And a vault of a format to come.
@Suite(.serialized) struct KeptVaultCommandTests {
  private static let folder = project + "/Tests/Vaults"
  private static let versions = (1...vaultFormatVersion).map { "\($0)" }

  private func copy(_ version: String) throws -> (folder: TemporaryFolder, path: String, kept: String) {
    let folder = TemporaryFolder()
    let kept = Self.folder + "/" + version
    try FileManager.default.copyItem(atPath: kept + "/vault", toPath: folder.path + "/vault")
    return (folder, folder.path + "/vault", kept)
  }

  @Test(arguments: versions) func itVerifiesAndItsTrailIsRead(version: String) throws {
    let (folder, path, kept) = try copy(version)
    defer { withExtendedLifetime(folder) {} }
    let whole = run(["verify", path, "--passphrase-file", kept + "/passphrase"])
    #expect(whole.code == .done && whole.errors.contains("the vault is whole"), "\(whole)")
    #expect(run(["verify", path, "--key-file", kept + "/key", "--quick"]).code == .done)
    let made = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: kept + "/init.json"))) as? [String: Any])
    let genesis = try #require(made["genesis"] as? String)
    let trail = run(["log", "verify", path + "/trail", "--genesis", genesis])
    // Consistent from its origin; its end is not written down elsewhere.
    #expect(trail.code == .findings && trail.output.contains("whole to"), "\(trail)")
    for identity in ["reviewer", "second"] {
      let read = run([
        "log", "query", path + "/trail", "--identity", "\(kept)/\(identity)", "--identity-passphrase-file",
        kept + "/reviewer-passphrase", "--json",
      ])
      #expect(read.code == .done || read.code == .findings, "\(read)")
      #expect(read.output.contains(#""action":"OPEN""#) && read.output.contains(#""action":"MOUNT""#), "\(identity)")
      #expect(read.output.contains(#""action":"GRANT""#) == (identity == "reviewer"), "the second came later")
    }
  }

  /// Every command that opens a vault says that it is of a later program, with exit 1 and what to do; no byte of it changes.
  @Test(arguments: [["verify"], ["key", "list"], ["key", "add"]]) func aNewerFormatIsRefused(words: [String]) throws {
    let (folder, path, kept) = try copy("1")
    defer { withExtendedLifetime(folder) {} }
    for name in ["vault.json", "vault.json.2"] {
      let file = URL(fileURLWithPath: path + "/" + name)
      let text = try String(contentsOf: file, encoding: .utf8)
      let newer = text.replacingOccurrences(of: "\"format\": 1,", with: "\"format\": 2,")
      #expect(newer != text)
      try newer.write(to: file, atomically: false, encoding: .utf8)
    }
    let before = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
    let secret = words == ["key", "list"] ? [] : ["--passphrase-file", kept + "/passphrase"]
    let ran = run(words + [path] + secret)
    #expect(ran.code == .error, "\(ran)")
    #expect(ran.errors.contains("this vault has format version 2, this program reads up to 1"), "\(ran)")
    #expect(ran.errors.contains("strongroom: hint: "), "\(ran)")
    #expect(try FileManager.default.subpathsOfDirectory(atPath: path).sorted() == before)
  }
}
