import CFuse3
import Glibc

/// What one worker reads requests into and builds replies in: one mapping, out of core dumps, perhaps locked.
///
/// The request buffer begins 80 bytes before a page, so that the payload of a WRITE, after `fuse_in_header` and `fuse_write_in`, is
/// page-aligned: copies between buffers that differ modulo 4,096 are many times slower.
final class WorkerMemory: @unchecked Sendable {
  // Unchecked: one worker at a time uses it.

  /// What libfuse tells the kernel it takes: 1 MiB and a page for headers (`FUSE_BUFFER_HEADER_SIZE`).
  private static let requestByteCount = 1 << 20 | 4096
  private static let pageByteCount = 4096
  private static let writeHeaderByteCount = MemoryLayout<fuse_in_header>.size + MemoryLayout<fuse_write_in>.size

  private let mapping: UnsafeMutableRawBufferPointer
  /// Where a request is read to.
  let request: UnsafeMutableRawBufferPointer
  /// The page-aligned part of it, 1 MiB: the bytes of a WRITE, free while any other request is dealt with.
  let payload: UnsafeMutableRawBufferPointer
  let scratch: UnsafeMutableRawBufferPointer

  init(scratchByteCount: Int, isLocked: Bool) throws(FuseError) {
    let page = WorkerMemory.pageByteCount
    let header = WorkerMemory.writeHeaderByteCount
    let requestArea = page + (WorkerMemory.requestByteCount - header + page - 1) / page * page
    let scratchArea = (max(scratchByteCount, 1) + page - 1) / page * page
    let total = requestArea + scratchArea
    let start = mmap(nil, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let start, start != MAP_FAILED else { throw .system(call: "mmap", code: errno) }
    mapping = UnsafeMutableRawBufferPointer(start: start, count: total)
    request = UnsafeMutableRawBufferPointer(start: start + (page - header), count: WorkerMemory.requestByteCount)
    payload = UnsafeMutableRawBufferPointer(start: start + page, count: 1 << 20)
    scratch = UnsafeMutableRawBufferPointer(start: start + requestArea, count: scratchArea)
    madvise(start, total, MADV_DONTDUMP)
    if isLocked, cfuse3_lock_on_fault(start, total) != 0 { throw .memoryNotLocked }
  }

  deinit { munmap(mapping.baseAddress!, mapping.count) }
}
