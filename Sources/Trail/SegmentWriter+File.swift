import Glibc
import Platform

/// The file and its name in the folder.
extension SegmentWriter {
  /// Gives the file its name; it and its content are on disk on return. After a throw the segment is thrown away.
  func publish() throws(SystemError) {
    let fresh = path + TrailFolder.unfinishedSuffix
    do throws(SystemError) {
      try file.sync()
      try Files.rename(fresh, path)
    } catch {
      try? Files.unlink(fresh)
      throw error
    }
    do throws(SystemError) { try Files.syncFolder(Files.folder(of: path)) } catch {
      try? Files.unlink(path)
      throw error
    }
  }

  /// What was written before the call is on disk on return, and the file is still the one with its name in the folder.
  func sync() throws(SystemError) {
    try file.syncData()
    guard isInPlace else { throw SystemError("stat", ENOENT) }
  }

  /// Whether the folder still names this very file.
  var isInPlace: Bool {
    var named = stat()
    var own = stat()
    guard lstat(path, &named) == 0, fstat(file.descriptor, &own) == 0 else { return false }
    return named.st_ino == own.st_ino && named.st_dev == own.st_dev && own.st_nlink > 0
  }

  /// Copies what the descriptor still holds back under its name, after the file was removed or replaced; on disk on return.
  func restore(through end: Int) throws(SystemError) {
    let fresh = path + TrailFolder.unfinishedSuffix
    let copy = try File(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o640)
    try file.copyBytes(from: 0, to: end, into: copy)
    try copy.sync()
    try Files.rename(fresh, path)
    try Files.syncFolder(Files.folder(of: path))
  }

  /// Cuts what lies beyond `end`, and gives back reserved space. Best effort: a reader skips what the next header does not count.
  func cut(at end: Int) { try? file.truncate(to: end) }
}

extension File {
  /// Writes the bytes from `start` to `end` at the same place of `other`, which may be this file.
  func copyBytes(from start: Int, to end: Int, into other: File) throws(SystemError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    defer { buffer.deallocate() }
    var position = start
    while position < end {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, end - position)])
      let count = try read(at: position, into: part)
      guard count > 0 else { throw SystemError("pread", EIO) }
      try other.write(UnsafeRawBufferPointer(rebasing: part[..<count]), at: position)
      position += count
    }
  }
}
