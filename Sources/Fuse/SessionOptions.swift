import Glibc

/// How a session mounts and runs. Every mount is `nosuid` and `nodev`.
public struct SessionOptions: Sendable {
  /// What a private mount belongs to: the only user who gets in, root included in the others.
  public struct Owner: Sendable, Hashable {
    public var uid: UInt32
    /// The user's primary group: the kernel asks that the caller's gids are this one too.
    public var gid: UInt32

    public init(uid: UInt32, gid: UInt32) {
      self.uid = uid
      self.gid = gid
    }
  }

  /// The source shown in /proc/mounts and by df(1).
  public var sourceName = "fuse"
  /// The type is shown as `fuse.SUBTYPE`; empty for plain `fuse`.
  public var subtype = ""
  /// Lets every user in; the filesystem then judges them. Otherwise only the owner.
  public var allowsOtherUsers = false
  /// `nil`: the process's own user. Another user needs root.
  public var owner: Owner?
  public var isReadOnly = false
  /// Threads that answer requests; at least 1. A request that blocks holds one.
  public var workerCount = 4
  /// How long, after the last request, one worker polls instead of sleeping; 0 never. Not done where the process has a single core.
  public var pollMicroseconds = 1000
  /// See `ConnectionInfo.backgroundCountMax`.
  public var backgroundCountMax: UInt32 = 128
  /// Each worker's `Request.scratch`, bytes; rounded up to whole pages.
  public var scratchByteCount = 1 << 20 | 64 << 10
  /// Keeps the workers' memory, through which all content passes, out of swap. Out of core dumps it is always.
  public var locksMemory = false
  /// Comes back in every `Request`, to tell apart the sessions of one filesystem.
  public var tag: UInt64 = 0

  public init() {}
}

/// How a session is unmounted.
public enum UnmountMode: Sendable {
  /// Only if nothing in it is open or anyone's working folder; otherwise `FuseError.mountpointBusy`, and it goes on. Returns when the
  /// session has ended. Copies of the mount (bind mounts, other mount namespaces) are not asked: after 3 s they are ended as by `abort`.
  case ifIdle
  /// Gone from the folder tree at once; the session ends when the last open file in it is closed. Returns without waiting for that.
  case detach
  /// Gone at once, and requests under way and open files fail (ENOTCONN, ECONNABORTED). Returns when the session has ended, so not before
  /// the filesystem has returned from all its functions.
  case abort
}
