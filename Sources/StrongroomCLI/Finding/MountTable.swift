import Glibc
package import Platform
package import VaultFormat

/// The mounts that this process sees, from /proc/self/mountinfo (proc(5)). Ours have the type `fuse.strongroom` and the source
/// `strongroom:<vault id>`.
package struct MountTable: Sendable {
  package struct Entry: Sendable, Equatable {
    /// Raw bytes: a mountpoint need not be UTF-8.
    package let mountpoint: [UInt8]
    package let type: String
    package let source: String
    /// The options of the filesystem, not those of this mount.
    package let options: [String]

    /// The vault, where the mount is ours.
    package var vault: VaultID? {
      guard type == MountTable.type, source.hasPrefix(MountTable.sourcePrefix) else { return nil }
      return Hex.decode(source.dropFirst(MountTable.sourcePrefix.count)).flatMap { ID128($0) }
    }

    /// Who mounted it (`user_id=`), which is who the kernel trusts with it.
    package var mounter: UInt32? {
      options.first { $0.hasPrefix("user_id=") }.flatMap { UInt32($0.dropFirst(8)) }
    }
  }

  package static let type = "fuse.strongroom"
  package static let sourcePrefix = "strongroom:"

  /// In the order of mounting: of two on one mountpoint the later covers the earlier.
  package let entries: [Entry]

  package static func current() throws(SystemError) -> MountTable {
    let descriptor = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open", errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemError("read", errno)
      }
      if count == 0 { break }
      bytes += buffer.prefix(count)
    }
    return MountTable(parsing: bytes)
  }

  /// Lines that are not as proc(5) says are passed over: they belong to others.
  package init(parsing bytes: [UInt8]) {
    entries = bytes.split(separator: 0x0a).compactMap { line in
      let fields = line.split(separator: 0x20)
      guard fields.count >= 7, let dash = fields[6...].firstIndex(where: { $0.elementsEqual([0x2d]) }), fields.count > dash + 3
      else {
        return nil
      }
      return Entry(
        mountpoint: Self.unescaped(fields[4]), type: Self.text(fields[dash + 1]), source: Self.text(fields[dash + 2]),
        options: Self.text(fields[dash + 3]).split(separator: ",").map { String($0) })
    }
  }

  /// The mount that a path lies in, and the part of the path below it. `path` is absolute, without `.` and `..`.
  package func mount(of path: [UInt8]) -> (entry: Entry, rest: ArraySlice<UInt8>)? {
    var best: (entry: Entry, rest: ArraySlice<UInt8>)?
    for entry in entries {
      let point = entry.mountpoint == [0x2f] ? [] : entry.mountpoint
      guard path.starts(with: point), path.count == point.count || path[point.count] == 0x2f else { continue }
      if let best, best.entry.mountpoint.count > entry.mountpoint.count { continue }
      best = (entry, path[point.count...])
    }
    return best
  }

  /// What is mounted exactly there, on top of all others.
  package func top(on mountpoint: [UInt8]) -> Entry? { entries.last { $0.mountpoint == mountpoint } }

  /// Every mount of ours.
  package var ours: [(entry: Entry, vault: VaultID)] {
    entries.compactMap { entry in entry.vault.map { (entry, $0) } }
  }

  /// Undoes the `\ooo` of the kernel.
  private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = field
    while let byte = rest.first {
      let digits = rest.dropFirst().prefix(3)
      if byte == 0x5c, digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
        bytes.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }))
        rest = rest.dropFirst(4)
      } else {
        bytes.append(byte)
        rest = rest.dropFirst()
      }
    }
    return bytes
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String { PathBytes.text(unescaped(field)) }
}

extension MountTable {
  /// Whether what is mounted there answers nobody any more: its process has ended without unmounting.
  static func isDead(_ mountpoint: [UInt8]) -> Bool {
    var status = stat()
    return stat(PathBytes.text(mountpoint), &status) != 0 && (errno == ENOTCONN || errno == ECONNABORTED)
  }
}
