/// What answers the kernel. One function per operation; each is called on a worker, any number at once, and answers through its reply
/// before it returns.
///
/// Names, bytes, lists, `request` and its scratch memory are gone when the function returns. The node of every operation is one that was
/// given to the kernel and not yet forgotten; it may have been removed since. One filesystem may serve several sessions: their
/// requests carry `SessionOptions.tag`.
///
/// `lookup` and `getattr` must be there; everything else has a default that refuses (see `Filesystem+Defaults.swift`). None of the
/// defaults but `poll` and `bmap` is ENOSYS, which the kernel takes as leave never to ask again.
public protocol Filesystem: AnyObject, Sendable {
  /// A session begins (INIT). The kernel waits with everything else until this returns.
  func connected(_ info: inout ConnectionInfo, tag: UInt64)

  /// A session has ended: unmounted, by whomever. No request of it is under way, and its deferred replies reach nobody: let go of them. All
  /// its handles are closed and all its nodes forgotten, without a RELEASE or FORGET for each.
  func disconnected(tag: UInt64)

  /// A name in a folder. Answering ENOENT is right where there is none.
  func lookup(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, reply: consuming ReplyEntry)

  /// The kernel no longer names these nodes as often. A node whose count comes to zero can come back only by `lookup`.
  func forget(_ request: borrowing Request, _ nodes: UnsafeBufferPointer<ForgottenNode>)

  /// `handle` comes where a program asked by descriptor and the kernel says so.
  func getattr(_ request: borrowing Request, _ node: NodeNumber, handle: FileHandle?, reply: consuming ReplyAttributes)

  /// Changes what `changes` names, all of it or nothing, and answers with the outcome.
  func setattr(_ request: borrowing Request, _ node: NodeNumber, _ changes: AttributeChanges, reply: consuming ReplyAttributes)

  /// Answers with the target, without a NUL.
  func readlink(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyData)

  /// Makes a file that is not opened (`mode` has its kind), or a device, FIFO or socket.
  func mknod(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, mode: UInt32, device: UInt32, reply: consuming ReplyEntry)

  func mkdir(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, mode: UInt32, reply: consuming ReplyEntry)

  func unlink(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, reply: consuming ReplyEmpty)

  func rmdir(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, reply: consuming ReplyEmpty)

  /// `target` is 1…4,095 bytes.
  func symlink(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, target: UnsafeRawBufferPointer, reply: consuming ReplyEntry
  )

  /// `flags` are those of renameat2(2): 0, RENAME_NOREPLACE (1) or RENAME_EXCHANGE (2); EINVAL for those not known.
  func rename(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, to newName: Name, in newFolder: NodeNumber, flags: UInt32,
    reply: consuming ReplyEmpty)

  func link(_ request: borrowing Request, _ node: NodeNumber, to name: Name, in folder: NodeNumber, reply: consuming ReplyEntry)

  func open(_ request: borrowing Request, _ node: NodeNumber, flags: FileFlags, reply: consuming ReplyOpen)

  /// At most `byteCount` bytes (up to 1 MiB) from `offset`. `owner` is `.none` where the kernel fills its pages, for whomever.
  func read(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, byteCount: Int, owner: LockOwner,
    flags: FileFlags, reply: consuming ReplyData)

  /// `bytes` (up to 1 MiB) begin on a page boundary. With O_APPEND in `flags`, `offset` is where the kernel believes the end to be.
  /// `isFromPages`: written back from a mapping; the request then carries no user worth the name.
  func write(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, _ bytes: UnsafeRawBufferPointer,
    owner: LockOwner, flags: FileFlags, isFromPages: Bool, reply: consuming ReplyWrite)

  /// One close(2) of perhaps several on this handle: report errors of earlier writes, drop the POSIX locks of `owner`.
  func flush(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, owner: LockOwner, reply: consuming ReplyEmpty)

  /// The last use of a handle. `flockOwner` is set where flock(2) locks were taken through it and go now. Nobody hears the answer.
  func release(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, flags: FileFlags, flockOwner: LockOwner?,
    reply: consuming ReplyEmpty)

  /// `isDataOnly`: fdatasync(2).
  func fsync(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, isDataOnly: Bool, reply: consuming ReplyEmpty)

  func opendir(_ request: borrowing Request, _ node: NodeNumber, flags: FileFlags, reply: consuming ReplyOpen)

  /// Entries after `offset`: 0 from the start, otherwise a `nextOffset` given before.
  func readdir(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, reply: consuming ReplyDirectory)

  func releasedir(_ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, reply: consuming ReplyEmpty)

  func fsyncdir(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, isDataOnly: Bool, reply: consuming ReplyEmpty)

  func statfs(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyStatfs)

  /// `flags`: 0, XATTR_CREATE (1) or XATTR_REPLACE (2).
  func setxattr(
    _ request: borrowing Request, _ node: NodeNumber, _ name: Name, _ value: UnsafeRawBufferPointer, flags: Int32,
    reply: consuming ReplyEmpty)

  func getxattr(_ request: borrowing Request, _ node: NodeNumber, _ name: Name, reply: consuming ReplyXattr)

  func listxattr(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyXattr)

  func removexattr(_ request: borrowing Request, _ node: NodeNumber, _ name: Name, reply: consuming ReplyEmpty)

  /// access(2) and chdir(2); `mask` of R_OK (4), W_OK (2), X_OK (1), or 0.
  func access(_ request: borrowing Request, _ node: NodeNumber, mask: Int32, reply: consuming ReplyEmpty)

  /// open(2) with O_CREAT of a name that LOOKUP did not find. It may be there by now: open it then, unless `flags` has O_EXCL.
  func create(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, mode: UInt32, flags: FileFlags,
    reply: consuming ReplyCreate)

  func getlk(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ lock: FileLock, owner: LockOwner,
    reply: consuming ReplyLock)

  /// `waits`: answer when the lock is there (`reply.deferred()`), otherwise EAGAIN.
  func setlk(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ lock: FileLock, owner: LockOwner, waits: Bool,
    reply: consuming ReplyEmpty)

  /// flock(2) on the whole file. `waits` as with `setlk`; otherwise EWOULDBLOCK.
  func flock(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ kind: FileLock.Kind, owner: LockOwner, waits: Bool,
    reply: consuming ReplyEmpty)

  /// ENOSYS: the kernel answers EINVAL from then on. Only sent for mounts on a block device.
  func bmap(_ request: borrowing Request, _ node: NodeNumber, blockByteCount: Int, block: UInt64, reply: consuming ReplyBlock)

  /// `input` is what the command's number says it takes, `outputByteCountMax` what it gives; `argument` is the caller's pointer.
  func ioctl(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, command: UInt32, argument: UInt64,
    input: UnsafeRawBufferPointer, outputByteCountMax: Int, reply: consuming ReplyIoctl)

  /// ENOSYS: the kernel takes every file as ready from then on. Waiting for events (`fuse_lowlevel_notify_poll`) is not offered.
  func poll(_ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, events: UInt32, reply: consuming ReplyPoll)

  /// `mode` as in fallocate(2).
  func fallocate(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, mode: Int32, offset: UInt64, byteCount: UInt64,
    reply: consuming ReplyEmpty)

  /// EOPNOTSUPP and EXDEV make the kernel copy by reading and writing, through its pages.
  func copyFileRange(
    _ request: borrowing Request, from node: NodeNumber, _ handle: FileHandle, offset: UInt64, to newNode: NodeNumber,
    _ newHandle: FileHandle, offset newOffset: UInt64, byteCount: UInt64, flags: UInt32, reply: consuming ReplyWrite)

  /// `whence`: SEEK_DATA (3) or SEEK_HOLE (4); the kernel does the others itself.
  func lseek(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, whence: Int32,
    reply: consuming ReplySeek)
}
