import Foundation
import Glibc
import TestKit
import Testing

extension MountedTests {
  /// Records that go to a second place as well, from a real mount.
  @Suite struct Forwarding {
    private func lines(_ path: String) throws -> [TrailRecord] {
      let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
      // A last line without its end is being written.
      return try text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
        try TrailRecord(#require(JSON(String(line)), "not a JSON line: \(line)"))
      }
    }

    @Test func aReadIsInTheSecondFolderWithinSecondsAlsoAfterAKill() throws {
      let vault = try TestVault()
      defer { vault.close() }
      try vault.create()
      let place = vault.folder + "/elsewhere"
      mkdir(place, 0o700)
      let path = place + "/strongroom-records.jsonl"
      try vault.mount(config: "forward-records: [\"folder:\(place)\"]\n")
      try vault.grant("editor", on: "/", to: vault.users.all)
      let first = try vault.actor(vault.users.all)
      let writer = try first.open(vault.path("/letter"), "w,create")
      try first.does("write", writer, "words")
      // On disk: a kill takes what was not committed.
      try first.does("fsync", writer)
      try first.close(writer)
      #expect(try first.reads(vault.path("/letter")).text == "words")
      let ofUser = { (action: String) in try lines(path).actions(action).of(vault.users.all) }
      #expect(try eventually(within: 5) { try ofUser("READ").count == 1 }, "the read is not there")
      let read = try #require(try ofUser("READ").first)
      #expect(read.range == TrailRecord.Range(offset: 0, asked: 1 << 20, returned: 5))
      #expect(read.path == "/letter" && read.process == Int(first.id))

      try vault.crash()
      first.end()
      try vault.mount()
      let second = try vault.actor(vault.users.all)
      #expect(try second.reads(vault.path("/letter")).text == "words")
      #expect(try eventually(within: 5) { try ofUser("READ").count == 2 }, "nothing is forwarded after a kill")
      second.end()
      try vault.unmount()
      // All of the trail but what was made before the mount, and nothing else; a record of before a crash may be missing or come twice.
      let forwarded = Set(try lines(path).compactMap { $0.json["sequence"]?.number })
      let trail = try vault.trail(["--raw"])
      let numbers = Set(trail.compactMap { $0.json["sequence"]?.number })
      #expect(forwarded.isSubset(of: numbers), "\(forwarded.subtracting(numbers))")
      let recovery = try #require(trail.actions("RECOVERY").first?.json["sequence"]?.number)
      #expect(numbers.filter { $0 >= recovery }.isSubset(of: forwarded))
      #expect(try lines(path).actions("UNMOUNT").count == 1)
    }

    /// To a daemon from Debian, with a certificate that an authority of its own signed.
    @Test func aSyslogDaemonIsGivenHeadsAndRecordsOverTLS() throws {
      let daemon = try SyslogDaemon(isTLS: true, environment: [Machine.mark.name: Machine.mark.value])
      defer { daemon.stop() }
      let vault = try TestVault()
      defer { vault.close() }
      try vault.create()
      let target = "syslog:tls:localhost:\(daemon.port)"
      try vault.mount(
        config: "anchors: [\"\(target)\"]\nforward-records: [\"\(target)\"]\ntls-authorities: \"\(daemon.authority)\"\n")
      let process = try vault.daemon()
      try vault.grant("editor", on: "/", to: vault.users.all)
      let all = try vault.actor(vault.users.all)
      try all.writes("words", to: vault.path("/letter"))
      #expect(try all.reads(vault.path("/letter")).text == "words")
      let told = { (kind: String) in daemon.lines.filter { $0.hasPrefix("strongroom \(process) \(kind) authpriv.") } }
      let records = {
        try told("record").map { line in
          try TrailRecord(#require(JSON(String(line[(line.firstIndex(of: "{") ?? line.endIndex)...])), "not JSON: \(line)"))
        }
      }
      #expect(try eventually(within: 5) { try !records().actions("READ").of(vault.users.all).isEmpty }, "the read is not there")
      let read = try #require(try records().actions("READ").of(vault.users.all).first)
      #expect(read.path == "/letter" && read.range?.returned == 5 && read.process == Int(all.id))
      all.end()
      try vault.unmount()

      // All of this mount's records, once and in order; and the head of the end, against which the trail is whole.
      let trail = try vault.trail(["--raw"])
      let mount = try #require(trail.lastIndex { $0.action == "MOUNT" })
      let numbers = trail[mount...].map { $0.json["sequence"]?.number }
      #expect(eventually(within: 5) { told("record").count >= numbers.count }, "\(told("record").count) of \(numbers.count)")
      #expect(try records().map { $0.json["sequence"]?.number } == numbers)
      #expect(eventually(within: 5) { told("checkpoint").count >= 2 }, "\(daemon.lines)")
      let verified = try vault.strongroom([
        "log", "verify", vault.vault + "/trail", "--genesis", vault.genesis, "--anchor", daemon.output,
      ])
      #expect(verified.status == 0, "\(verified.all)")
    }
  }

  /// A copy put back, by the commands that docs/operations.md names.
  @Suite struct Restoring {
    @Test func aCopyPutBackUnderTodaysTrailGoesOnOnceItIsSaid() throws {
      let vault = try TestVault.mounted()
      defer { vault.close() }
      try vault.grant("editor", on: "/", to: vault.users.all)
      let all = try vault.actor(vault.users.all)
      try all.writes("yesterday's", to: vault.path("/letter"))
      try vault.unmount()
      let (copy, aside) = (vault.folder + "/copy", vault.folder + "/aside")
      try Programs.mustRun(["cp", "-a", vault.vault, copy])
      try vault.mount()
      try all.writes("today's", to: vault.path("/letter"))
      try all.writes("today's", to: vault.path("/other"))
      try vault.unmount()

      // The copy's catalog and content with today's trail.
      try Programs.mustRun(["mv", vault.vault, aside])
      try Programs.mustRun(["mv", copy, vault.vault])
      try Programs.mustRun(["rm", "-rf", vault.vault + "/trail"])
      try Programs.mustRun(["cp", "-a", aside + "/trail", vault.vault + "/trail"])
      let refused = try vault.strongroom(vault.mountArguments)
      #expect(refused.status == 14, "\(refused.all)")
      #expect(Machine.mounts().filter { $0.hasPrefix(vault.folder) } == [])

      let said = try vault.mustStrongroom(["restore", vault.vault, "--reason", "the disk failed", "--json"] + vault.secret)
      let end = try #require(JSON(said)?["end"]?.text, "\(said)")
      try vault.mount()
      #expect(try all.reads(vault.path("/letter")).text == "yesterday's")
      #expect(try all.tries("open", vault.path("/other"), "r") == "ENOENT")
      try all.writes("after", to: vault.path("/other"))
      try vault.unmount()
      all.end()

      let restored = try #require(try vault.trail(["--action", "restore"]).first)
      #expect(restored.user == "root" && restored.detail("reason") == "the disk failed")
      #expect(restored.json["program"]?.text?.hasSuffix("/strongroom") == true)
      // No record of today is lost by it.
      #expect(try vault.trail(["--action", "write", "--raw"]).at("/other").count == 2)
      let verify = ["log", "verify", vault.vault + "/trail", "--genesis", vault.genesis, "--end", end]
      let verified = try vault.strongroom(
        verify + ["--identity", vault.identity, "--identity-passphrase-file", vault.reviewerPassphraseFile])
      #expect(verified.status == 3 && verified.all.contains("restored from a copy"), "\(verified.all)")
      #expect(verified.all.contains("the disk failed"), "\(verified.all)")
    }
  }
}
