import CFuse3
import Glibc

/// A folder to mount on, by its absolute path without symlinks.
struct Mountpoint: Equatable {
  let path: String

  /// Finds the folder and clears dead mounts off it: those whose server is gone (ENOTCONN), which would stay beneath, unseen.
  /// - Throws: `mountpointMissing`, `mountpointNotFolder`, `mountpointNotEmpty`, `mountpointBusy` where a FUSE filesystem is mounted
  ///   there and answers, `notPermitted`.
  init(preparing given: String) throws(FuseError) {
    path = try Mountpoint.resolve(given)
    while let mount = try MountTable.top(at: path), mount.isFuse {
      guard isDead(mount) else { throw .mountpointBusy }
      try detach()
    }
    try checkEmptyFolder()
  }

  /// What resolves a path whose last part may be a mount that does not answer, or not us.
  private static func resolve(_ given: String) throws(FuseError) -> String {
    if let whole = canonical(given) { return whole }
    switch errno {
    case ENOTCONN, EACCES:
      let trimmed = given.drop { _ in false }.trimmingSlashes()
      let slash = trimmed.lastIndex(of: "/")
      let parent = slash.map { $0 == trimmed.startIndex ? "/" : String(trimmed[..<$0]) } ?? "."
      let name = slash.map { trimmed[trimmed.index(after: $0)...] } ?? trimmed
      guard name != "..", name != ".", let folder = canonical(parent) else { throw .notPermitted }
      return folder == "/" ? "/\(name)" : "\(folder)/\(name)"
    case ENOENT: throw .mountpointMissing
    case ENOTDIR: throw .mountpointNotFolder
    case let code: throw .system(call: "realpath", code: code)
    }
  }

  private static func canonical(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private func checkEmptyFolder() throws(FuseError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      switch errno {
      case ENOENT: throw .mountpointMissing
      case EACCES: throw .notPermitted
      case let code: throw .system(call: "stat", code: code)
      }
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .mountpointNotFolder }
    guard let stream = opendir(path) else { throw errno == EACCES ? .notPermitted : .system(call: "opendir", code: errno) }
    defer { closedir(stream) }
    var count = 0
    while readdir(stream) != nil { count += 1 }
    // `.` and `..`
    guard count <= 2 else { throw .mountpointNotEmpty }
  }

  private func isDead(_ mount: MountTableLine) -> Bool {
    var status = stat()
    if stat(path, &status) == 0 { return false }
    if errno == ENOTCONN { return true }
    // A private mount refuses others before it notices that its server is gone: ask as its owner.
    guard errno == EACCES, geteuid() == 0, let owner = mount.owner else { return false }
    return isDeadTo(owner)
  }

  /// Asks on a thread of its own, which takes the owner's ids and ends. The way there was already gone, as ourselves.
  private func isDeadTo(_ owner: SessionOptions.Owner) -> Bool {
    let root = open(path, Int32(cfuse3_open_path) | O_DIRECTORY | O_CLOEXEC)
    guard root >= 0 else { return errno == ENOTCONN }
    defer { close(root) }
    let answer = Monitor<Bool?>(nil)
    let started = startThread("fuse-probe") {
      var status = stat()
      let isDead =
        cfuse3_become_on_this_thread(owner.uid, owner.gid) == 0
        && fstatat(root, "", &status, Int32(cfuse3_at_empty_path)) != 0 && errno == ENOTCONN
      answer.change { $0 = isDead }
    }
    return started && answer.wait { $0 }
  }

  /// Takes what is mounted here out of the folder tree, in use or not.
  func detach() throws(FuseError) {
    if geteuid() == 0 {
      guard umount2(path, Int32(MNT_DETACH) | Int32(UMOUNT_NOFOLLOW)) == 0 else { throw .system(call: "umount2", code: errno) }
    } else if try runHelper(["-u", "-z", "-q", "--", path]) != 0 {
      throw .notPermitted
    }
  }
}

extension Substring {
  /// Without slashes at the end, except one that is all there is.
  fileprivate func trimmingSlashes() -> Substring {
    var rest = self
    while rest.count > 1, rest.last == "/" { rest.removeLast() }
    return rest
  }
}

/// Runs fusermount3, which may mount and unmount for its caller. Returns its exit code.
func runHelper(_ arguments: [String]) throws(FuseError) -> Int32 {
  var words: [UnsafeMutablePointer<CChar>?] = (["fusermount3"] + arguments).map { strdup($0) } + [nil]
  defer { words.forEach { free($0) } }
  var child = pid_t()
  let code = posix_spawnp(&child, "fusermount3", nil, nil, &words, environ)
  guard code == 0 else { throw .system(call: "fusermount3", code: code) }
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0 && errno == EINTR {}
  return status & 0x7f == 0 ? status >> 8 & 0xff : 128
}
