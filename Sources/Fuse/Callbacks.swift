import CFuse3
import Glibc

/// libfuse's table of functions. None can capture, so each finds its worker by the thread and the filesystem by the worker.
enum Callbacks {
  static var operations: fuse_lowlevel_ops {
    var operations = fuse_lowlevel_ops()
    addLifetime(&operations)
    addNodes(&operations)
    addFolders(&operations)
    addFiles(&operations)
    addXattrs(&operations)
    addLocks(&operations)
    addRest(&operations)
    return operations
  }

  private static func addLifetime(_ operations: inout fuse_lowlevel_ops) {
    // `destroy` is left out: `Session` says when it has ended.
    operations.`init` = { userdata, info in Connection.from(userdata).connect(info!) }
    operations.forget = { raw, node, count in
      withCall(raw) { call in
        var one = ForgottenNode(node: NodeNumber(rawValue: node), count: count)
        withUnsafePointer(to: &one) {
          call.filesystem.forget(call.request, UnsafeBufferPointer(start: $0, count: 1))
        }
      }
      fuse_reply_none(raw)
    }
    operations.forget_multi = { raw, count, list in
      withCall(raw) { call in
        list!.withMemoryRebound(to: ForgottenNode.self, capacity: count) {
          call.filesystem.forget(call.request, UnsafeBufferPointer(start: $0, count: count))
        }
      }
      fuse_reply_none(raw)
    }
  }

  private static func addNodes(_ operations: inout fuse_lowlevel_ops) {
    operations.lookup = { raw, folder, name in
      withCall(raw) { call in
        call.filesystem.lookup(call.request, Name(name!), in: .init(rawValue: folder), reply: .init(request: call.pending()))
      }
    }
    operations.getattr = { raw, node, info in
      withCall(raw) { call in
        call.filesystem.getattr(
          call.request, .init(rawValue: node), handle: info.map { FileHandle(rawValue: $0.pointee.fh) },
          reply: .init(request: call.pending()))
      }
    }
    operations.setattr = { raw, node, attributes, mask, info in
      withCall(raw) { call in
        let changes = AttributeChanges(attributes!, mask: mask, handle: info.map { FileHandle(rawValue: $0.pointee.fh) })
        call.filesystem.setattr(call.request, .init(rawValue: node), changes, reply: .init(request: call.pending()))
      }
    }
    operations.readlink = { raw, node in
      withCall(raw) { call in
        call.filesystem.readlink(call.request, .init(rawValue: node), reply: .init(request: call.pending()))
      }
    }
    operations.mknod = { raw, folder, name, mode, device in
      withCall(raw) { call in
        call.filesystem.mknod(
          call.request, Name(name!), in: .init(rawValue: folder), mode: mode, device: UInt32(truncatingIfNeeded: device),
          reply: .init(request: call.pending()))
      }
    }
    operations.mkdir = { raw, folder, name, mode in
      withCall(raw) { call in
        call.filesystem.mkdir(
          call.request, Name(name!), in: .init(rawValue: folder), mode: mode, reply: .init(request: call.pending()))
      }
    }
    operations.unlink = { raw, folder, name in
      withCall(raw) { call in
        call.filesystem.unlink(call.request, Name(name!), in: .init(rawValue: folder), reply: .init(request: call.pending()))
      }
    }
    operations.rmdir = { raw, folder, name in
      withCall(raw) { call in
        call.filesystem.rmdir(call.request, Name(name!), in: .init(rawValue: folder), reply: .init(request: call.pending()))
      }
    }
    operations.symlink = { raw, target, folder, name in
      withCall(raw) { call in
        call.filesystem.symlink(
          call.request, Name(name!), in: .init(rawValue: folder), target: Name(target!).bytes,
          reply: .init(request: call.pending()))
      }
    }
    operations.rename = { raw, folder, name, newFolder, newName, flags in
      withCall(raw) { call in
        call.filesystem.rename(
          call.request, Name(name!), in: .init(rawValue: folder), to: Name(newName!), in: .init(rawValue: newFolder),
          flags: flags, reply: .init(request: call.pending()))
      }
    }
    operations.link = { raw, node, newFolder, newName in
      withCall(raw) { call in
        call.filesystem.link(
          call.request, .init(rawValue: node), to: Name(newName!), in: .init(rawValue: newFolder),
          reply: .init(request: call.pending()))
      }
    }
    operations.access = { raw, node, mask in
      withCall(raw) { call in
        call.filesystem.access(call.request, .init(rawValue: node), mask: mask, reply: .init(request: call.pending()))
      }
    }
  }

  private static func addFolders(_ operations: inout fuse_lowlevel_ops) {
    operations.opendir = { raw, node, info in
      withCall(raw) { call in
        call.filesystem.opendir(
          call.request, .init(rawValue: node), flags: info!.pointee.flags, reply: .init(request: call.pending()))
      }
    }
    operations.readdir = { raw, node, byteCount, offset, info in
      withCall(raw) { call in
        let payload = call.worker.memory.payload
        let buffer = UnsafeMutableRawBufferPointer(rebasing: payload[..<min(byteCount, payload.count)])
        call.filesystem.readdir(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), offset: UInt64(bitPattern: Int64(offset)),
          reply: .init(request: call.pending(), buffer: buffer))
      }
    }
    operations.releasedir = { raw, node, info in
      withCall(raw) { call in
        call.filesystem.releasedir(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), reply: .init(request: call.pending()))
      }
    }
    operations.fsyncdir = { raw, node, isDataOnly, info in
      withCall(raw) { call in
        call.filesystem.fsyncdir(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), isDataOnly: isDataOnly != 0,
          reply: .init(request: call.pending()))
      }
    }
  }

  private static func addFiles(_ operations: inout fuse_lowlevel_ops) {
    operations.open = { raw, node, info in
      withCall(raw) { call in
        call.filesystem.open(
          call.request, .init(rawValue: node), flags: info!.pointee.flags, reply: .init(request: call.pending()))
      }
    }
    operations.create = { raw, folder, name, mode, info in
      withCall(raw) { call in
        call.filesystem.create(
          call.request, Name(name!), in: .init(rawValue: folder), mode: mode, flags: info!.pointee.flags,
          reply: .init(request: call.pending()))
      }
    }
    operations.read = { raw, node, byteCount, offset, info in
      withCall(raw) { call in
        call.filesystem.read(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), offset: UInt64(offset), byteCount: byteCount,
          owner: .init(rawValue: info!.pointee.lock_owner), flags: info!.pointee.flags, reply: .init(request: call.pending()))
      }
    }
    operations.write = { raw, node, bytes, byteCount, offset, info in
      withCall(raw) { call in
        call.filesystem.write(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), offset: UInt64(offset),
          UnsafeRawBufferPointer(start: bytes, count: byteCount), owner: .init(rawValue: info!.pointee.lock_owner),
          flags: info!.pointee.flags, isFromPages: info!.pointee.writepage != 0, reply: .init(request: call.pending()))
      }
    }
    operations.flush = { raw, node, info in
      withCall(raw) { call in
        call.filesystem.flush(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh),
          owner: .init(rawValue: info!.pointee.lock_owner), reply: .init(request: call.pending()))
      }
    }
    operations.release = { raw, node, info in
      withCall(raw) { call in
        let owner = info!.pointee.flock_release != 0 ? LockOwner(rawValue: info!.pointee.lock_owner) : nil
        call.filesystem.release(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), flags: info!.pointee.flags, flockOwner: owner,
          reply: .init(request: call.pending()))
      }
    }
    operations.fsync = { raw, node, isDataOnly, info in
      withCall(raw) { call in
        call.filesystem.fsync(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), isDataOnly: isDataOnly != 0,
          reply: .init(request: call.pending()))
      }
    }
    operations.fallocate = { raw, node, mode, offset, byteCount, info in
      withCall(raw) { call in
        call.filesystem.fallocate(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), mode: mode, offset: UInt64(offset),
          byteCount: UInt64(byteCount), reply: .init(request: call.pending()))
      }
    }
    operations.copy_file_range = { raw, node, offset, info, newNode, newOffset, newInfo, byteCount, flags in
      withCall(raw) { call in
        call.filesystem.copyFileRange(
          call.request, from: .init(rawValue: node), .init(rawValue: info!.pointee.fh), offset: UInt64(offset),
          to: .init(rawValue: newNode), .init(rawValue: newInfo!.pointee.fh), offset: UInt64(newOffset),
          byteCount: UInt64(byteCount), flags: UInt32(bitPattern: flags), reply: .init(request: call.pending()))
      }
    }
    operations.lseek = { raw, node, offset, whence, info in
      withCall(raw) { call in
        call.filesystem.lseek(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), offset: UInt64(bitPattern: Int64(offset)),
          whence: whence, reply: .init(request: call.pending()))
      }
    }
  }

  private static func addXattrs(_ operations: inout fuse_lowlevel_ops) {
    operations.setxattr = { raw, node, name, value, byteCount, flags in
      withCall(raw) { call in
        call.filesystem.setxattr(
          call.request, .init(rawValue: node), Name(name!), UnsafeRawBufferPointer(start: value, count: byteCount), flags: flags,
          reply: .init(request: call.pending()))
      }
    }
    operations.getxattr = { raw, node, name, byteCount in
      withCall(raw) { call in
        call.filesystem.getxattr(
          call.request, .init(rawValue: node), Name(name!), reply: .init(request: call.pending(), byteCountMax: byteCount))
      }
    }
    operations.listxattr = { raw, node, byteCount in
      withCall(raw) { call in
        call.filesystem.listxattr(
          call.request, .init(rawValue: node), reply: .init(request: call.pending(), byteCountMax: byteCount))
      }
    }
    operations.removexattr = { raw, node, name in
      withCall(raw) { call in
        call.filesystem.removexattr(call.request, .init(rawValue: node), Name(name!), reply: .init(request: call.pending()))
      }
    }
  }

  private static func addLocks(_ operations: inout fuse_lowlevel_ops) {
    operations.getlk = { raw, node, info, lock in
      withCall(raw) { call in
        call.filesystem.getlk(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), FileLock(lock!.pointee),
          owner: .init(rawValue: info!.pointee.lock_owner), reply: .init(request: call.pending()))
      }
    }
    operations.setlk = { raw, node, info, lock, waits in
      withCall(raw) { call in
        call.filesystem.setlk(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), FileLock(lock!.pointee),
          owner: .init(rawValue: info!.pointee.lock_owner), waits: waits != 0, reply: .init(request: call.pending()))
      }
    }
    operations.flock = { raw, node, info, operation in
      withCall(raw) { call in
        let kind: FileLock.Kind =
          switch operation & ~LOCK_NB {
          case LOCK_SH: .shared
          case LOCK_EX: .exclusive
          default: .none
          }
        call.filesystem.flock(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), kind,
          owner: .init(rawValue: info!.pointee.lock_owner), waits: operation & LOCK_NB == 0,
          reply: .init(request: call.pending()))
      }
    }
  }

  private static func addRest(_ operations: inout fuse_lowlevel_ops) {
    operations.statfs = { raw, node in
      withCall(raw) { call in
        call.filesystem.statfs(call.request, .init(rawValue: node), reply: .init(request: call.pending()))
      }
    }
    operations.bmap = { raw, node, blockByteCount, block in
      withCall(raw) { call in
        call.filesystem.bmap(
          call.request, .init(rawValue: node), blockByteCount: blockByteCount, block: block,
          reply: .init(request: call.pending()))
      }
    }
    operations.ioctl = { raw, node, command, argument, info, _, input, inputByteCount, outputByteCount in
      withCall(raw) { call in
        call.filesystem.ioctl(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), command: command,
          argument: UInt64(UInt(bitPattern: argument)), input: UnsafeRawBufferPointer(start: input, count: inputByteCount),
          outputByteCountMax: outputByteCount, reply: .init(request: call.pending()))
      }
    }
    operations.poll = { raw, node, info, pollHandle in
      // Nobody is told of events, so libfuse's handle for that goes at once.
      if let pollHandle { fuse_pollhandle_destroy(pollHandle) }
      withCall(raw) { call in
        call.filesystem.poll(
          call.request, .init(rawValue: node), .init(rawValue: info!.pointee.fh), events: info!.pointee.poll_events,
          reply: .init(request: call.pending()))
      }
    }
  }
}

/// One callback: who answers it, where, and the duty to reply.
private struct Call: ~Copyable {
  let worker: Worker
  let filesystem: any Filesystem
  let request: Request
  private let raw: OpaquePointer

  init(_ raw: OpaquePointer) {
    worker = .current
    let connection = Connection.of(raw)
    filesystem = connection.filesystem
    let context = fuse_req_ctx(raw)!
    request = Request(
      unique: worker.header.pointee.unique, uid: context.pointee.uid, gid: context.pointee.gid, thread: context.pointee.pid,
      umask: context.pointee.umask, tag: connection.tag, scratch: worker.memory.scratch)
    self.raw = raw
  }

  /// Made once per call, and handed to the reply.
  func pending() -> PendingRequest { PendingRequest(raw, unique: request.unique) }
}

@inline(__always)
private func withCall(_ raw: OpaquePointer?, _ body: (borrowing Call) -> Void) { body(Call(raw!)) }
