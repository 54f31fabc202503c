package import Fuse
import Glibc

/// A file, folder or symlink of a `MemoryFilesystem`, which guards it.
package final class MemoryNode {
  package let number: NodeNumber
  package var attributes: Attributes
  package var children: [[UInt8]: MemoryNode] = [:]
  package var isRemoved = false
  package var xattrs: [[UInt8]: [UInt8]] = [:]
  private var bytes: UnsafeMutableRawPointer?
  private var capacity = 0

  init(_ number: NodeNumber, mode: UInt32, parent: MemoryNode?) {
    self.number = number
    attributes = Attributes(number: number, mode: mode)
    attributes.blockSize = 128 << 10
    let now = MemoryNode.now()
    (attributes.accessTime, attributes.modificationTime, attributes.changeTime) = (now, now, now)
  }

  deinit { free(bytes) }

  var isFolder: Bool { attributes.mode & S_IFMT == S_IFDIR }

  private static func now() -> FileTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return FileTime(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
  }

  /// Returns how many bytes there were.
  func copyBytes(from offset: UInt64, to buffer: UnsafeMutableRawBufferPointer, byteCountMax: Int) -> Int {
    guard offset < attributes.size, let bytes else { return 0 }
    let count = min(byteCountMax, buffer.count, Int(attributes.size - offset))
    memcpy(buffer.baseAddress!, bytes + Int(offset), count)
    return count
  }

  func write(_ source: UnsafeRawBufferPointer, at offset: UInt64) {
    guard let start = source.baseAddress, !source.isEmpty else { return }
    let end = Int(offset) + source.count
    if end > attributes.size { truncate(to: UInt64(end)) }
    memcpy(bytes! + Int(offset), start, source.count)
    attributes.modificationTime = MemoryNode.now()
  }

  func truncate(to size: UInt64) {
    let old = Int(attributes.size)
    let new = Int(size)
    if new > capacity {
      capacity = max(new, 2 * capacity)
      bytes = realloc(bytes, capacity)
    }
    if new > old { memset(bytes! + old, 0, new - old) }
    attributes.size = size
    attributes.blockCount = (size + 511) / 512
    attributes.modificationTime = MemoryNode.now()
  }

  func change(_ changes: AttributeChanges) {
    if let mode = changes.mode { attributes.mode = attributes.mode & S_IFMT | mode & 0o7777 }
    if let uid = changes.uid { attributes.uid = uid }
    if let gid = changes.gid { attributes.gid = gid }
    if let size = changes.size { truncate(to: size) }
    if let time = changes.accessTime { attributes.accessTime = MemoryNode.value(of: time) }
    if let time = changes.modificationTime { attributes.modificationTime = MemoryNode.value(of: time) }
    attributes.changeTime = MemoryNode.now()
  }

  private static func value(of time: AttributeChanges.Time) -> FileTime {
    switch time {
    case .now: now()
    case .at(let given): given
    }
  }
}
