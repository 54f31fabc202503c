import Glibc

// What a filesystem that does not say otherwise answers. Changes are EPERM ("the filesystem does not support it"), opening is EACCES,
// the rest is named beside each. Only `poll` and `bmap` are ENOSYS: there the kernel's own answer gives nothing away.

extension Filesystem {
  public func connected(_ info: inout ConnectionInfo, tag: UInt64) {}

  public func disconnected(tag: UInt64) {}

  public func forget(_ request: borrowing Request, _ nodes: UnsafeBufferPointer<ForgottenNode>) {}

  public func setattr(
    _ request: borrowing Request, _ node: NodeNumber, _ changes: AttributeChanges, reply: consuming ReplyAttributes
  ) {
    reply.fail(EPERM)
  }

  /// EINVAL: not a symlink.
  public func readlink(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyData) { reply.fail(EINVAL) }

  public func mknod(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, mode: UInt32, device: UInt32, reply: consuming ReplyEntry
  ) { reply.fail(EPERM) }

  public func mkdir(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, mode: UInt32, reply: consuming ReplyEntry)
  {
    reply.fail(EPERM)
  }

  public func unlink(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, reply: consuming ReplyEmpty) {
    reply.fail(EPERM)
  }

  public func rmdir(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, reply: consuming ReplyEmpty) {
    reply.fail(EPERM)
  }

  public func symlink(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, target: UnsafeRawBufferPointer, reply: consuming ReplyEntry
  ) { reply.fail(EPERM) }

  public func rename(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, to newName: Name, in newFolder: NodeNumber, flags: UInt32,
    reply: consuming ReplyEmpty
  ) { reply.fail(EPERM) }

  public func link(
    _ request: borrowing Request, _ node: NodeNumber, to name: Name, in folder: NodeNumber, reply: consuming ReplyEntry
  ) { reply.fail(EPERM) }

  public func open(_ request: borrowing Request, _ node: NodeNumber, flags: FileFlags, reply: consuming ReplyOpen) {
    reply.fail(EACCES)
  }

  /// EBADF: the handle is none of this filesystem's.
  public func read(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, byteCount: Int, owner: LockOwner,
    flags: FileFlags, reply: consuming ReplyData
  ) { reply.fail(EBADF) }

  /// EBADF: the handle is none of this filesystem's.
  public func write(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, _ bytes: UnsafeRawBufferPointer,
    owner: LockOwner, flags: FileFlags, isFromPages: Bool, reply: consuming ReplyWrite
  ) { reply.fail(EBADF) }

  /// Done: nothing was kept back.
  public func flush(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, owner: LockOwner, reply: consuming ReplyEmpty
  ) { reply.succeed() }

  /// Done.
  public func release(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, flags: FileFlags, flockOwner: LockOwner?,
    reply: consuming ReplyEmpty
  ) { reply.succeed() }

  /// EINVAL: a file that cannot be synced.
  public func fsync(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, isDataOnly: Bool, reply: consuming ReplyEmpty
  ) { reply.fail(EINVAL) }

  public func opendir(_ request: borrowing Request, _ node: NodeNumber, flags: FileFlags, reply: consuming ReplyOpen) {
    reply.fail(EACCES)
  }

  /// EBADF: the handle is none of this filesystem's.
  public func readdir(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, reply: consuming ReplyDirectory
  ) { reply.fail(EBADF) }

  /// Done.
  public func releasedir(_ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, reply: consuming ReplyEmpty) {
    reply.succeed()
  }

  /// EINVAL: a folder that cannot be synced.
  public func fsyncdir(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, isDataOnly: Bool, reply: consuming ReplyEmpty
  ) { reply.fail(EINVAL) }

  /// Zeros, and names of up to 255 bytes.
  public func statfs(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyStatfs) {
    reply.send(FilesystemStatus())
  }

  /// EOPNOTSUPP: no extended attributes.
  public func setxattr(
    _ request: borrowing Request, _ node: NodeNumber, _ name: Name, _ value: UnsafeRawBufferPointer, flags: Int32,
    reply: consuming ReplyEmpty
  ) { reply.fail(EOPNOTSUPP) }

  /// EOPNOTSUPP: no extended attributes.
  public func getxattr(_ request: borrowing Request, _ node: NodeNumber, _ name: Name, reply: consuming ReplyXattr) {
    reply.fail(EOPNOTSUPP)
  }

  /// EOPNOTSUPP: no extended attributes.
  public func listxattr(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyXattr) { reply.fail(EOPNOTSUPP) }

  /// EOPNOTSUPP: no extended attributes.
  public func removexattr(_ request: borrowing Request, _ node: NodeNumber, _ name: Name, reply: consuming ReplyEmpty) {
    reply.fail(EOPNOTSUPP)
  }

  public func access(_ request: borrowing Request, _ node: NodeNumber, mask: Int32, reply: consuming ReplyEmpty) {
    reply.fail(EACCES)
  }

  public func create(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, mode: UInt32, flags: FileFlags,
    reply: consuming ReplyCreate
  ) { reply.fail(EPERM) }

  /// ENOLCK: no locks.
  public func getlk(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ lock: FileLock, owner: LockOwner,
    reply: consuming ReplyLock
  ) { reply.fail(ENOLCK) }

  /// ENOLCK: no locks.
  public func setlk(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ lock: FileLock, owner: LockOwner, waits: Bool,
    reply: consuming ReplyEmpty
  ) { reply.fail(ENOLCK) }

  /// ENOLCK: no locks.
  public func flock(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ kind: FileLock.Kind, owner: LockOwner, waits: Bool,
    reply: consuming ReplyEmpty
  ) { reply.fail(ENOLCK) }

  public func bmap(
    _ request: borrowing Request, _ node: NodeNumber, blockByteCount: Int, block: UInt64, reply: consuming ReplyBlock
  ) { reply.fail(ENOSYS) }

  /// ENOTTY: no such command.
  public func ioctl(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, command: UInt32, argument: UInt64,
    input: UnsafeRawBufferPointer, outputByteCountMax: Int, reply: consuming ReplyIoctl
  ) { reply.fail(ENOTTY) }

  public func poll(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, events: UInt32, reply: consuming ReplyPoll
  ) { reply.fail(ENOSYS) }

  /// EOPNOTSUPP: the kernel's usual answer for it.
  public func fallocate(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, mode: Int32, offset: UInt64, byteCount: UInt64,
    reply: consuming ReplyEmpty
  ) { reply.fail(EOPNOTSUPP) }

  /// EOPNOTSUPP: the kernel reads and writes instead.
  public func copyFileRange(
    _ request: borrowing Request, from node: NodeNumber, _ handle: FileHandle, offset: UInt64, to newNode: NodeNumber,
    _ newHandle: FileHandle, offset newOffset: UInt64, byteCount: UInt64, flags: UInt32, reply: consuming ReplyWrite
  ) { reply.fail(EOPNOTSUPP) }

  /// EINVAL: holes cannot be asked for.
  public func lseek(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, whence: Int32,
    reply: consuming ReplySeek
  ) { reply.fail(EINVAL) }
}
