import Glibc

/// One stretch of memory for content in the clear: locked, left out of core dumps and of forked children, between guard pages,
/// wiped at the end. Large pages were tried: reads of 4 KiB and 128 KiB took as long, and starting 140 ms in place of 26.
///
/// Who may touch which part, and when, is the owner's affair.
final class LockedArena: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  private let mapping: UnsafeMutableRawPointer
  private let mappingByteCount: Int

  /// - Parameter byteCount: rounded up to 4096.
  /// - Throws: `memoryNotLocked` (RLIMIT_MEMLOCK, or no memory).
  init(byteCount wanted: Int) throws(ContentError) {
    let guardByteCount = 4096
    byteCount = (wanted + 4095) & ~4095
    mappingByteCount = byteCount + 2 * guardByteCount
    guard let mapping = mmap(nil, mappingByteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), mapping != MAP_FAILED else {
      throw .memoryNotLocked
    }
    self.mapping = mapping
    base = mapping + guardByteCount
    guard mprotect(base, byteCount, PROT_READ | PROT_WRITE) == 0, madvise(base, byteCount, Int32(MADV_DONTDUMP)) == 0,
      madvise(base, byteCount, Int32(MADV_DONTFORK)) == 0, mlock(base, byteCount) == 0
    else {
      munmap(mapping, mappingByteCount)
      throw .memoryNotLocked
    }
  }

  deinit {
    explicit_bzero(base, byteCount)
    munmap(mapping, mappingByteCount)
  }
}
