import Fuse
import Glibc

/// One read-only file that is answered from memory with as little work as can be: what FUSE itself costs on this machine.
final class FloorFilesystem: Filesystem, @unchecked Sendable {
  // Unchecked: the bytes never change.
  static let fileName = "floor"
  static let fileByteCount = 256 << 20
  private static let file = NodeNumber(rawValue: 2)
  private static let readByteCountMax = 1 << 20
  private let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: readByteCountMax, alignment: 4096)

  init() { bytes.initializeMemory(as: UInt8.self, repeating: 0x5a) }

  deinit { bytes.deallocate() }

  private static func attributes(of node: NodeNumber) -> Attributes {
    var attributes = Attributes(number: node, mode: node == .root ? S_IFDIR | 0o555 : S_IFREG | 0o444)
    attributes.size = node == .root ? 0 : UInt64(fileByteCount)
    return attributes
  }

  func lookup(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, reply: consuming ReplyEntry) {
    guard folder == .root, name.bytes.elementsEqual(Self.fileName.utf8) else { return _ = reply.fail(ENOENT) }
    reply.send(Entry(node: Self.file, attributes: Self.attributes(of: Self.file)))
  }

  func getattr(_ request: borrowing Request, _ node: NodeNumber, handle: FileHandle?, reply: consuming ReplyAttributes) {
    reply.send(Self.attributes(of: node))
  }

  func open(_ request: borrowing Request, _ node: NodeNumber, flags: FileFlags, reply: consuming ReplyOpen) {
    reply.send(FileHandle(rawValue: 0), .directIO)
  }

  func read(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, byteCount: Int, owner: LockOwner,
    flags: FileFlags, reply: consuming ReplyData
  ) {
    let rest = UInt64(Self.fileByteCount) - min(offset, UInt64(Self.fileByteCount))
    let count = Int(min(UInt64(min(byteCount, bytes.count)), rest))
    reply.send(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<count]))
  }

  func release(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, flags: FileFlags, flockOwner: LockOwner?,
    reply: consuming ReplyEmpty
  ) { reply.succeed() }

  func flush(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, owner: LockOwner, reply: consuming ReplyEmpty
  ) { reply.succeed() }
}
