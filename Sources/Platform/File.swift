package import CSystem
package import Glibc

/// One open file or folder. The descriptor is closed when the last reference goes.
///
/// All calls may be made from any thread; each retries EINTR and finishes short reads and writes.
/// - Throws: `SystemError` with the errno of the call that failed.
package final class File: Sendable {
  package let descriptor: Int32
  package let path: String

  package init(adopting descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  /// `open(2)` with O_CLOEXEC always added.
  package init(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(SystemError) {
    try Seam.check("open", path)
    var result: Int32
    repeat { result = open(path, flags | O_CLOEXEC, mode) } while result < 0 && errno == EINTR
    guard result >= 0 else { throw SystemError("open", errno) }
    descriptor = result
    self.path = path
  }

  deinit { close(descriptor) }

  package func status() throws(SystemError) -> stat {
    var value = stat()
    guard fstat(descriptor, &value) == 0 else { throw SystemError("fstat", errno) }
    return value
  }

  package func size() throws(SystemError) -> Int { Int(try status().st_size) }

  /// Reads until `buffer` is full or the file ends. Returns the bytes read.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    try Seam.check("pread", path)
    return try readRest(at: offset, into: buffer)
  }

  private func readRest(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemError("pread", errno)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// As `read(at:into:)`; calls `beforeWaiting` once where the kernel does not have all of it in memory, so that the disk will be waited
  /// for. A file system that cannot tell is not asked for more.
  package func read(
    at offset: Int, into buffer: UnsafeMutableRawBufferPointer, beforeWaiting: () -> Void
  ) throws(SystemError) -> Int {
    try Seam.check("pread", path)
    guard buffer.count > 0 else { return 0 }
    let cached = csystem_read_cached(descriptor, buffer.baseAddress!, buffer.count, Int64(offset))
    if cached == buffer.count { return cached }
    if cached >= 0 || errno == EAGAIN { beforeWaiting() }
    return try readRest(at: offset, into: buffer)
  }

  /// Whether the kernel has the byte at `offset` in memory. A hint: it may be gone when the call returns.
  package func isCached(at offset: Int) -> Bool {
    var byte: UInt8 = 0
    return csystem_read_cached(descriptor, &byte, 1, Int64(offset)) == 1
  }

  /// One `preadv(2)`. Returns the bytes read, which can be fewer than asked; the caller continues.
  package func read(at offset: Int, into vectors: UnsafeBufferPointer<iovec>) throws(SystemError) -> Int {
    try Seam.check("preadv", path)
    while true {
      let count = preadv(descriptor, vectors.baseAddress!, Int32(vectors.count), off_t(offset))
      if count >= 0 { return count }
      if errno != EINTR { throw SystemError("preadv", errno) }
    }
  }

  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
    try Seam.check("pwrite", path)
    try writeRest(bytes, at: offset)
  }

  private func writeRest(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemError("pwrite", errno)
      }
      done += count
    }
  }

  /// Writes a large new file's content past the kernel's cache where the file system can (O_DIRECT): one copy less, and what is in the cache
  /// stays there. As `write(_:at:)` from offset 0, and as little on disk on return; nobody else uses the file meanwhile.
  /// - Parameter bytes: page-aligned; what follows the last whole 4096 bytes goes through the cache.
  package func writeDirectly(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    let direct = bytes.count & ~4095
    guard direct > 0, UInt(bitPattern: bytes.baseAddress) & 4095 == 0, csystem_set_direct(descriptor, 1) == 0 else {
      return try write(bytes, at: 0)
    }
    try Seam.check("pwrite", path)
    var done = 0
    var failure: SystemError?
    while done < direct {
      let count = pwrite(descriptor, bytes.baseAddress! + done, direct - done, off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        // EINVAL: it can, but not so: a larger block, or a rest after a short write.
        failure = errno == EINVAL ? nil : SystemError("pwrite", errno)
        break
      }
      done += count
    }
    _ = csystem_set_direct(descriptor, 0)
    if let failure { throw failure }
    if done < bytes.count { try writeRest(UnsafeRawBufferPointer(rebasing: bytes[done...]), at: done) }
  }

  package func write(_ bytes: [UInt8], at offset: Int) throws(SystemError) {
    var failure: SystemError?
    bytes.withUnsafeBytes { buffer in
      do throws(SystemError) { try write(buffer, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// One `pwritev(2)`. Returns the bytes written, which can be fewer than asked; the caller continues.
  package func write(_ vectors: UnsafeBufferPointer<iovec>, at offset: Int) throws(SystemError) -> Int {
    try Seam.check("pwritev", path)
    while true {
      let count = pwritev(descriptor, vectors.baseAddress!, Int32(vectors.count), off_t(offset))
      if count >= 0 { return count }
      if errno != EINTR { throw SystemError("pwritev", errno) }
    }
  }

  /// One `write(2)` at the descriptor's own position (the end, for O_APPEND). Returns the bytes written, which can be fewer.
  package func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    try Seam.check("write", path)
    while true {
      let count = Glibc.write(descriptor, bytes.baseAddress!, bytes.count)
      if count >= 0 { return count }
      if errno != EINTR { throw SystemError("write", errno) }
    }
  }

  /// Content and size are on disk on return. After a failure nothing is known of what was written before it; never retry into success.
  package func syncData() throws(SystemError) {
    try Seam.check("fdatasync", path)
    guard fdatasync(descriptor) == 0 else { throw SystemError("fdatasync", errno) }
    Seam.synced(path)
  }

  /// Content and all attributes are on disk on return; for a folder, its entries.
  package func sync() throws(SystemError) {
    try Seam.check("fsync", path)
    guard fsync(descriptor) == 0 else { throw SystemError("fsync", errno) }
    Seam.synced(path)
  }

  /// Starts writing a range back without waiting (`sync_file_range`, SYNC_FILE_RANGE_WRITE). Promises nothing.
  package func startWriteback(at offset: Int, count: Int) {
    _ = csystem_start_writeback(descriptor, Int64(offset), Int64(count))
  }

  package func truncate(to size: Int) throws(SystemError) {
    try Seam.check("ftruncate", path)
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw SystemError("ftruncate", errno) }
  }

  /// `fallocate(2)`; pass FALLOC_FL_KEEP_SIZE to reserve space without moving the end.
  package func allocate(mode: Int32, at offset: Int, count: Int) throws(SystemError) {
    try Seam.check("fallocate", path)
    guard csystem_fallocate(descriptor, mode, Int64(offset), Int64(count)) == 0 else { throw SystemError("fallocate", errno) }
  }

  /// The whole content; refuses files over `limit` bytes with EFBIG.
  package func readAll(limit: Int) throws(SystemError) -> [UInt8] {
    let count = try size()
    guard count <= limit else { throw SystemError("read", EFBIG) }
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      do throws(SystemError) {
        used = try read(at: 0, into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
        used = 0
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
