import Foundation
import Glibc
import Platform
import TestKit
import Testing
import Trail
import VaultFormat

@testable import StrongroomCLI

private func verify(_ fixture: TrailFixture, _ words: [String] = []) -> Ran { fixture.log(["verify"] + words, identity: []) }

@Test func aTrailIsWholeOnlyBetweenKnownEnds() throws {
  let fixture = try TrailFixture()
  let genesis = Hex.encode(fixture.genesis)
  let bare = verify(fixture)
  #expect(bare.code == .findings)
  #expect(bare.output.contains("1 segments with 14 records, 0 marks and 2 checkpoints\nchain: whole to \(fixture.end)\n"))
  #expect(bare.output.contains("origin: not established; the trail says that its genesis key is \(genesis)\n"))
  #expect(bare.output.contains("end: not established; keep \(fixture.end) elsewhere"))
  #expect(verify(fixture, ["--genesis", genesis]).code == .findings)
  let whole = verify(fixture, ["--genesis", genesis, "--end", fixture.end.description])
  #expect(whole.code == .done)
  #expect(whole.output.hasSuffix("the trail is whole\n"))
  let opened = fixture.log(["verify", "--genesis", genesis, "--end", fixture.end.description])
  #expect(opened.code == .done)
  #expect(opened.output.contains("opened: 14 of 14 records"))
}

@Test func whatIsBrokenIsExit13WithItsPlace() throws {
  let fixture = try TrailFixture()
  let other = verify(fixture, ["--genesis", String(repeating: "ab", count: 32)])
  #expect(other.code == .trailBroken)
  #expect(other.errors.contains("does not begin with the genesis key"))
  let longer = verify(fixture, ["--end", "99:" + String(repeating: "ab", count: 32)])
  #expect(longer.code == .trailBroken)
  try fixture.flip(segment: 1, byte: -500)
  let flipped = verify(fixture)
  #expect(flipped.code == .trailBroken)
  #expect(flipped.errors.hasPrefix("strongroom: error: the trail is broken: segment 1, frame #"), "\(flipped.errors)")
  let json = verify(fixture, ["--json"])
  #expect(json.code == .trailBroken)
  let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
  #expect(object["verdict"] as? String == "broken")
  #expect((object["broken"] as? [String: Any])?["segment"] as? Int == 1)
}

@Test func anchorsEstablishTheEnd() throws {
  let fixture = try TrailFixture([])
  let anchor = fixture.root + "/anchor"
  var settings = TrailSettings()
  settings.anchors = [FileAnchor(path: anchor)]
  try fixture.write([TrailFixture.denial(TrailFixture.lin, "/x", "open")], settings: settings)
  let ran = verify(fixture, ["--genesis", Hex.encode(fixture.genesis), "--anchor", anchor])
  #expect(ran.code == .done, "\(ran.output)\(ran.errors)")
  #expect(ran.output.contains("end: agrees with what is known elsewhere, to #\(fixture.end.sequence)"))
  #expect(verify(fixture, ["--anchor", fixture.root + "/none"]).code == .error)
}

@Test func aTrailThatWasEmptiedIsBrokenForWhoeverKnowsOfIt() throws {
  let fixture = try TrailFixture([])
  let anchor = fixture.root + "/anchor"
  var settings = TrailSettings()
  settings.anchors = [FileAnchor(path: anchor)]
  try fixture.write([], settings: settings)
  for name in try Files.list(fixture.trail) { unlink(fixture.trail + "/" + name) }
  #expect(verify(fixture).code == .noVault)
  for words in [["--genesis", Hex.encode(fixture.genesis)], ["--end", fixture.end.description], ["--anchor", anchor]] {
    let ran = verify(fixture, words)
    #expect(ran.code == .trailBroken && ran.errors.contains("there is no segment"), "\(words): \(ran.errors)")
  }
  #expect(run(["log", "verify", fixture.root + "/none", "--genesis", Hex.encode(fixture.genesis)]).code == .noVault)
}

@Test(arguments: [(["--genesis", "12"], "is no genesis key"), (["--end", "5"], "is no SEQUENCE:HEAD")])
func badExpectationsAreUsage(_ words: [String], _ text: String) throws {
  let ran = verify(try TrailFixture(), words)
  #expect(ran.code == .usage)
  #expect(ran.errors.contains(text))
}

@Test func keygenWritesAnIdentityAndNeverOverwrites() throws {
  let folder = TemporaryFolder()
  let passphrase = folder.write("passphrase", "a long passphrase\n")
  let path = folder.path + "/张.identity"
  let words = ["reviewer", "keygen", "-o", path, "--passphrase-file", passphrase]
  let ran = run(words)
  #expect(ran.code == .done, "\(ran.errors)")
  let key = try ReviewerIdentity.readPublicKey(path + ".pub")
  #expect(key.label == "张")
  #expect(ran.output == key.encode())
  #expect(ran.errors.contains("escrow"))
  var status = stat()
  #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
  let before = try File(path, O_RDONLY).readAll(limit: 4096)
  let again = run(words)
  #expect(again.code == .error)
  #expect(again.errors.contains("never overwritten"))
  #expect(try File(path, O_RDONLY).readAll(limit: 4096) == before)
  let identity = try ReviewerIdentity.load(from: path, passphrase: TrailFixture.secret("a long passphrase"))
  #expect(identity.publicKey == key.publicKey)
  // The public key alone is in the way as well.
  unlink(path)
  #expect(run(words).code == .error)
  #expect(access(path, F_OK) != 0)
}

@Test(arguments: [["--label", " "], ["--label", "a\nb"]])
func badLabelsAreUsage(_ words: [String]) {
  let folder = TemporaryFolder()
  let ran = run(
    ["reviewer", "keygen", "-o", folder.path + "/x", "--passphrase-file", folder.write("p", "a long passphrase\n")] + words)
  #expect(ran.code == .usage)
  #expect(access(folder.path + "/x", F_OK) != 0)
}
