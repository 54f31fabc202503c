import Glibc

/// One mount of this process's namespace, as a line of /proc/self/mountinfo (proc(5)) tells it.
struct MountTableLine: Equatable {
  let path: String
  /// Of the filesystem; for FUSE, the second number also names it in /sys/fs/fuse/connections.
  let deviceMajor: UInt32
  let deviceMinor: UInt32
  /// `fuse`, `fuse.SUBTYPE`, `fuseblk`, `ext4` …
  let type: String
  let source: String
  /// Options of the filesystem, in the kernel's order.
  let filesystemOptions: [Substring]

  var isFuse: Bool { type == "fuse" || type == "fuseblk" || type.hasPrefix("fuse.") || type.hasPrefix("fuseblk.") }

  /// The owner of a FUSE mount.
  var owner: SessionOptions.Owner? {
    guard let uid = number("user_id="), let gid = number("group_id=") else { return nil }
    return SessionOptions.Owner(uid: uid, gid: gid)
  }

  private func number(_ prefix: String) -> UInt32? {
    filesystemOptions.first { $0.hasPrefix(prefix) }.flatMap { UInt32($0.dropFirst(prefix.count)) }
  }

  /// Nil where the line is not of the form described.
  init?(_ line: some StringProtocol) {
    let fields = line.split(separator: " ").map { Substring($0) }
    guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count >= dash + 4 else { return nil }
    let device = fields[2].split(separator: ":").compactMap { UInt32($0) }
    guard device.count == 2 else { return nil }
    path = MountTableLine.unescape(fields[4])
    (deviceMajor, deviceMinor) = (device[0], device[1])
    type = MountTableLine.unescape(fields[dash + 1])
    source = MountTableLine.unescape(fields[dash + 2])
    filesystemOptions = fields[dash + 3].split(separator: ",")
  }

  /// Space, tab, newline and backslash are written as a backslash and three octal digits.
  private static func unescape(_ field: Substring) -> String {
    guard field.utf8.contains(UInt8(ascii: "\\")) else { return String(field) }
    var bytes: [UInt8] = []
    var rest = field.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), let value = UInt8(Substring(rest.prefix(3)), radix: 8) {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

enum MountTable {
  /// The mount that is seen at `path`, an absolute path without symlinks: the last one made there.
  static func top(at path: String) throws(FuseError) -> MountTableLine? {
    try lines().last { $0.path == path }
  }

  static func lines() throws(FuseError) -> [MountTableLine] {
    let bytes = try readWhole("/proc/self/mountinfo")
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { MountTableLine($0) }
  }
}

/// All bytes of a small file.
func readWhole(_ path: String) throws(FuseError) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .system(call: "open", code: errno) }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = read(descriptor, &chunk, chunk.count)
    if count < 0 {
      if errno == EINTR { continue }
      throw .system(call: "read", code: errno)
    }
    if count == 0 { return bytes }
    bytes += chunk[..<count]
  }
}
