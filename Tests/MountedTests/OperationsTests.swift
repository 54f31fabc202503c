import Testing

/// One row of the table in docs/operations.md, tried by three users in a folder of its own.
///
/// The folder holds `letter` and `second` (documents), `tool` (a script with its x bits), `link` (a symlink to `letter`), `sub` (a
/// folder with `inner`) and `empty` (a folder). `all` is editor there; `none` has no right, so that nothing is there for them.
struct Row: Sendable, CustomTestStringConvertible {
  typealias Attempt = @Sendable (Actor, String) throws -> String

  let title: String
  /// What `partial` holds here: everything except what the operation needs.
  let partialRights: String
  let refusal: String
  let allowed: String
  let noneRefusal: String
  /// Actions that the trail must show for `all`.
  let records: [String]
  let attempt: Attempt

  init(
    _ title: String, allBut partialRights: String, refusal: String = "EACCES", allowed: String = "ok", none: String = "ENOENT",
    records: [String] = [], _ attempt: @escaping Attempt
  ) {
    self.title = title
    self.partialRights = partialRights
    self.refusal = refusal
    self.allowed = allowed
    noneRefusal = none
    self.records = records
    self.attempt = attempt
  }

  var testDescription: String { title }
}

/// All six but some, as `--rights` takes them. `grant` is never among them.
private enum But {
  static let list = "read,add,edit,remove"
  static let read = "list,add,edit,remove"
  static let add = "list,read,edit,remove"
  static let edit = "list,read,add,remove"
  static let remove = "list,read,add,edit"
  static let writing = "list,read"
}

/// Opens, does something with the descriptor, closes; the outcome of the first that is refused.
private func with(_ actor: Actor, _ path: String, _ flags: String, _ body: (Int) throws -> String) throws -> String {
  let answer = try actor.ask(["open", path, flags])
  guard case .ok(let words) = answer, let descriptor = Int(words[0]) else { return answer.outcome }
  defer { try? actor.close(descriptor) }
  return try body(descriptor)
}

private let rows: [Row] = [
  // 1–2
  Row("1 lookup", allBut: But.list, refusal: "ENOENT") { try $0.tries("lstat", $1 + "/letter") },
  Row("1 O_PATH", allBut: But.list, refusal: "ENOENT") { try $0.tries("open", $1 + "/letter", "path") },
  Row("2 attributes through a descriptor", allBut: But.list, refusal: "ENOENT") { actor, folder in
    try with(actor, folder + "/letter", "path") { try actor.tries("fstat", $0) }
  },
  // 3
  Row("3 access R of a document", allBut: But.read) { try $0.tries("access", $1 + "/letter", "r") },
  Row("3 access W of a document", allBut: But.edit) { try $0.tries("access", $1 + "/letter", "w") },
  Row("3 access X of a document", allBut: But.read) { try $0.tries("access", $1 + "/tool", "x") },
  Row("3 access X without the x bit", allBut: But.read, allowed: "EACCES") { try $0.tries("access", $1 + "/letter", "x") },
  Row("3 access R of a folder", allBut: But.list, refusal: "ENOENT") { try $0.tries("access", $1 + "/sub", "r") },
  Row("3 access W of a folder", allBut: But.writing) { try $0.tries("access", $1 + "/sub", "w") },
  Row("3 chdir", allBut: But.list, refusal: "ENOENT") { actor, folder in
    defer { _ = try? actor.does("chdir", "/") }
    return try actor.tries("chdir", folder + "/sub")
  },
  // 4–5
  Row("4 list", allBut: But.list, refusal: "ENOENT", records: ["LIST"]) { try $0.tries("list", $1 + "/sub") },
  Row("5 readlink", allBut: But.list, refusal: "ENOENT") { try $0.tries("readlink", $1 + "/link") },
  // 6
  Row("6 open for reading", allBut: But.read, records: ["OPEN"]) { try $0.tries("open", $1 + "/letter", "r") },
  Row("6 open through a symlink", allBut: But.read, records: ["OPEN"]) { try $0.tries("open", $1 + "/link", "r") },
  Row("6 open for writing", allBut: But.edit, records: ["OPEN"]) { try $0.tries("open", $1 + "/letter", "w") },
  Row("6 open for both, without read", allBut: But.read, records: ["OPEN"]) { try $0.tries("open", $1 + "/letter", "rw") },
  Row("6 open for both, without edit", allBut: But.edit, records: ["OPEN"]) { try $0.tries("open", $1 + "/letter", "rw") },
  Row("6 open to append", allBut: But.edit, records: ["OPEN"]) { try $0.tries("open", $1 + "/letter", "w,append") },
  Row("6 open and truncate", allBut: But.edit, records: ["OPEN", "WRITE"]) { try $0.tries("open", $1 + "/letter", "w,trunc") },
  Row("6 read and truncate", allBut: But.edit, records: ["OPEN", "WRITE"]) { try $0.tries("open", $1 + "/letter", "r,trunc") },
  // 7
  Row("7 create", allBut: But.add, records: ["CREATE", "OPEN"]) { try $0.tries("open", $1 + "/new", "w,create") },
  Row("7 create exclusively", allBut: But.add, records: ["CREATE", "OPEN"]) {
    try $0.tries("open", $1 + "/new", "w,create,excl")
  },
  Row("7 mknod of a document", allBut: But.add, records: ["CREATE"]) { try $0.tries("mknod", $1 + "/new", "file") },
  Row("7a create what exists", allBut: But.edit, records: ["OPEN"]) { try $0.tries("open", $1 + "/letter", "w,create") },
  Row("7a create exclusively what exists", allBut: But.edit, refusal: "EEXIST", allowed: "EEXIST") {
    try $0.tries("open", $1 + "/letter", "w,create,excl")
  },
  Row("7a create what is a folder", allBut: But.edit, refusal: "EISDIR", allowed: "EISDIR") {
    try $0.tries("open", $1 + "/sub", "w,create")
  },
  // 8
  Row("8 read", allBut: But.read, records: ["OPEN", "READ"]) { actor, folder in
    try with(actor, folder + "/letter", "r") { try actor.tries("pread", $0, 0, 100) }
  },
  Row("8 read with O_DIRECT", allBut: But.read, records: ["OPEN", "READ"]) { actor, folder in
    try with(actor, folder + "/letter", "r,direct") { try actor.tries("pread", $0, 0, 4096) }
  },
  Row("8 private mapping", allBut: But.read, records: ["OPEN", "PAGES"]) { actor, folder in
    try with(actor, folder + "/letter", "r") {
      let mapping = try actor.does("mmap", $0, 0, 10, "private")[0]
      defer { _ = try? actor.does("munmap", mapping) }
      return try Content(actor.does("peek", mapping, 0, 10)).text == "the letter" ? "ok" : "other bytes"
    }
  },
  Row("8 shared mapping", allBut: But.read, allowed: "ENODEV", records: ["OPEN"]) { actor, folder in
    try with(actor, folder + "/letter", "r") { try actor.tries("mmap", $0, 0, 10, "shared") }
  },
  Row("8 sendfile", allBut: But.read, records: ["OPEN", "PAGES"]) { actor, folder in
    try with(actor, folder + "/letter", "r") { try actor.tries("sendfile", $0, 0, 10) }
  },
  Row("8 exec", allBut: But.read, records: ["OPEN", "READ"]) { try $0.tries("exec", $1 + "/tool") },
  // 9
  Row("9 write", allBut: But.edit, records: ["OPEN", "WRITE"]) { actor, folder in
    try with(actor, folder + "/letter", "w") { try actor.tries("pwrite", $0, 4, "words") }
  },
  Row("9 truncate by path", allBut: But.edit, records: ["WRITE"]) { try $0.tries("truncate", $1 + "/letter", 3) },
  Row("9 truncate by handle", allBut: But.edit, records: ["WRITE"]) { actor, folder in
    try with(actor, folder + "/letter", "w") { try actor.tries("ftruncate", $0, 3) }
  },
  Row("9 fallocate", allBut: But.edit, records: ["WRITE"]) { actor, folder in
    try with(actor, folder + "/letter", "w") { try actor.tries("fallocate", $0, "-", 0, 4096) }
  },
  Row("9 punch a hole", allBut: But.edit, records: ["WRITE"]) { actor, folder in
    try with(actor, folder + "/letter", "w") { try actor.tries("fallocate", $0, "punch", 2, 3) }
  },
  // 10–12
  Row("10 fsync", allBut: But.read, records: ["RELEASE"]) { actor, folder in
    try with(actor, folder + "/letter", "r") { try actor.tries("fsync", $0) }
  },
  Row("10 syncfs", allBut: But.read, records: ["RELEASE"]) { actor, folder in
    try with(actor, folder + "/letter", "r") { try actor.tries("syncfs", $0) }
  },
  Row("11 seek to data", allBut: But.read) { actor, folder in
    try with(actor, folder + "/letter", "r") { try actor.tries("seek", $0, 0, "data") }
  },
  Row("11 seek to a hole", allBut: But.read) { actor, folder in
    try with(actor, folder + "/letter", "r") { try actor.tries("seek", $0, 0, "hole") }
  },
  Row("12 copy a range", allBut: But.edit, records: ["READ", "WRITE"]) { actor, folder in
    try with(actor, folder + "/letter", "r") { source in
      try with(actor, folder + "/second", "w") { try actor.tries("copy", source, 0, $0, 0, 10) }
    }
  },
  // 13–14
  Row("13 mkdir", allBut: But.add, records: ["CREATE"]) { try $0.tries("mkdir", $1 + "/new") },
  Row("13 mkdir where something is", allBut: But.list, refusal: "ENOENT", allowed: "EEXIST") {
    try $0.tries("mkdir", $1 + "/sub")
  },
  Row("13 symlink", allBut: But.add, records: ["CREATE"]) { try $0.tries("symlink", "letter", $1 + "/new") },
  Row("14 hard link", allBut: But.remove, refusal: "EPERM", allowed: "EPERM", records: ["DENY"]) {
    try $0.tries("link", $1 + "/letter", $1 + "/new")
  },
  Row("14 fifo", allBut: But.remove, refusal: "EPERM", allowed: "EPERM", records: ["DENY"]) {
    try $0.tries("mknod", $1 + "/new", "fifo")
  },
  Row("14 socket", allBut: But.remove, refusal: "EPERM", allowed: "EPERM", records: ["DENY"]) {
    try $0.tries("mknod", $1 + "/new", "socket")
  },
  Row("14 O_TMPFILE", allBut: But.remove, refusal: "EOPNOTSUPP", allowed: "EOPNOTSUPP") {
    try $0.tries("open", $1, "rw,tmpfile")
  },
  // 15–16
  Row("15 unlink", allBut: But.remove, records: ["REMOVE"]) { try $0.tries("unlink", $1 + "/letter") },
  Row("15 unlink a symlink", allBut: But.remove, records: ["REMOVE"]) { try $0.tries("unlink", $1 + "/link") },
  Row("16 rmdir", allBut: But.remove, records: ["REMOVE"]) { try $0.tries("rmdir", $1 + "/empty") },
  Row("16 rmdir of what is not empty", allBut: But.list, refusal: "ENOENT", allowed: "ENOTEMPTY") {
    try $0.tries("rmdir", $1 + "/sub")
  },
  // 17–21
  Row("17 rename a document", allBut: But.edit, records: ["RENAME"]) { try $0.tries("rename", $1 + "/letter", $1 + "/new") },
  Row("17 rename a folder", allBut: But.edit, records: ["RENAME"]) { try $0.tries("rename", $1 + "/sub", $1 + "/new") },
  Row("17 rename without replacing", allBut: But.list, refusal: "ENOENT", allowed: "EEXIST") {
    try $0.tries("rename", $1 + "/letter", $1 + "/second", "noreplace")
  },
  Row("18 rename over a document", allBut: But.remove, records: ["RENAME", "REMOVE"]) {
    try $0.tries("rename", $1 + "/letter", $1 + "/second")
  },
  Row("18 rename over a folder", allBut: But.remove, records: ["RENAME", "REMOVE"]) {
    try $0.tries("rename", $1 + "/sub", $1 + "/empty")
  },
  Row("19 move to another folder, without remove", allBut: But.remove, records: ["RENAME"]) {
    try $0.tries("rename", $1 + "/letter", $1 + "/sub/letter")
  },
  Row("19 move to another folder, without add", allBut: But.add, records: ["RENAME"]) {
    try $0.tries("rename", $1 + "/letter", $1 + "/sub/letter")
  },
  Row("19 move to another folder, without read", allBut: But.read, refusal: "EXDEV", records: ["RENAME"]) {
    try $0.tries("rename", $1 + "/letter", $1 + "/sub/letter")
  },
  Row("21 exchange", allBut: But.edit, records: ["RENAME"]) {
    try $0.tries("rename", $1 + "/letter", $1 + "/second", "exchange")
  },
  // 22
  Row("22 chmod", allBut: But.edit, refusal: "EPERM", records: ["WRITE"]) { try $0.tries("chmod", $1 + "/letter", "0640") },
  Row("22 chmod of a folder", allBut: But.edit, refusal: "EPERM", records: ["WRITE"]) {
    try $0.tries("chmod", $1 + "/sub", "0750")
  },
  Row("22 chown", allBut: But.edit, refusal: "EPERM", records: ["WRITE"]) {
    try $0.tries("lchown", $1 + "/letter", $0.user.uid, $0.user.gid)
  },
  Row("22 chown to somebody else", allBut: But.edit, refusal: "EPERM", allowed: "EPERM") {
    try $0.tries("lchown", $1 + "/letter", 1234, 1234)
  },
  Row("22 utimens", allBut: But.edit, refusal: "EPERM", records: ["WRITE"]) {
    try $0.tries("utimens", $1 + "/letter", "omit", 1_700_000_000_123_456_789)
  },
  // 23–25; `letter` carries user.color
  Row("23 set an attribute", allBut: But.edit, records: ["WRITE"]) {
    try $0.tries("setxattr", $1 + "/letter", "user.size", "A4")
  },
  Row("23 remove an attribute", allBut: But.edit, records: ["WRITE"]) {
    try $0.tries("removexattr", $1 + "/letter", "user.color")
  },
  Row("23 set one of strongroom's own", allBut: But.remove, refusal: "EPERM", allowed: "EPERM", records: ["DENY"]) {
    try $0.tries("setxattr", $1 + "/letter", "user.strongroom.note", "x")
  },
  Row("23 set one of another namespace", allBut: But.remove, refusal: "EOPNOTSUPP", allowed: "EOPNOTSUPP") {
    try $0.tries("setxattr", $1 + "/letter", "other.note", "x")
  },
  Row("24 list attributes", allBut: But.list, refusal: "ENOENT") { try $0.tries("listxattr", $1 + "/letter") },
  Row("24 get an attribute", allBut: But.read, records: ["READ"]) { try $0.tries("getxattr", $1 + "/letter", "user.color") },
  Row("24 get an attribute that is not there", allBut: But.list, refusal: "ENOENT", allowed: "ENODATA") {
    try $0.tries("getxattr", $1 + "/letter", "user.nothing")
  },
  Row("25 why", allBut: But.list, refusal: "ENOENT") { try $0.tries("getxattr", $1 + "/letter", "user.strongroom.why") },
  // 26
  Row("26 exclusive flock", allBut: But.edit) { actor, folder in
    try with(actor, folder + "/letter", "r") { try actor.tries("lock", $0, "flock", "w", 0, 0) }
  },
  Row("26 shared flock", allBut: But.read) { actor, folder in
    try with(actor, folder + "/letter", "w") { try actor.tries("lock", $0, "flock", "r", 0, 0) }
  },
  Row("26 exclusive range lock", allBut: But.edit) { actor, folder in
    try with(actor, folder + "/letter", "rw") { try actor.tries("lock", $0, "posix", "w", 0, 4) }
  },
  // 30
  Row("30 ioctl", allBut: But.read, allowed: "ENOTTY") { actor, folder in
    try with(actor, folder + "/letter", "r") { try actor.tries("ioctl", $0, "getflags") }
  },
]

extension MountedTests {
  @Suite struct Operations {
    /// Every row by three users: what they get, and what the trail says of it. One vault, since the trail is opened once.
    @Test func eachRowAsksForItsRightAndIsRecorded() throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: "user:root")
        try vault.grant("editor", on: "/", to: vault.users.all)
        let preparer = try vault.actor(TestUsers.root)
        let (all, partial, none) =
          (try vault.actor(vault.users.all), try vault.actor(vault.users.partial), try vault.actor(vault.users.none))
        try preparer.does("mkdir", vault.path("/rows"))

        for (index, row) in rows.enumerated() {
          let folder = vault.path("/rows/\(index)")
          try prepare(folder, with: preparer)
          try vault.grant(row.partialRights, on: "/rows/\(index)", to: vault.users.partial)
          let expectedForNone = row.noneRefusal
          #expect(try row.attempt(none, folder) == expectedForNone, "\(row.title), by a user without any right")
          #expect(try row.attempt(partial, folder) == row.refusal, "\(row.title), by one with all rights but the needed")
          #expect(try row.attempt(all, folder) == row.allowed, "\(row.title), by an editor")
        }
        for actor in [preparer, all, partial, none] { actor.end() }

        let trail = try vault.trail()
        for (index, row) in rows.enumerated() {
          let here = trail.beneath("/rows/\(index)")
          let actions = here.of(vault.users.all).map(\.action)
          #expect(Set(row.records).isSubset(of: actions), "\(row.title): the editor's records are \(actions)")
          if row.refusal == "EACCES" || row.refusal == "EPERM" {
            let refusals = here.of(vault.users.partial).refusals
            #expect(refusals.contains { $0.errno == row.refusal }, "\(row.title): the refusals are \(refusals)")
          }
          // Records of a user without rights are refusals or counts of them, never something done.
          #expect(here.of(vault.users.none).filter { $0.outcome == "done" }.isEmpty, "\(row.title)")
        }
      }
    }

    private func prepare(_ folder: String, with actor: Actor) throws {
      for path in [folder, folder + "/sub", folder + "/empty"] { try actor.does("mkdir", path) }
      for name in ["letter", "second", "sub/inner"] { try actor.writes("the letter \(name)", to: folder + "/" + name) }
      try actor.does("setxattr", folder + "/letter", "user.color", "red")
      try actor.writes("#!/bin/sh\nexit 0\n", to: folder + "/tool")
      try actor.does("chmod", folder + "/tool", "0755")
      try actor.does("symlink", "letter", folder + "/link")
    }

    @Test func aNameTakenByAHiddenFolderIsNotGivenAway() throws {
      try withVault { vault in
        let (all, partial) = (try vault.actor(vault.users.all), try vault.actor(vault.users.partial))
        try vault.grant("editor", on: "/", to: vault.users.all)
        for folder in ["/shared", "/shared/hidden", "/shared/own"] { try all.does("mkdir", vault.path(folder)) }
        try vault.grant("editor", on: "/shared", to: vault.users.partial)
        try vault.setBoundary(on: "/shared/hidden")

        #expect(try partial.tries("lstat", vault.path("/shared/hidden")) == "ENOENT")
        #expect(try partial.names(in: vault.path("/shared")) == ["own"])
        #expect(try partial.tries("open", vault.path("/shared/hidden"), "w,create") == "EACCES")
        #expect(try partial.tries("open", vault.path("/shared/hidden"), "w,create,excl") == "EEXIST")
        #expect(try partial.tries("mkdir", vault.path("/shared/hidden")) == "EEXIST")
        #expect(try partial.tries("symlink", "x", vault.path("/shared/hidden")) == "EEXIST")
        try partial.writes("mine", to: vault.path("/shared/mine"))
        #expect(try partial.tries("rename", vault.path("/shared/mine"), vault.path("/shared/hidden")) == "EACCES")
        #expect(try partial.tries("rename", vault.path("/shared/mine"), vault.path("/shared/hidden"), "noreplace") == "EEXIST")
        // A stated leak: a folder that looks empty is not.
        #expect(try partial.tries("rmdir", vault.path("/shared/hidden")) == "ENOENT")
      }
    }

    @Test func movingAcrossABoundaryNeedsGrantOnBothSides() throws {
      try withStandardVault { vault in
        let all = try vault.actor(vault.users.all)
        try vault.setBoundary(on: "/closed")
        try vault.grant("editor", on: "/closed", to: vault.users.all)
        #expect(try all.tries("rename", vault.path("/open/letter"), vault.path("/closed/moved")) == "EXDEV")
        #expect(try all.tries("rename", vault.path("/open/letter"), vault.path("/closed/letter"), "exchange") == "EXDEV")
        // mv then copies, with each read checked.
        try Programs.mustRun(["mv", vault.path("/open/letter"), vault.path("/closed/moved")], as: vault.users.all)
        #expect(try all.reads(vault.path("/closed/moved")).text == "the letter in /open")

        try vault.grant("grant", on: "/", to: vault.users.all)
        #expect(try all.tries("rename", vault.path("/closed/moved"), vault.path("/open/letter")) == "ok")
        let moves = try vault.trail(["--action", "rename"]).of(vault.users.all)
        #expect(moves.contains { $0.path == "/closed/moved" && $0.newPath == "/open/letter" && $0.outcome == "done" })
      }
    }

    @Test func theCreatingHandleMayWriteWhileAddHolds() throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        try vault.actor(vault.users.all).does("mkdir", vault.path("/inbox"))
        try vault.grant("filer", on: "/inbox", to: vault.users.partial)
        let filer = try vault.actor(vault.users.partial)
        let new = try filer.open(vault.path("/inbox/new"), "rw,create,excl")
        try filer.does("write", new, "filed")
        #expect(try filer.reads(new).text == "filed")
        #expect(try filer.tries("fchmod", new, "0600") == "ok")
        #expect(try filer.tries("futimens", new, "omit", 1_700_000_000_000_000_000) == "ok")
        #expect(try filer.tries("fsync", new) == "ok")
        try filer.close(new)
        #expect(try filer.tries("open", vault.path("/inbox/new"), "r") == "EACCES")
        #expect(try filer.tries("open", vault.path("/inbox/new"), "w") == "EACCES")
        #expect(try filer.tries("truncate", vault.path("/inbox/new"), 0) == "EACCES")
        #expect(try filer.tries("unlink", vault.path("/inbox/new")) == "EACCES")
      }
    }

    @Test func statfsTellsNoCounts() throws {
      try withStandardVault { vault in
        let values = Actor.pairs(try vault.actor(vault.users.none).does("statfs", vault.mountpoint))
        #expect(values["files"] == "0" && values["ffree"] == "0")
        #expect(values["namelen"] == "255")
        #expect(Int(values["blocks"]!)! > 0)
      }
    }

    @Test func anOpenAndUnlinkedDocumentIsJudgedByItsLastFolder() throws {
      try withStandardVault { vault in
        let all = try vault.actor(vault.users.all)
        let partial = try vault.actor(vault.users.partial)
        let descriptor = try partial.open(vault.path("/open/letter"))
        try all.does("unlink", vault.path("/open/letter"))
        #expect(try partial.reads(descriptor).text == "the letter in /open")
        try vault.revoke(from: vault.users.partial, on: "/open")
        #expect(try partial.tries("pread", descriptor, 0, 10) == "EACCES")
      }
    }
  }
}
