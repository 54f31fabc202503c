import CFuse3
import Glibc

/// A point in time, as files carry it: since 1970, `nanoseconds` 0…999,999,999.
public struct FileTime: Hashable, Sendable {
  public var seconds: Int64
  public var nanoseconds: UInt32

  @inlinable public init(seconds: Int64, nanoseconds: UInt32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  init(_ time: timespec) { self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec)) }
}

/// What stat(2) shows of a node.
public struct Attributes: Hashable, Sendable {
  /// `st_ino`.
  public var number: NodeNumber
  /// Kind and permissions, as in `st_mode`.
  public var mode: UInt32
  public var linkCount: UInt32 = 1
  public var uid: UInt32 = 0
  public var gid: UInt32 = 0
  /// Bytes.
  public var size: UInt64 = 0
  /// Of 512 bytes.
  public var blockCount: UInt64 = 0
  /// `st_blksize`: what programs read at a time.
  public var blockSize: UInt32 = 4096
  public var accessTime = FileTime(seconds: 0)
  public var modificationTime = FileTime(seconds: 0)
  public var changeTime = FileTime(seconds: 0)
  /// Of a device node.
  public var device: UInt32 = 0

  public init(number: NodeNumber, mode: UInt32) {
    self.number = number
    self.mode = mode
  }

  var raw: fuse_attr {
    fuse_attr(
      ino: number.rawValue, size: size, blocks: blockCount, atime: UInt64(bitPattern: accessTime.seconds),
      mtime: UInt64(bitPattern: modificationTime.seconds), ctime: UInt64(bitPattern: changeTime.seconds),
      atimensec: accessTime.nanoseconds, mtimensec: modificationTime.nanoseconds, ctimensec: changeTime.nanoseconds, mode: mode,
      nlink: linkCount, uid: uid, gid: gid, rdev: device, blksize: blockSize, flags: 0)
  }
}

/// A node as LOOKUP and all that create answer it. Each one delivered counts once for FORGET.
public struct Entry: Hashable, Sendable {
  public var node: NodeNumber
  /// Tells apart two uses of one node number; only NFS export asks for it.
  public var generation: UInt64 = 0
  public var attributes: Attributes
  /// How long the kernel may answer this name itself, for every user. Zero: not at all.
  public var entryTimeoutSeconds: Double = 0
  /// How long the kernel may answer stat(2) itself, for every user. Zero: not at all.
  public var attributeTimeoutSeconds: Double = 0

  public init(node: NodeNumber, attributes: Attributes) {
    self.node = node
    self.attributes = attributes
  }

  var raw: fuse_entry_out {
    let entry = Timeout(entryTimeoutSeconds)
    let attribute = Timeout(attributeTimeoutSeconds)
    return fuse_entry_out(
      nodeid: node.rawValue, generation: generation, entry_valid: entry.seconds, attr_valid: attribute.seconds,
      entry_valid_nsec: entry.nanoseconds, attr_valid_nsec: attribute.nanoseconds, attr: attributes.raw)
  }
}

/// Seconds as the kernel takes them; negative counts as none, anything over a century as a century.
struct Timeout {
  let seconds: UInt64
  let nanoseconds: UInt32

  init(_ value: Double) {
    let bounded = min(max(value, 0), 3_155_760_000)
    seconds = UInt64(bounded)
    nanoseconds = min(UInt32((bounded - Double(seconds)) * 1e9), 999_999_999)
  }
}

/// What SETATTR asks to change; `nil` means as it is.
public struct AttributeChanges: Sendable {
  /// A time to set: the filesystem's own clock, or one given.
  public enum Time: Hashable, Sendable {
    case now
    case at(FileTime)
  }

  public var mode: UInt32?
  public var uid: UInt32?
  public var gid: UInt32?
  public var size: UInt64?
  public var accessTime: Time?
  public var modificationTime: Time?
  public var changeTime: FileTime?
  /// The kernel asks that setuid and setgid bits go, because someone else's file was written or truncated.
  public var dropsSetID = false
  /// The handle, where a program truncated by descriptor.
  public var handle: FileHandle?

  public init() {}

  init(_ attributes: UnsafeMutablePointer<stat>, mask: Int32, handle: FileHandle?) {
    func has(_ bit: Int32) -> Bool { mask & bit != 0 }
    if has(FUSE_SET_ATTR_MODE) { mode = attributes.pointee.st_mode }
    if has(FUSE_SET_ATTR_UID) { uid = attributes.pointee.st_uid }
    if has(FUSE_SET_ATTR_GID) { gid = attributes.pointee.st_gid }
    if has(FUSE_SET_ATTR_SIZE) { size = UInt64(attributes.pointee.st_size) }
    if has(FUSE_SET_ATTR_ATIME_NOW) {
      accessTime = .now
    } else if has(FUSE_SET_ATTR_ATIME) {
      accessTime = .at(FileTime(attributes.pointee.st_atim))
    }
    if has(FUSE_SET_ATTR_MTIME_NOW) {
      modificationTime = .now
    } else if has(FUSE_SET_ATTR_MTIME) {
      modificationTime = .at(FileTime(attributes.pointee.st_mtim))
    }
    if has(FUSE_SET_ATTR_CTIME) { changeTime = FileTime(attributes.pointee.st_ctim) }
    dropsSetID = has(FUSE_SET_ATTR_KILL_SUID) || has(FUSE_SET_ATTR_KILL_SGID)
    self.handle = handle
  }
}

/// The kind of an entry in a folder's listing (`DT_REG` …, the upper bits of `st_mode`).
public struct FileKind: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The kind within a whole `st_mode`.
  @inlinable public init(mode: UInt32) { rawValue = (mode & 0o170000) >> 12 }

  public static let unknown = FileKind(rawValue: 0)
  public static let fifo = FileKind(rawValue: 1)
  public static let characterDevice = FileKind(rawValue: 2)
  public static let folder = FileKind(rawValue: 4)
  public static let blockDevice = FileKind(rawValue: 6)
  public static let regular = FileKind(rawValue: 8)
  public static let symlink = FileKind(rawValue: 10)
  public static let socket = FileKind(rawValue: 12)
}

/// What statfs(2) shows.
public struct FilesystemStatus: Hashable, Sendable {
  /// Bytes in a block, the unit of the three counts below.
  public var blockSize: UInt32 = 4096
  public var blockCount: UInt64 = 0
  public var freeBlockCount: UInt64 = 0
  /// Free to users other than root.
  public var availableBlockCount: UInt64 = 0
  public var fileCount: UInt64 = 0
  public var freeFileCount: UInt64 = 0
  public var nameByteCountMax: UInt32 = 255

  public init() {}

  var raw: fuse_statfs_out {
    var value = fuse_statfs_out()
    value.st.blocks = blockCount
    value.st.bfree = freeBlockCount
    value.st.bavail = availableBlockCount
    value.st.files = fileCount
    value.st.ffree = freeFileCount
    value.st.bsize = blockSize
    value.st.frsize = blockSize
    value.st.namelen = nameByteCountMax
    return value
  }
}
