import Glibc

/// Page-aligned memory for content in the clear that is still to be sealed. Wiped when the last reference goes, or soon after
/// (`PlainBufferPool`); locked like all memory of the daemon. One owner at a time writes.
final class PlainBuffer: @unchecked Sendable {
  private(set) var base: UnsafeMutableRawPointer
  private(set) var capacity: Int
  private let pool: PlainBufferPool
  /// Whether the memory is the pool's.
  private var isPooled: Bool

  /// Segments that have grown past this will mostly grow on: they move into memory for a whole blob.
  private static let ownByteCountMax = 256 << 10

  /// - Parameter fillsUp: the segment will probably grow to a whole blob.
  init(capacity wanted: Int, pool: PlainBufferPool, fillsUp: Bool = false) {
    self.pool = pool
    if fillsUp || wanted > Self.ownByteCountMax, wanted <= PlainBufferPool.byteCount, let pooled = pool.take() {
      (base, capacity, isPooled) = (pooled, PlainBufferPool.byteCount, true)
    } else {
      let count = Self.rounded(wanted)
      (base, capacity, isPooled) = (Self.allocate(count), count, false)
    }
  }

  deinit { release() }

  /// Makes room for `count` bytes, keeping the first `used`. Doubles, so that many small writes copy little.
  func grow(to count: Int, used: Int, limit: Int) {
    guard count > capacity else { return }
    let fresh: (base: UnsafeMutableRawPointer, capacity: Int, isPooled: Bool)
    if count > Self.ownByteCountMax, count <= PlainBufferPool.byteCount, let pooled = pool.take() {
      fresh = (pooled, PlainBufferPool.byteCount, true)
    } else {
      let wanted = Self.rounded(min(max(count, capacity * 2), max(count, limit)))
      fresh = (Self.allocate(wanted), wanted, false)
    }
    fresh.base.copyMemory(from: base, byteCount: used)
    release()
    (base, capacity, isPooled) = fresh
  }

  private func release() {
    if isPooled {
      pool.give(base)
    } else {
      explicit_bzero(base, capacity)
      free(base)
    }
  }

  private static func rounded(_ count: Int) -> Int { max(4096, (count + 4095) & ~4095) }

  private static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    precondition(posix_memalign(&memory, 4096, capacity) == 0, "out of memory")
    return memory!
  }
}
