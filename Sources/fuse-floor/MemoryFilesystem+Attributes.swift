package import Fuse
import Glibc
import Platform

// Extended attributes, holes (there are none) and statfs(2).

extension MemoryFilesystem {
  package func setxattr(
    _ request: borrowing Request, _ node: NodeNumber, _ name: Name, _ value: UnsafeRawBufferPointer, flags: Int32,
    reply: consuming ReplyEmpty
  ) {
    let key = name.copy
    let code = lock.withLock { () -> Int32 in
      guard let node = nodes[node] else { return ESTALE }
      let isThere = node.xattrs[key] != nil
      if flags == 1, isThere { return EEXIST }
      if flags == 2, !isThere { return ENODATA }
      node.xattrs[key] = [UInt8](value)
      return 0
    }
    if code == 0 { reply.succeed() } else { reply.fail(code) }
  }

  package func getxattr(_ request: borrowing Request, _ node: NodeNumber, _ name: Name, reply: consuming ReplyXattr) {
    let key = name.copy
    guard let value = lock.withLock({ nodes[node]?.xattrs[key] }) else {
      // With ENODATA, ls(1) would ask for the label and the ACL of each file.
      return _ = reply.fail(key.starts(with: "user.".utf8) ? ENODATA : EOPNOTSUPP)
    }
    reply.send(value)
  }

  package func listxattr(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyXattr) {
    let scratch = request.scratch
    let count = lock.withLock { () -> Int in
      var used = 0
      for name in (nodes[node]?.xattrs ?? [:]).keys {
        for byte in name + [0] {
          scratch[used] = byte
          used += 1
        }
      }
      return used
    }
    reply.send(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
  }

  package func removexattr(_ request: borrowing Request, _ node: NodeNumber, _ name: Name, reply: consuming ReplyEmpty) {
    let key = name.copy
    let removed = lock.withLock { nodes[node]?.xattrs.removeValue(forKey: key) }
    if removed != nil { reply.succeed() } else { reply.fail(ENODATA) }
  }

  package func statfs(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyStatfs) {
    var status = FilesystemStatus()
    status.blockCount = 1 << 20
    status.freeBlockCount = 1 << 19
    status.availableBlockCount = 1 << 18
    reply.send(status)
  }

  package func lseek(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, whence: Int32,
    reply: consuming ReplySeek
  ) {
    guard let size = lock.withLock({ nodes[node]?.attributes.size }) else { return _ = reply.fail(ESTALE) }
    if offset >= size { return _ = reply.fail(ENXIO) }
    // SEEK_DATA (3) is here, SEEK_HOLE (4) at the end.
    reply.send(offset: whence == 3 ? offset : size)
  }
}
