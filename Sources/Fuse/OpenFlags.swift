import CFuse3

/// How the kernel shall treat one open file or folder; the filesystem says so in its reply to OPEN, CREATE and OPENDIR.
public struct OpenFlags: OptionSet, Sendable {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// read(2) and write(2) come with their exact ranges and pass the kernel's pages by; shared mappings are ENODEV.
  public static let directIO = OpenFlags(rawValue: UInt32(FOPEN_DIRECT_IO))
  /// Pages that the kernel holds of the node stay good.
  public static let keepCache = OpenFlags(rawValue: UInt32(FOPEN_KEEP_CACHE))
  /// lseek(2) is ESPIPE.
  public static let nonSeekable = OpenFlags(rawValue: UInt32(FOPEN_NONSEEKABLE))
  /// The kernel may answer further listings itself, for every user.
  public static let cacheFolder = OpenFlags(rawValue: UInt32(FOPEN_CACHE_DIR))
  /// Like a pipe: no position.
  public static let stream = OpenFlags(rawValue: UInt32(FOPEN_STREAM))
  /// close(2) sends no FLUSH.
  public static let noFlush = OpenFlags(rawValue: UInt32(FOPEN_NOFLUSH))
  /// Several direct writes to one node may be under way at once, if none of them extends it.
  public static let parallelDirectWrites = OpenFlags(rawValue: UInt32(FOPEN_PARALLEL_DIRECT_WRITES))
}

/// The flags of a file as it is open now, as the kernel passes them with OPEN, READ, WRITE and RELEASE: `O_RDONLY` …, `O_APPEND`,
/// `O_TRUNC` (with OPEN, given `Capabilities.atomicTruncate`), `O_DIRECT`, `O_SYNC`. Never `O_CREAT`, `O_EXCL`, except in CREATE.
public typealias FileFlags = Int32
