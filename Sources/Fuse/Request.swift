/// Who asks, and what a worker lends for the answer. Cannot be kept: it and its scratch memory are good until the function returns.
public struct Request: ~Copyable {
  /// The kernel's number of this request.
  public let unique: UInt64
  /// The fsuid of the calling thread. Means nothing in RELEASE, RELEASEDIR, FORGET and FLUSH.
  public let uid: UInt32
  /// The fsgid of the calling thread.
  public let gid: UInt32
  /// The calling thread (a tid, as seen from the mount's pid namespace; 0 where the kernel itself asks).
  public let thread: Int32
  /// The caller's umask; only with CREATE, MKDIR and MKNOD. The kernel applied it already, unless `Capabilities.dontMask` was asked for.
  public let umask: UInt32
  /// `SessionOptions.tag` of the session that was asked.
  public let tag: UInt64
  /// This worker's own memory, for building a reply: page-aligned, `SessionOptions.scratchByteCount` bytes, in no known state.
  public let scratch: UnsafeMutableRawBufferPointer
}

/// Nodes that the kernel no longer names, with how often each was given to it since.
public struct ForgottenNode: Sendable {
  public let node: NodeNumber
  public let count: UInt64
}

/// Whether an answer reached its caller.
public enum Delivery: Sendable {
  case delivered
  /// The kernel no longer waits: the request was interrupted, or the mount is gone. What the answer would have given (a handle, a lock,
  /// a count for FORGET) was not given, and the filesystem undoes it.
  case discarded
}
