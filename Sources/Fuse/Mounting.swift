import CFuse3
import Glibc

/// The two ways to mount: by mount(2), and through libfuse and fusermount3.
enum Mounting {
  /// - Returns: a connection that is mounted; INIT waits to be read.
  static func mount(_ filesystem: any Filesystem, at place: Mountpoint, _ options: SessionOptions) throws(FuseError) -> Connection
  {
    let own = SessionOptions.Owner(uid: geteuid(), gid: getegid())
    let owner = options.owner ?? own
    // The device itself, not something else by its name.
    var status = stat()
    guard stat("/dev/fuse", &status) == 0, status.st_mode & S_IFMT == S_IFCHR, status.st_rdev == deviceNumber else {
      throw .deviceMissing
    }
    if geteuid() == 0 { return try mountDirectly(filesystem, at: place, options, owner) }
    guard owner == own else { throw .notPermitted }
    return try mountThroughHelper(filesystem, at: place, options)
  }

  /// Major 10, minor 229 (Documentation/admin-guide/devices.txt).
  private static let deviceNumber = dev_t(10 << 8 | 229)

  private static func mountDirectly(
    _ filesystem: any Filesystem, at place: Mountpoint, _ options: SessionOptions, _ owner: SessionOptions.Owner
  ) throws(FuseError) -> Connection {
    let connection = try Connection(filesystem, options, mountOptions: "")
    let descriptor = open("/dev/fuse", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT, ENODEV, ENXIO: throw .deviceMissing
      case EACCES, EPERM: throw .notPermitted
      case let code: throw .system(call: "open", code: code)
      }
    }
    var words = "fd=\(descriptor),rootmode=40000,user_id=\(owner.uid),group_id=\(owner.gid)"
    if options.allowsOtherUsers { words += ",allow_other" }
    let flags = UInt(MS_NOSUID) | UInt(MS_NODEV) | (options.isReadOnly ? UInt(MS_RDONLY) : 0)
    let type = options.subtype.isEmpty ? "fuse" : "fuse.\(options.subtype)"
    guard Glibc.mount(options.sourceName, place.path, type, flags, words) == 0 else {
      let code = errno
      close(descriptor)
      switch code {
      case EPERM, EACCES: throw .notPermitted
      case ENODEV: throw .deviceMissing
      case EBUSY: throw .mountpointBusy
      default: throw .system(call: "mount", code: code)
      }
    }
    guard connection.attach(to: "/dev/fd/\(descriptor)") else {
      close(descriptor)
      try? place.detach()
      throw .system(call: "fuse_session_mount", code: EIO)
    }
    return connection
  }

  private static func mountThroughHelper(
    _ filesystem: any Filesystem, at place: Mountpoint, _ options: SessionOptions
  ) throws(FuseError) -> Connection {
    guard access("/dev/fuse", R_OK | W_OK) == 0 else { throw .notPermitted }
    if options.allowsOtherUsers, !isUserAllowOtherSet() { throw .userAllowOtherMissing }
    var words = ["fsname=\(escape(options.sourceName))", "nosuid", "nodev"]
    if !options.subtype.isEmpty { words.append("subtype=\(escape(options.subtype))") }
    if options.allowsOtherUsers { words.append("allow_other") }
    if options.isReadOnly { words.append("ro") }
    let connection = try Connection(filesystem, options, mountOptions: words.joined(separator: ","))
    guard connection.attach(to: place.path) else { throw .notPermitted }
    return connection
  }

  /// libfuse's options are separated by commas, and a backslash takes a meaning away.
  private static func escape(_ value: String) -> String {
    var escaped = ""
    for character in value {
      if character == "," || character == "\\" { escaped.append("\\") }
      escaped.append(character)
    }
    return escaped
  }

  private static func isUserAllowOtherSet() -> Bool {
    guard let bytes = try? readWhole("/etc/fuse.conf") else { return false }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains { line in
      line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" }) == ["user_allow_other"]
    }
  }
}
