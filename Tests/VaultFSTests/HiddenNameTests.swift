import Glibc
import Testing
import Vault
import VaultFS
import VaultFormat

/// Hidden and absent names answer alike to whoever may not put a name there.
@Suite struct HiddenNameTests {
  private let test: TestFiles
  private let folder: Node

  init() throws {
    test = try TestFiles()
    folder = try test.make(.folder, "a")
    let hidden = try test.make(.folder, "hidden", in: folder)
    try test.make(.document, "document", in: folder)
    try test.give([.list, .read, .add, .edit, .remove], to: TestFiles.alice, on: folder)
    try test.give([.list, .read], to: TestFiles.bob, on: folder)
    try test.bar(TestFiles.alice, at: hidden)
    try test.bar(TestFiles.bob, at: hidden)
  }

  @Test(arguments: [false, true]) func createTellsNothingWithoutAdd(isExclusive: Bool) {
    for name in ["hidden", "absent"] {
      let answer = test.failure { _ = try test.create(TestFiles.bob, name, in: folder, isExclusive: isExclusive) }
      #expect(answer == .accessDenied, "\(name)")
    }
  }

  @Test func createOverHiddenWithAdd() {
    #expect(test.failure { _ = try test.create(TestFiles.alice, "hidden", in: folder) } == .accessDenied)
    #expect(test.failure { _ = try test.create(TestFiles.alice, "hidden", in: folder, isExclusive: true) } == .exists)
  }

  @Test(arguments: [Vault.RenameMode.replace, .keepExisting, .exchange]) func renameTellsNothingWithoutEdit(
    mode: Vault.RenameMode
  ) {
    for name in ["hidden", "absent"] {
      let answer = test.failure { try test.rename(TestFiles.bob, "document", in: folder, to: name, in: folder, mode) }
      #expect(answer == .accessDenied, "\(name)")
    }
  }

  @Test func renameOverHiddenWithEdit() {
    let wanted: [(Vault.RenameMode, FSError)] = [(.replace, .accessDenied), (.keepExisting, .exists), (.exchange, .noEntry)]
    for (mode, error) in wanted {
      #expect(test.failure { try test.rename(TestFiles.alice, "document", in: folder, to: "hidden", in: folder, mode) } == error)
    }
    #expect(
      test.failure { try test.rename(TestFiles.alice, "document", in: folder, to: "absent", in: folder, .exchange) } == .noEntry)
  }

  @Test func renamesAndRemovalsStillWork() throws {
    try test.rename(TestFiles.alice, "document", in: folder, to: "renamed", in: folder)
    #expect(test.failure { _ = try test.number(TestFiles.alice, "document", in: folder) } == .noEntry)
    try test.bytes("renamed") { try test.files.unlink(TestFiles.alice, in: FileNumber(folder.id.value), $0) }
    #expect(test.failure { _ = try test.number(TestFiles.alice, "renamed", in: folder) } == .noEntry)
  }

  @Test func refusedMovesBetweenFoldersAreOnRecord() throws {
    let other = try test.make(.folder, "b")
    let source = try test.make(.folder, "c")
    try test.make(.document, "unread", in: source)
    try test.make(.document, "walled", in: folder)
    try test.give([.list, .add, .remove], to: TestFiles.alice, on: source)
    try test.give([.list, .add], to: TestFiles.alice, on: other)
    try test.bar(TestFiles.carol, at: other)
    #expect(test.failure { try test.rename(TestFiles.alice, "unread", in: source, to: "x", in: folder) } == .crossDevice)
    #expect(test.failure { try test.rename(TestFiles.alice, "walled", in: folder, to: "x", in: other) } == .crossDevice)
    let refused = try test.records().filter { $0.action == .deny && $0.errno == EXDEV }
    #expect(refused.map(\.decision) == [.missing(.read), .missing(.grant)])
    #expect(refused.allSatisfy { $0.actor?.uid == TestFiles.alice.uid })
  }
}
