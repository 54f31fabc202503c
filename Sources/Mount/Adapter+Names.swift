import Fuse
import Glibc
import Vault
import VaultFS
import VaultFormat

/// Names: looking up, making, removing, moving, listing.
extension Adapter {
  func lookup(_ request: borrowing Request, _ name: Fuse.Name, in folder: NodeNumber, reply: consuming ReplyEntry) {
    do throws(FSError) {
      let found = try files.lookup(caller(request), in: number(folder), name.bytes)
      reply.send(entry(found, named: name, in: folder))
    } catch { reply.fail(error.errno) }
  }

  func forget(_ request: borrowing Request, _ nodes: UnsafeBufferPointer<ForgottenNode>) {
    // Nodes are found again by number; only a private mount keeps what it told.
    guard let cache else { return }
    for forgotten in nodes { cache.forgotten(forgotten.node) }
  }

  func mknod(
    _ request: borrowing Request, _ name: Fuse.Name, in folder: NodeNumber, mode: UInt32, device: UInt32,
    reply: consuming ReplyEntry
  ) {
    guard mode & UInt32(S_IFMT) == UInt32(S_IFREG) || mode & UInt32(S_IFMT) == 0 else {
      reply.fail(files.refuse(caller(request), in: number(folder), .device).errno)
      return
    }
    make(.document, request, name, folder, mode, reply)
  }

  func mkdir(_ request: borrowing Request, _ name: Fuse.Name, in folder: NodeNumber, mode: UInt32, reply: consuming ReplyEntry) {
    make(.folder, request, name, folder, mode, reply)
  }

  func symlink(
    _ request: borrowing Request, _ name: Fuse.Name, in folder: NodeNumber, target: UnsafeRawBufferPointer,
    reply: consuming ReplyEntry
  ) {
    make(.symlink, request, name, folder, 0o777, reply, target: Array(target))
  }

  private func make(
    _ kind: NodeRecord.Kind, _ request: borrowing Request, _ name: Fuse.Name, _ folder: NodeNumber, _ mode: UInt32,
    _ reply: consuming ReplyEntry, target: [UInt8] = []
  ) {
    do throws(FSError) {
      let made = try files.make(
        kind, caller(request), in: number(folder), name.bytes, mode: UInt16(mode & 0o7777), target: target)
      reply.send(entry(made, named: name, in: folder))
    } catch { reply.fail(error.errno) }
  }

  func link(
    _ request: borrowing Request, _ node: NodeNumber, to name: Fuse.Name, in folder: NodeNumber, reply: consuming ReplyEntry
  ) {
    reply.fail(files.refuse(caller(request), in: number(folder), .hardLink).errno)
  }

  func unlink(_ request: borrowing Request, _ name: Fuse.Name, in folder: NodeNumber, reply: consuming ReplyEmpty) {
    do throws(FSError) {
      try files.unlink(caller(request), in: number(folder), name.bytes)
      reply.succeed()
    } catch { reply.fail(error.errno) }
  }

  func rmdir(_ request: borrowing Request, _ name: Fuse.Name, in folder: NodeNumber, reply: consuming ReplyEmpty) {
    do throws(FSError) {
      try files.removeFolder(caller(request), in: number(folder), name.bytes)
      reply.succeed()
    } catch { reply.fail(error.errno) }
  }

  func rename(
    _ request: borrowing Request, _ name: Fuse.Name, in folder: NodeNumber, to newName: Fuse.Name, in newFolder: NodeNumber,
    flags: UInt32, reply: consuming ReplyEmpty
  ) {
    let mode: Vault.RenameMode
    switch flags {
    case 0: mode = .replace
    case 1: mode = .keepExisting
    case 2: mode = .exchange
    default:
      reply.fail(EINVAL)
      return
    }
    do throws(FSError) {
      try files.rename(
        caller(request), from: number(folder), name.bytes, to: number(newFolder), newName.bytes, mode: mode)
      reply.succeed()
    } catch { reply.fail(error.errno) }
  }

  func readlink(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyData) {
    do throws(FSError) {
      let target = try files.readLink(caller(request), number(node))
      let buffer = UnsafeMutableRawBufferPointer(rebasing: request.scratch[..<target.count])
      buffer.copyBytes(from: target)
      reply.send(UnsafeRawBufferPointer(buffer))
    } catch { reply.fail(error.errno) }
  }

  func opendir(_ request: borrowing Request, _ node: NodeNumber, flags: FileFlags, reply: consuming ReplyOpen) {
    do throws(FSError) {
      let handle = try files.openFolder(caller(request), number(node))
      if reply.send(FileHandle(rawValue: handle.value)) == .discarded { files.releaseFolder(handle) }
    } catch { reply.fail(error.errno) }
  }

  func readdir(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, reply: consuming ReplyDirectory
  ) {
    // Offsets 1 and 2 follow `.` and `..`; an entry's is its own plus 2.
    let id = HandleID(handle.rawValue)
    var isFull = false
    if offset < 1 { isFull = !Self.add(".", node.rawValue, 1, to: &reply) }
    if offset < 2, !isFull { isFull = !Self.add("..", files.parentNumber(ofFolder: id).value, 2, to: &reply) }
    do throws(FSError) {
      if !isFull {
        try files.list(caller(request), id, after: offset < 2 ? 0 : offset - 2) { entry in
          reply.add(
            entry.nameBytes, NodeNumber(rawValue: entry.number.value), FileKind(entry.kind), nextOffset: entry.offset + 2)
        }
      }
      reply.send()
    } catch { reply.fail(error.errno) }
  }

  private static func add(_ name: StaticString, _ number: UInt64, _ nextOffset: UInt64, to reply: inout ReplyDirectory) -> Bool {
    let bytes = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    return reply.add(bytes, NodeNumber(rawValue: number), .folder, nextOffset: nextOffset)
  }

  func releasedir(_ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, reply: consuming ReplyEmpty) {
    files.releaseFolder(HandleID(handle.rawValue))
    reply.succeed()
  }
}

extension FileKind {
  fileprivate init(_ kind: NodeRecord.Kind) {
    self =
      switch kind {
      case .folder: .folder
      case .document: .regular
      case .symlink: .symlink
      }
  }
}
