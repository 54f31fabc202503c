import Control
import Foundation
import Glibc
import Platform
import Testing
import Trail
import VaultFormat

@testable import StrongroomCLI

extension TrailFixture {
  fileprivate var pack: String { root + "/pack" }

  fileprivate func makePack(_ more: [String] = [], mount: ScriptedMount? = nil) -> Ran {
    log(["pack", "--case", "案件 7", "-o", pack] + more, mount: mount, table: mount == nil ? "" : mountInfo)
  }

  fileprivate var signer: String { Hex.encode(reviewer.evidenceKey ?? []) }

  fileprivate func verifyPack(_ more: [String] = []) -> Ran {
    run(["log", "verify-pack", pack] + more, mount: ScriptedMount(failure: CommandFailure(.error, .notMounted)))
  }
}

@Test func aPackProvesItsRecordsWithoutTheTrail() throws {
  let fixture = try TrailFixture()
  let made = fixture.makePack(["--user", "lin", "--action", "READ"])
  #expect(made.code == .done, "\(made.errors)")
  #expect(made.output.contains("2 records and 1 that they refer to") && made.output.contains(fixture.signer))
  try Files.rename(fixture.trail, fixture.root + "/away")
  let whole = fixture.verifyPack(["--genesis", Hex.encode(fixture.genesis), "--signer", fixture.signer])
  #expect(whole.code == .done, "\(whole.errors)")
  #expect(whole.output.contains("the pack is whole"))
  #expect(whole.output.contains("user: lin uid=1000") && whole.output.contains("/clients/王小明/合同.pdf"))
  #expect(whole.output.contains("case / 案件: 案件 7") && whole.output.contains("filter / 筛选: user = lin"))
  let notAKey = fixture.verifyPack(["--signer", "12"])
  #expect(notAKey.code == .usage && notAKey.errors.contains("is no evidence key") && notAKey.errors.contains("'log pack'"))
  let unsure = fixture.verifyPack()
  #expect(unsure.code == .findings && unsure.output.contains("give --signer"))
  let json = fixture.verifyPack(["--json"])
  let lines = json.output.split(separator: "\n")
  #expect(lines.count == 3 && lines[0].contains(#""user":"lin""#))
  #expect(lines[2].contains(#""verdict":"consistent","findings":["origin-not-established","signer-not-established"]"#))
  #expect(fixture.verifyPack(["--genesis", String(repeating: "0", count: 64)]).code == .trailBroken)
}

@Test(arguments: [
  // What an option may hold, and the manifest's text of it.
  ("a\u{200d}b\u{200c}", #"lin,a\u{200D}b\u{200C}"#), ("\u{301}x", "lin,\u{301}x"), ("", "lin,"),
  (String(repeating: "长", count: 500), "lin," + String(repeating: "长", count: 332) + "…"),
])
func aPackIsWholeWhateverItsFiltersHold(_ value: String, _ shown: String) throws {
  let fixture = try TrailFixture()
  let made = fixture.makePack(["--user", "lin", "--user", value])
  #expect(made.code == .done, "\(made.errors)")
  let whole = fixture.verifyPack(["--genesis", Hex.encode(fixture.genesis), "--signer", fixture.signer])
  #expect(whole.code == .done, "\(whole.errors)")
  #expect(whole.output.contains("filter / 筛选: user = \(shown)\n"))
  #expect(EvidenceManifest.Filter(name: "program", shown: "") == nil)
}

@Test func aPackIsPlainTar() throws {
  let fixture = try TrailFixture()
  #expect(fixture.makePack(["--action", "DENY"]).code == .done)
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/tar")
  process.arguments = ["-xOf", fixture.pack, "evidence.txt"]
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  #expect(process.terminationStatus == 0)
  #expect(text.contains("DENY refused EACCES") && text.contains("decision: missing read"))
}

@Test func aPackTellsTheMountAndRefusesWhatItCannotProve() throws {
  let fixture = try TrailFixture()
  let mount = ScriptedMount()
  #expect(fixture.makePack(["--action", "DENY"], mount: mount).code == .done)
  let notices = mount.requests.compactMap { request -> ReviewNotice? in
    if case .review(let notice) = request { notice } else { nil }
  }
  let notice = try #require(notices.first)
  #expect(notice.command == "pack" && notice.filters["case"] == "案件 7")
  // It is there already; nothing matches; a case that is none.
  #expect(fixture.makePack(["--action", "DENY"]).errors.contains("exists"))
  unlink(fixture.pack)
  let none = fixture.makePack(["--user", "nobody-there"])
  #expect(none.code == .error && none.errors.contains("nothing to pack"))
  #expect(fixture.log(["pack", "--case", "a\nb", "-o", fixture.pack]).code == .usage)
  // A trail that is broken makes no evidence.
  try fixture.flip(segment: 1, byte: -20)
  #expect(fixture.makePack().code == .trailBroken)
  #expect(!Files.exists(fixture.pack))
}

@Test func aPackWithKeysSaysSo() throws {
  let fixture = try TrailFixture()
  let made = fixture.makePack(["--action", "DENY", "--open-segments"])
  #expect(made.code == .done && made.errors.contains("can read all that they hold"))
  let checked = fixture.verifyPack(["--genesis", Hex.encode(fixture.genesis), "--signer", fixture.signer])
  #expect(checked.code == .done && checked.output.contains("with the keys in the pack"))
}
