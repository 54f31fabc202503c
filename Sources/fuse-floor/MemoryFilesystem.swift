package import Fuse
import Glibc
package import Platform

/// Files and folders in memory, answered with as little work as can be: the floor under every number that a real filesystem reaches
/// through FUSE. Judges nobody, keeps nothing. The tests of `Fuse` build on it.
///
/// Besides what is made in it, the root holds `big`: read-only, `bigByteCount` bytes, byte i of each MiB being the same in all.
package class MemoryFilesystem: Filesystem, @unchecked Sendable {
  // Unchecked: `lock` guards everything below it but `locks`, which guards itself; the big file's bytes never change.
  package let lock = Lock()
  let locks = MemoryLocks()
  package private(set) var nodes: [NodeNumber: MemoryNode] = [:]
  private var listings: [FileHandle: [Listed]] = [:]
  private var lastNumber: UInt64 = 1
  private var lastHandle: UInt64 = 0

  private let bigByteCount: UInt64
  private let bigBytes: UnsafeMutableRawPointer
  private static let bigNumber = NodeNumber(rawValue: 2)
  private static let mebibyte = 1 << 20

  private struct Listed {
    let name: [UInt8]
    let node: NodeNumber
    let kind: FileKind
  }

  package init(bigByteCount: UInt64 = 4 << 30) {
    self.bigByteCount = bigByteCount
    // Two MiB, so that any read of up to one lies within.
    bigBytes = .allocate(byteCount: 2 * MemoryFilesystem.mebibyte, alignment: 4096)
    for offset in stride(from: 0, to: 2 * MemoryFilesystem.mebibyte, by: 8) {
      bigBytes.storeBytes(of: MemoryFilesystem.bigWord(at: UInt64(offset)), toByteOffset: offset, as: UInt64.self)
    }
    let root = MemoryNode(.root, mode: S_IFDIR | 0o755, parent: nil)
    nodes[.root] = root
    let big = MemoryNode(MemoryFilesystem.bigNumber, mode: S_IFREG | 0o444, parent: root)
    big.attributes.size = bigByteCount
    nodes[big.number] = big
    root.children[Array("big".utf8)] = big
    lastNumber = big.number.rawValue
  }

  deinit { bigBytes.deallocate() }

  /// The eight bytes at `offset` of the big file, a multiple of 8.
  package static func bigWord(at offset: UInt64) -> UInt64 { (offset % UInt64(mebibyte)) &* 0x9e37_79b9_7f4a_7c15 }

  // MARK: What subclasses of the tests replace

  package func connected(_ info: inout ConnectionInfo, tag: UInt64) {}

  /// With several sessions, those who wait for locks through another one hear EIO too.
  package func disconnected(tag: UInt64) { locks.abandonWaiting() }

  package func entry(_ node: MemoryNode) -> Entry { Entry(node: node.number, attributes: node.attributes) }

  package func read(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, byteCount: Int, owner: LockOwner,
    flags: FileFlags, reply: consuming ReplyData
  ) {
    if node == MemoryFilesystem.bigNumber {
      let count = offset < bigByteCount ? min(UInt64(byteCount), bigByteCount - offset) : 0
      let start = bigBytes + Int(offset % UInt64(MemoryFilesystem.mebibyte))
      reply.send(UnsafeRawBufferPointer(start: start, count: Int(count)))
      return
    }
    let scratch = request.scratch
    let count = lock.withLock { nodes[node]?.copyBytes(from: offset, to: scratch, byteCountMax: byteCount) }
    guard let count else { return _ = reply.fail(ESTALE) }
    reply.send(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
  }

  package func write(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, _ bytes: UnsafeRawBufferPointer,
    owner: LockOwner, flags: FileFlags, isFromPages: Bool, reply: consuming ReplyWrite
  ) {
    let isThere = lock.withLock { () -> Bool in
      guard let node = nodes[node] else { return false }
      node.write(bytes, at: flags & O_APPEND != 0 ? node.attributes.size : offset)
      return true
    }
    if isThere { reply.send(byteCount: bytes.count) } else { reply.fail(ESTALE) }
  }

  package func lookup(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, reply: consuming ReplyEntry) {
    if name.bytes.count > 255 { return _ = reply.fail(ENAMETOOLONG) }
    let key = name.copy
    let found = lock.withLock { nodes[folder]?.children[key].map(entry) }
    if let found { reply.send(found) } else { reply.fail(ENOENT) }
  }

  package func unlink(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, reply: consuming ReplyEmpty) {
    finish(remove(name.copy, in: folder, isFolder: false), reply)
  }

  package func release(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, flags: FileFlags, flockOwner: LockOwner?,
    reply: consuming ReplyEmpty
  ) {
    if let flockOwner { locks.drop(flockOwner, on: node, isWhole: true) }
    reply.succeed()
  }

  package func flush(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, owner: LockOwner, reply: consuming ReplyEmpty
  ) {
    locks.drop(owner, on: node, isWhole: false)
    reply.succeed()
  }

  // MARK: The rest

  package func forget(_ request: borrowing Request, _ list: UnsafeBufferPointer<ForgottenNode>) {
    lock.withLock {
      for forgotten in list where nodes[forgotten.node]?.isRemoved == true { nodes[forgotten.node] = nil }
    }
  }

  package func getattr(_ request: borrowing Request, _ node: NodeNumber, handle: FileHandle?, reply: consuming ReplyAttributes) {
    let attributes = lock.withLock { nodes[node]?.attributes }
    if let attributes { reply.send(attributes) } else { reply.fail(ESTALE) }
  }

  package func setattr(
    _ request: borrowing Request, _ node: NodeNumber, _ changes: AttributeChanges, reply: consuming ReplyAttributes
  ) {
    let attributes = lock.withLock { () -> Attributes? in
      guard let node = nodes[node] else { return nil }
      node.change(changes)
      return node.attributes
    }
    if let attributes { reply.send(attributes) } else { reply.fail(ESTALE) }
  }

  package func readlink(_ request: borrowing Request, _ node: NodeNumber, reply: consuming ReplyData) {
    let scratch = request.scratch
    let count = lock.withLock { nodes[node]?.copyBytes(from: 0, to: scratch, byteCountMax: 4096) } ?? 0
    reply.send(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
  }

  package func mkdir(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, mode: UInt32, reply: consuming ReplyEntry
  ) {
    if let made = make(name, in: folder, owner: (request.uid, request.gid), mode: S_IFDIR | mode & 0o7777) {
      reply.send(made)
    } else {
      reply.fail(EEXIST)
    }
  }

  package func symlink(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, target: UnsafeRawBufferPointer, reply: consuming ReplyEntry
  ) {
    guard let made = make(name, in: folder, owner: (request.uid, request.gid), mode: S_IFLNK | 0o777) else {
      return _ = reply.fail(EEXIST)
    }
    let filled = lock.withLock { () -> Entry in
      nodes[made.node]?.write(target, at: 0)
      return nodes[made.node].map(entry) ?? made
    }
    reply.send(filled)
  }

  package func create(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, mode: UInt32, flags: FileFlags,
    reply: consuming ReplyCreate
  ) {
    if name.bytes.count > 255 { return _ = reply.fail(ENAMETOOLONG) }
    if let made = make(name, in: folder, owner: (request.uid, request.gid), mode: S_IFREG | mode & 0o7777) {
      reply.send(made, FileHandle(rawValue: 0), .directIO)
    } else {
      reply.fail(EEXIST)
    }
  }

  package func open(_ request: borrowing Request, _ node: NodeNumber, flags: FileFlags, reply: consuming ReplyOpen) {
    if flags & O_TRUNC != 0 {
      lock.withLock { nodes[node]?.truncate(to: 0) }
    }
    reply.send(FileHandle(rawValue: 0), .directIO)
  }

  package func rmdir(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, reply: consuming ReplyEmpty) {
    finish(remove(name.copy, in: folder, isFolder: true), reply)
  }

  package func rename(
    _ request: borrowing Request, _ name: Name, in folder: NodeNumber, to newName: Name, in newFolder: NodeNumber, flags: UInt32,
    reply: consuming ReplyEmpty
  ) {
    finish(move(name.copy, in: folder, to: newName.copy, in: newFolder, flags: flags), reply)
  }

  package func fsync(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, isDataOnly: Bool, reply: consuming ReplyEmpty
  ) { reply.succeed() }

  package func fsyncdir(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, isDataOnly: Bool, reply: consuming ReplyEmpty
  ) { reply.succeed() }

  package func access(_ request: borrowing Request, _ node: NodeNumber, mask: Int32, reply: consuming ReplyEmpty) {
    reply.succeed()
  }

  package func opendir(_ request: borrowing Request, _ node: NodeNumber, flags: FileFlags, reply: consuming ReplyOpen) {
    let handle = lock.withLock { () -> FileHandle? in
      guard let folder = nodes[node] else { return nil }
      lastHandle += 1
      let handle = FileHandle(rawValue: lastHandle)
      listings[handle] = folder.children.map {
        Listed(name: $0.key, node: $0.value.number, kind: FileKind(mode: $0.value.attributes.mode))
      }
      return handle
    }
    guard let handle else { return _ = reply.fail(ESTALE) }
    if reply.send(handle) == .discarded {
      lock.withLock { listings[handle] = nil }
    }
  }

  package func readdir(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, reply: consuming ReplyDirectory
  ) {
    guard let listing = lock.withLock({ listings[handle] }) else { return _ = reply.fail(EBADF) }
    var index = Int(offset)
    while index < listing.count {
      let listed = listing[index]
      let fits = listed.name.withUnsafeBytes { reply.add($0, listed.node, listed.kind, nextOffset: UInt64(index + 1)) }
      if !fits { break }
      index += 1
    }
    reply.send()
  }

  package func releasedir(_ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, reply: consuming ReplyEmpty) {
    lock.withLock { listings[handle] = nil }
    reply.succeed()
  }

  // MARK: Helpers; each takes the lock

  private func finish(_ code: Int32, _ reply: consuming ReplyEmpty) {
    if code == 0 { reply.succeed() } else { reply.fail(code) }
  }

  /// Nil where the name is taken.
  private func make(_ name: Name, in folder: NodeNumber, owner: (uid: UInt32, gid: UInt32), mode: UInt32) -> Entry? {
    let key = name.copy
    return lock.withLock { () -> Entry? in
      guard let parent = nodes[folder], parent.children[key] == nil else { return nil }
      lastNumber += 1
      let node = MemoryNode(NodeNumber(rawValue: lastNumber), mode: mode, parent: parent)
      (node.attributes.uid, node.attributes.gid) = owner
      nodes[node.number] = node
      parent.children[key] = node
      return entry(node)
    }
  }

  private func remove(_ key: [UInt8], in folder: NodeNumber, isFolder: Bool) -> Int32 {
    lock.withLock { () -> Int32 in
      guard let parent = nodes[folder], let node = parent.children[key] else { return ENOENT }
      if isFolder, !node.isFolder { return ENOTDIR }
      if !isFolder, node.isFolder { return EISDIR }
      if !node.children.isEmpty { return ENOTEMPTY }
      parent.children[key] = nil
      node.isRemoved = true
      return 0
    }
  }

  private func move(_ key: [UInt8], in folder: NodeNumber, to newKey: [UInt8], in newFolder: NodeNumber, flags: UInt32) -> Int32 {
    lock.withLock { () -> Int32 in
      guard let parent = nodes[folder], let newParent = nodes[newFolder], let node = parent.children[key] else { return ENOENT }
      let replaced = newParent.children[newKey]
      switch flags {
      case 0:
        if let replaced, !replaced.children.isEmpty { return ENOTEMPTY }
        parent.children[key] = nil
        replaced?.isRemoved = true
      case 1:
        if replaced != nil { return EEXIST }
        parent.children[key] = nil
      case 2:
        guard let replaced else { return ENOENT }
        parent.children[key] = replaced
      default: return EINVAL
      }
      newParent.children[newKey] = node
      return 0
    }
  }
}
