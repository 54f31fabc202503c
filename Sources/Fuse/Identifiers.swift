import Glibc

/// What the kernel calls a file, folder or symlink by. Chosen by the filesystem in its reply to LOOKUP; valid until forgotten.
public struct NodeNumber: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The mountpoint itself. Never looked up, never forgotten.
  public static let root = NodeNumber(rawValue: 1)
}

/// One open file or folder. Chosen by the filesystem in its reply to OPEN, CREATE or OPENDIR; zero is as good as any.
public struct FileHandle: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Who holds a lock: a table of open files of a process (POSIX locks) or one open file (flock, OFD locks), hashed by the kernel.
public struct LockOwner: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// No owner. A READ with it fills kernel pages (mmap, exec, sendfile) instead of answering one read(2).
  public static let none = LockOwner(rawValue: 0)
}

/// One name in a folder, or of an extended attribute: 1…255 bytes for attributes, up to 4,095 for entries (the kernel
/// leaves the limit to the filesystem), without slash and NUL, in no particular encoding.
///
/// Borrowed: the bytes are gone when the function that was given the name returns.
public struct Name {
  public let bytes: UnsafeRawBufferPointer

  @inlinable public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  init(_ terminated: UnsafePointer<CChar>) { bytes = UnsafeRawBufferPointer(start: terminated, count: strlen(terminated)) }

  /// A copy of the bytes that may be kept.
  @inlinable public var copy: [UInt8] { [UInt8](bytes) }

  /// Compares with a literal, byte by byte.
  public static func == (name: Name, literal: StaticString) -> Bool {
    name.bytes.count == literal.utf8CodeUnitCount && memcmp(name.bytes.baseAddress!, literal.utf8Start, name.bytes.count) == 0
  }
}
