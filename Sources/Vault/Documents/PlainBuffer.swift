import Glibc

/// Page-aligned memory for content in the clear that is still to be sealed. Wiped when the last reference goes; locked like all
/// memory of the daemon. One owner at a time writes.
final class PlainBuffer: @unchecked Sendable {
  private(set) var base: UnsafeMutableRawPointer
  private(set) var capacity: Int

  init(capacity: Int) {
    self.capacity = Self.rounded(capacity)
    base = Self.allocate(self.capacity)
  }

  deinit { Self.release(base, capacity) }

  /// Makes room for `count` bytes, keeping the first `used`. Doubles, so that many small writes copy little.
  func grow(to count: Int, used: Int, limit: Int) {
    guard count > capacity else { return }
    let wanted = Self.rounded(min(max(count, capacity * 2), max(count, limit)))
    let fresh = Self.allocate(wanted)
    fresh.copyMemory(from: base, byteCount: used)
    Self.release(base, capacity)
    base = fresh
    capacity = wanted
  }

  private static func rounded(_ count: Int) -> Int { max(4096, (count + 4095) & ~4095) }

  private static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    precondition(posix_memalign(&memory, 4096, capacity) == 0, "out of memory")
    return memory!
  }

  private static func release(_ base: UnsafeMutableRawPointer, _ capacity: Int) {
    explicit_bzero(base, capacity)
    free(base)
  }
}

/// Bytes of a document that were written and not yet sealed.
struct DirtySegment {
  var start: UInt64
  var count: Int
  let buffer: PlainBuffer

  var end: UInt64 { start + UInt64(count) }

  var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: buffer.base, count: count) }
}
