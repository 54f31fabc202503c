import Testing
import Trail
import Vault
import VaultFS
import VaultFormat

/// Where the trail takes no records, nothing is answered but row 10.
@Suite struct TrailDownTests {
  @Test func everythingButRow10IsRefused() throws {
    let test = try TestFiles()
    let folder = try test.make(.folder, "a")
    try test.make(.folder, "empty", in: folder)
    try test.make(.document, "d", in: folder)
    let link = try test.vault.create(
      .symlink, named: Name("link")!, in: folder, mode: 0o777, uid: 0, gid: 0, target: Array("d".utf8))
    try test.give([.list, .read, .add, .edit, .remove], to: TestFiles.alice, on: folder)
    let alice = TestFiles.alice
    let files = test.files
    let number = try test.number(alice, "d", in: folder)
    let empty = try files.openFolder(alice, try test.number(alice, "empty", in: folder))
    let handle = try files.open(alice, number, OpenAccess(reads: true, writes: true))
    let range = LockRange(first: 0, last: 9, style: .posix)
    guard case .held = try files.lock(alice, handle, owner: 1, range, .shared, whenHeld: nil) else {
      Issue.record("the lock is not held")
      return
    }
    let operations: [(String, () throws -> Void)] = [
      ("lookup", { _ = try test.number(alice, "d", in: folder) }),
      ("lookup of what is absent", { _ = try test.number(alice, "absent", in: folder) }),
      ("getattr", { _ = try files.attributes(alice, of: number) }),
      ("fstat", { _ = try files.attributes(alice, of: number, handle: handle) }),
      ("access", { try files.access(alice, number, mask: 4) }),
      ("readlink", { _ = try files.readLink(alice, FileNumber(link.id.value)) }),
      ("opendir", { _ = try files.openFolder(alice, FileNumber(folder.id.value)) }),
      ("empty listing", { try files.list(alice, empty, after: 0) { _ in true } }),
      ("listxattr", { _ = try files.listXattrs(alice, number) }),
      ("getxattr", { _ = try files.xattr(alice, number, Array("user.none".utf8)) }),
      ("seek", { _ = try files.seek(alice, handle, from: 0, toData: false) }),
      ("lock", { _ = try files.lock(alice, handle, owner: 2, range, .shared, whenHeld: nil) }),
      ("getlk", { _ = try files.blocker(alice, handle, owner: 2, range, .exclusive) }),
      ("statfs", { _ = try files.statfs() }),
      ("open", { _ = try files.open(alice, number, OpenAccess(reads: true, writes: false)) }),
      (
        "read",
        { try withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { _ = try files.read(alice, handle, at: 0, into: $0) } }
      ),
      ("write", { try test.bytes("x") { _ = try files.write(alice, handle, $0, at: 0, appends: false) } }),
      ("unlink", { try test.bytes("d") { try files.unlink(alice, in: FileNumber(folder.id.value), $0) } }),
      ("rename", { try test.rename(alice, "d", in: folder, to: "e", in: folder) }),
    ]
    try test.vault.trail.close()
    for (name, operation) in operations { #expect(test.failure(operation) == .io, "\(name)") }
    try files.unlock(handle, owner: 1, range)
    #expect(test.failure { try files.flush(handle, lockOwner: 1) } == nil)
    files.release(handle, lockOwner: nil)
    files.releaseFolder(empty)
    #expect(files.openHandleCount == 0)
  }
}
