import Foundation
import Testing

extension MountedTests {
  /// Reviews of grants, with real users.
  @Suite struct Reviews {
    @Test func aReviewFromItsOpeningToItsEnd() throws {
      try withStandardVault { vault in
        let (administrator, all, partial, steward) =
          (vault.users.administrator, vault.users.all, vault.users.partial, vault.users.none)
        func review(_ words: String..., as user: TestUser) throws -> Output {
          try vault.strongroom(["review"] + words + ["--vault", vault.mountpoint], as: user)
        }
        func lines(_ output: Output) -> [JSON] { output.standardOutput.split(separator: "\n").compactMap { JSON(String($0)) } }
        let reads = try vault.actor(partial)
        let descriptor = try reads.open(vault.path("/open/letter"))
        #expect(try reads.reads(descriptor).text == "the letter in /open")
        let stewards = try vault.grant("steward", on: "/open", to: steward)
        let given = try vault.mustStrongroom(
          ["grant", "add", vault.path("/open"), "--to", all.principal, "--rights", "editor", "--reason", "helps", "--json"],
          as: steward)
        let alls = try #require(JSON(given)?.first["id"]?.number)

        #expect(try review("open", "--scope", "/open", "--due", "2030-01-01", "--reason", "r", as: partial).status != 0)
        let opened = try review(
          "open", "--scope", "/open", "--due", "2030-01-01", "--reason", "yearly", "--json", as: administrator)
        #expect(opened.status == 0, "\(opened.all)")
        let id = String(try #require(lines(opened).first?["id"]?.number))
        let items = lines(try review("show", id, "--json", as: administrator)).filter { $0["grant"] != nil }
        #expect(items.count == 3)
        let partials = try #require(items.first { $0["to"]?.text == partial.principal })
        let partialsID = String(try #require(partials["grant"]?.number))
        #expect(
          partials["useCount"]?.number == 1 && partials["lastUse"] != nil && partials["owner"]?.text == administrator.principal)
        #expect(items.first { $0["grant"]?.number == alls }?["owner"]?.text == steward.principal)

        // Two owners answer, by command and by worksheet; nobody for themself.
        #expect(try review("show", id, as: partial).status == 1)
        let own = try review("decide", id, String(stewards), "keep", "--reason", "mine", as: steward)
        #expect(own.status == 4 && own.standardError.contains("nobody certifies their own access"), "\(own.all)")
        #expect(try review("decide", id, String(stewards), "keep", "--reason", "needed", as: administrator).status == 0)
        let sheet = try review("show", id, "--owner", steward.principal, "--csv", "-", as: steward).standardOutput
        #expect(sheet.split(separator: "\r\n").count == 2 && sheet.hasPrefix("review,grant,path,to,"))
        let filled = vault.folder + "/sheet.csv"
        try Data("grant,decision,new-rights,new-until,note\n\(alls),shrink,\"list,read\",,reads only\n".utf8)
          .write(to: URL(fileURLWithPath: filled))
        let dry = try review("decide", id, "--csv", filled, "--reason", "r", "--dry-run", as: steward)
        #expect(dry.status == 0 && dry.standardOutput.contains("reader on /open"), "\(dry.all)")
        let done = try review("decide", id, "--csv", filled, "--reason", "r", as: steward)
        #expect(done.status == 0, "\(done.all)")

        // What nobody answered ends with the next operation.
        #expect(try reads.tries("pread", descriptor, 0, 4) == "ok")
        let closed = try review("close", id, "--reason", "over", as: administrator)
        #expect(closed.status == 3 && closed.standardError.contains("1 kept, 1 shrunk, 0 revoked, 1 suspended"), "\(closed.all)")
        #expect(try reads.tries("pread", descriptor, 0, 4) == "EACCES")
        #expect(try reads.tries("open", vault.path("/open/letter"), "r") == "ENOENT")
        let why = try vault.strongroom(
          ["access", "explain", partial.principal, "read", vault.path("/open/letter")], as: administrator)
        #expect(why.standardOutput.contains("is suspended by review \(id)"), "\(why.all)")
        let listed = try vault.strongroom(["grant", "list", vault.path("/open")], as: administrator)
        #expect(listed.standardOutput.contains("suspended by review \(id)"), "\(listed.all)")

        // It is as it was after kill -9; a late answer brings the grant back.
        try reads.close(descriptor)
        try vault.crash()
        try vault.mount()
        #expect(try reads.tries("open", vault.path("/open/letter"), "r") == "ENOENT")
        #expect(lines(try review("list", "--json", as: administrator)).first?["state"]?.text == "closed")
        #expect(try review("decide", id, partialsID, "keep", "--reason", "late", as: administrator).status == 0)
        #expect(try reads.reads(vault.path("/open/letter")).text == "the letter in /open")
        let records = try vault.trail().actions("CERTIFY").filter { $0.outcome == "done" }
        #expect(records.compactMap { $0.detail("change") } == ["opened", "decided", "decided", "suspended", "closed", "decided"])
        #expect(
          records.map(\.user) == [administrator, administrator, steward, administrator, administrator, administrator].map(\.name))
      }
    }
  }
}
