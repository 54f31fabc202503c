import Foundation
import Testing

extension MountedTests {
  /// Operations by chance, through `strongroom-posix` (Tests/Posix), which says how a failure is run again.
  @Suite struct RandomOperations {
    /// A vault with two editors, and root as one, who looks at everything afterwards.
    private func withEditors(_ body: (TestVault) throws -> Void) throws {
      try withVault { vault in
        for user in [vault.users.all, vault.users.partial, TestUsers.root] { try vault.grant("editor", on: "/", to: user) }
        try body(vault)
      }
    }

    private func run(_ vault: TestVault, _ arguments: [String]) throws -> [Substring] {
      let users = vault.users.all.name + "," + vault.users.partial.name
      let output = try Programs.run(
        [Programs.posix] + arguments
          + ["--mount", vault.mountpoint, "--users", users, "--seed", "\(Length.seed)", "--between", vault.remountLine])
      try #require(output.status == 0, "\(output.all)")
      return output.standardOutput.split(separator: "\n")
    }

    /// Names, content, attributes, locks: the same results, errno, listings, attributes and bytes as a plain folder gives, but for the
    /// table in Tests/Posix/differences.c. docs/posix.md has the table for people.
    @Test func theMountAnswersAsAPlainFolder() throws {
      try withEditors { vault in
        let count = Length.count("STRONGROOM_DIFFER_OPERATIONS", short: 100_000, soak: 2_000_000)
        let plain = try vault.plainFolder()
        let lines = try run(
          vault, ["differ", "--plain", plain, "--operations", "\(count)", "--per-seed", "2000", "--every", "10"])

        // A run in which most was refused, or some kind never worked, would prove little.
        let ran = try #require(lines.first { $0.hasPrefix("ran ") }).split(separator: " ").compactMap { Int($0) }
        #expect(ran[0] >= count)
        #expect(ran[1] > count / 3, "most operations were refused: \(lines)")
        #expect(ran[2] > count / 12, "times were hardly ever compared")
        let refused: Set<Substring> = ["link", "mkfifo", "tmpfile"]
        Soak.report("operations on the mount and on a plain folder: \(ran[0]), \(ran[1]) of them succeeded; seed \(Length.seed)")
        for line in lines where line.hasPrefix("done ") {
          let words = line.split(separator: " ")
          #expect((Int(words[2])! == 0) == refused.contains(words[1]), "\(line)")
        }
      }
    }

    /// One document against a copy in memory, across pages, packs and blobs, with remounts in between.
    @Test func aDocumentKeepsEveryByte() throws {
      try withEditors { vault in
        let count = Length.count("STRONGROOM_DOCUMENT_OPERATIONS", short: 200_000, soak: 4_000_000)
        let lines = try run(vault, ["document", "--operations", "\(count)", "--every", "\(max(count / 20, 1))"])
        #expect(lines.contains { $0 == "ran \(count) operations, with 20 times the command in between" })
        Soak.report("operations on one document: \(count), all bytes as they have to be; seed \(Length.seed)")
        try vault.unmount()
        try vault.mustStrongroom(["verify", vault.vault] + vault.secret)
      }
    }
  }
}
