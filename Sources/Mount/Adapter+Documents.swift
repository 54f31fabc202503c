import CSystem
import Fuse
import Glibc
import VaultFS
import VaultFormat

/// Open documents: content, locks, sync.
extension Adapter {
  // fallocate(2)
  private static let keepSize = Int32(csystem_falloc_keep_size)
  private static let punchHole = Int32(csystem_falloc_punch_hole)
  private static let zeroRange = Int32(csystem_falloc_zero_range)

  func open(_ request: borrowing Request, _ node: NodeNumber, flags: FileFlags, reply: consuming ReplyOpen) {
    do throws(FSError) {
      let handle = try files.open(caller(request), number(node), access(flags))
      if reply.send(FileHandle(rawValue: handle.value), Self.documentFlags) == .discarded {
        files.release(handle, lockOwner: nil)
      }
    } catch { reply.fail(error.errno) }
  }

  func create(
    _ request: borrowing Request, _ name: Fuse.Name, in folder: NodeNumber, mode: UInt32, flags: FileFlags,
    reply: consuming ReplyCreate
  ) {
    do throws(FSError) {
      let made = try files.create(
        caller(request), in: number(folder), name.bytes, mode: UInt16(mode & 0o7777), access(flags))
      let entry = entry(made.attributes, named: name, in: folder)
      if reply.send(entry, FileHandle(rawValue: made.handle.value), Self.documentFlags) == .discarded {
        files.release(made.handle, lockOwner: nil)
      }
    } catch { reply.fail(error.errno) }
  }

  func read(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, byteCount: Int, owner: LockOwner,
    flags: FileFlags, reply: consuming ReplyData
  ) {
    let isForPages = owner == .none
    let buffer = UnsafeMutableRawBufferPointer(rebasing: request.scratch[..<min(byteCount, request.scratch.count)])
    do throws(FSError) {
      let count = try files.read(
        caller(request), HandleID(handle.rawValue), at: offset, into: buffer, throughPages: isForPages)
      reply.send(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      if isForPages { pages.delivered(node.rawValue) }
    } catch { reply.fail(error.errno) }
  }

  func write(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, _ bytes: UnsafeRawBufferPointer,
    owner: LockOwner, flags: FileFlags, isFromPages: Bool, reply: consuming ReplyWrite
  ) {
    // Shared mappings are refused, so nothing is ever written back from pages; such a request would carry no user to judge.
    guard !isFromPages else {
      reply.fail(EIO)
      return
    }
    do throws(FSError) {
      let count = try files.write(
        caller(request), HandleID(handle.rawValue), bytes, at: offset, appends: flags & O_APPEND != 0)
      // The kernel leaves it to us with direct I/O: O_DSYNC stands here for RWF_DSYNC too, and is a part of O_SYNC.
      guard flags & O_DSYNC != 0 else {
        reply.send(byteCount: count)
        return
      }
      let pending = reply.deferred()
      files.sync { failure in
        if let failure { pending.fail(failure.errno) } else { pending.send(byteCount: count) }
      }
    } catch { reply.fail(error.errno) }
  }

  func flush(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, owner: LockOwner, reply: consuming ReplyEmpty
  ) {
    do throws(FSError) {
      try files.flush(HandleID(handle.rawValue), lockOwner: owner.rawValue)
      reply.succeed()
    } catch { reply.fail(error.errno) }
  }

  func release(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, flags: FileFlags, flockOwner: LockOwner?,
    reply: consuming ReplyEmpty
  ) {
    files.release(HandleID(handle.rawValue), lockOwner: flockOwner?.rawValue)
    reply.succeed()
  }

  func fsync(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, isDataOnly: Bool, reply: consuming ReplyEmpty
  ) {
    sync(reply)
  }

  func fsyncdir(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, isDataOnly: Bool, reply: consuming ReplyEmpty
  ) {
    sync(reply)
  }

  /// Holds no worker: a few callers on a disk that does not answer would be all of them.
  private func sync(_ reply: consuming ReplyEmpty) {
    let pending = reply.deferred()
    files.sync { failure in
      if let failure { pending.fail(failure.errno) } else { pending.succeed() }
    }
  }

  func fallocate(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, mode: Int32, offset: UInt64, byteCount: UInt64,
    reply: consuming ReplyEmpty
  ) {
    let kind: VaultFS.Allocation
    switch mode {
    case 0: kind = .extend
    case Self.keepSize: kind = .reserve
    case Self.punchHole | Self.keepSize: kind = .punch
    case Self.zeroRange: kind = .zeroAndExtend
    case Self.zeroRange | Self.keepSize: kind = .zero
    default:
      reply.fail(EOPNOTSUPP)
      return
    }
    do throws(FSError) {
      try files.allocate(caller(request), HandleID(handle.rawValue), kind, at: offset, count: byteCount)
      reply.succeed()
    } catch { reply.fail(error.errno) }
  }

  func copyFileRange(
    _ request: borrowing Request, from node: NodeNumber, _ handle: FileHandle, offset: UInt64, to newNode: NodeNumber,
    _ newHandle: FileHandle, offset newOffset: UInt64, byteCount: UInt64, flags: UInt32, reply: consuming ReplyWrite
  ) {
    do throws(FSError) {
      let count = try files.copy(
        caller(request), from: HandleID(handle.rawValue), at: offset, to: HandleID(newHandle.rawValue), at: newOffset,
        count: byteCount)
      reply.send(byteCount: count)
    } catch { reply.fail(error.errno) }
  }

  func lseek(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, whence: Int32,
    reply: consuming ReplySeek
  ) {
    do throws(FSError) {
      let found = try files.seek(
        caller(request), HandleID(handle.rawValue), from: offset, toData: whence == Int32(csystem_seek_data))
      reply.send(offset: found)
    } catch { reply.fail(error.errno) }
  }
}
