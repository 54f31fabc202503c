import Fuse
import Glibc
import VaultFS
import VaultFormat

/// Attributes, extended attributes, room.
extension Adapter {
  func getattr(_ request: borrowing Request, _ node: NodeNumber, handle: FileHandle?, reply: consuming ReplyAttributes) {
    do throws(FSError) {
      let found: FileAttributes
      if let handle {
        found = try files.attributes(caller(request), of: number(node), handle: HandleID(handle.rawValue))
      } else {
        found = try files.attributes(caller(request), of: number(node))
      }
      reply.send(attributes(found), timeoutSeconds: attributeTimeoutSeconds)
    } catch { reply.fail(error.errno) }
  }

  func setattr(_ request: borrowing Request, _ node: NodeNumber, _ changes: AttributeChanges, reply: consuming ReplyAttributes) {
    var change = AttributeChange()
    change.mode = changes.mode.map { UInt16($0 & 0o7777) }
    change.uid = changes.uid
    change.gid = changes.gid
    change.size = changes.size
    change.accessed = changes.accessTime.map { nanoseconds($0) }
    change.modified = changes.modificationTime.map { nanoseconds($0) }
    do throws(FSError) {
      let done = try files.setAttributes(
        caller(request), of: number(node), handle: changes.handle.map { HandleID($0.rawValue) }, change)
      reply.send(attributes(done), timeoutSeconds: attributeTimeoutSeconds)
    } catch { reply.fail(error.errno) }
  }

  func access(_ request: borrowing Request, _ node: NodeNumber, mask: Int32, reply: consuming ReplyEmpty) {
    do throws(FSError) {
      try files.access(caller(request), number(node), mask: mask)
      reply.succeed()
    } catch { reply.fail(error.errno) }
  }

  func statfs(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyStatfs) {
    do throws(FSError) {
      let room = try files.statfs()
      var status = FilesystemStatus()
      status.blockCount = room.blockCount
      status.freeBlockCount = room.freeBlockCount
      status.availableBlockCount = room.availableBlockCount
      reply.send(status)
    } catch { reply.fail(error.errno) }
  }

  func setxattr(
    _ request: borrowing Request, _ node: NodeNumber, _ name: Fuse.Name, _ value: UnsafeRawBufferPointer, flags: Int32,
    reply: consuming ReplyEmpty
  ) {
    let mode: VaultFS.XattrMode
    switch flags {
    case 0: mode = .either
    // XATTR_CREATE and XATTR_REPLACE of setxattr(2)
    case 1: mode = .create
    case 2: mode = .replace
    default:
      reply.fail(EINVAL)
      return
    }
    do throws(FSError) {
      try files.setXattr(caller(request), number(node), name.copy, value, mode: mode)
      reply.succeed()
    } catch { reply.fail(error.errno) }
  }

  func getxattr(_ request: borrowing Request, _ node: NodeNumber, _ name: Fuse.Name, reply: consuming ReplyXattr) {
    do throws(FSError) {
      send(try files.xattr(caller(request), number(node), name.copy), request, reply)
    } catch { reply.fail(error.errno) }
  }

  func listxattr(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyXattr) {
    do throws(FSError) {
      let names = try files.listXattrs(caller(request), number(node))
      send(names.flatMap { $0 + [0] }, request, reply)
    } catch { reply.fail(error.errno) }
  }

  func removexattr(_ request: borrowing Request, _ node: NodeNumber, _ name: Fuse.Name, reply: consuming ReplyEmpty) {
    do throws(FSError) {
      try files.removeXattr(caller(request), number(node), name.copy)
      reply.succeed()
    } catch { reply.fail(error.errno) }
  }

  /// Answers from the worker's own memory.
  private func send(_ bytes: [UInt8], _ request: borrowing Request, _ reply: consuming ReplyXattr) {
    let buffer = UnsafeMutableRawBufferPointer(rebasing: request.scratch[..<bytes.count])
    buffer.copyBytes(from: bytes)
    reply.send(UnsafeRawBufferPointer(buffer))
  }
}
