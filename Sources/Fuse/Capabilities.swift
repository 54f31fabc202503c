import CFuse3

/// What the kernel can do and a filesystem can ask for (`FUSE_CAP_…`).
public struct Capabilities: OptionSet, Sendable {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  private init(_ bit: Int32) { rawValue = UInt32(bitPattern: bit) }

  /// Several reads of one handle at once.
  public static let asyncRead = Capabilities(FUSE_CAP_ASYNC_READ)
  /// `getlk` and `setlk` decide about POSIX and OFD locks; without it the kernel does, for this mount alone.
  public static let posixLocks = Capabilities(FUSE_CAP_POSIX_LOCKS)
  /// `flock` decides about flock(2).
  public static let flockLocks = Capabilities(FUSE_CAP_FLOCK_LOCKS)
  /// O_TRUNC comes with OPEN instead of as a SETATTR before it.
  public static let atomicTruncate = Capabilities(FUSE_CAP_ATOMIC_O_TRUNC)
  /// Handles can be made from node numbers alone (NFS).
  public static let exportSupport = Capabilities(FUSE_CAP_EXPORT_SUPPORT)
  /// The filesystem applies the umask.
  public static let dontMask = Capabilities(FUSE_CAP_DONT_MASK)
  /// ioctl(2) on folders.
  public static let folderIoctl = Capabilities(FUSE_CAP_IOCTL_DIR)
  /// Pages are dropped when size or modification time changed.
  public static let autoInvalidateData = Capabilities(FUSE_CAP_AUTO_INVAL_DATA)
  /// Several direct reads and writes of one handle at once.
  public static let asyncDirectIO = Capabilities(FUSE_CAP_ASYNC_DIO)
  /// Writes gather in kernel pages. They then carry no user.
  public static let writebackCache = Capabilities(FUSE_CAP_WRITEBACK_CACHE)
  /// LOOKUP and READDIR of one folder at once.
  public static let parallelFolderOperations = Capabilities(FUSE_CAP_PARALLEL_DIROPS)
  /// The kernel caches and enforces ACLs (and checks permissions).
  public static let posixACL = Capabilities(FUSE_CAP_POSIX_ACL)
  /// The kernel keeps targets of symlinks.
  public static let cacheSymlinks = Capabilities(FUSE_CAP_CACHE_SYMLINKS)
  /// Pages are dropped only when a notification says so.
  public static let explicitInvalidateData = Capabilities(FUSE_CAP_EXPLICIT_INVAL_DATA)

  /// What a session asks for unless told otherwise.
  public static let usual: Capabilities = [
    .asyncRead, .posixLocks, .flockLocks, .atomicTruncate, .autoInvalidateData, .asyncDirectIO, .parallelFolderOperations,
  ]
}

/// The terms of one connection, as `Filesystem.connected` may still change them.
public struct ConnectionInfo: Sendable {
  /// The kernel's protocol, 7.`protocolMinor`.
  public let protocolMinor: UInt32
  /// What the kernel can do, as far as libfuse 3.14 knows.
  public let capable: Capabilities
  /// What will be asked for: `Capabilities.usual`, where the kernel can. What it cannot is left out when asked.
  public var wanted: Capabilities
  /// The longest WRITE, bytes; 1 MiB. Can only be lowered.
  public var writeByteCountMax: UInt32
  /// The kernel's read-ahead where it fills pages, bytes. Can only be lowered.
  public var readaheadByteCountMax: UInt32
  /// How many read-aheads and asynchronous direct requests may wait at once.
  public var backgroundCountMax: UInt32
}
