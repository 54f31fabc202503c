import CSodium

/// Writable memory of `sodium_malloc` for many secrets together: locked, left out of core dumps, between guard pages, wiped at the end.
/// Who may touch which part, and when, is the owner's affair.
package final class GuardedMemory: @unchecked Sendable {
  /// Page-aligned where the count is a multiple of the system's page size.
  package let bytes: UnsafeMutableRawBufferPointer

  /// - Throws: `SodiumError.memoryNotLocked` where the memory cannot be had or locked; the program must then refuse to go on.
  package init(byteCount: Int) throws(SodiumError) {
    Sodium.start()
    guard byteCount > 0, let memory = sodium_malloc(byteCount) else { throw .memoryNotLocked }
    // sodium_malloc locks best-effort; this call tells whether it worked.
    guard sodium_mlock(memory, byteCount) == 0 else {
      sodium_free(memory)
      throw .memoryNotLocked
    }
    bytes = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
  }

  deinit { sodium_free(bytes.baseAddress!) }
}

extension Sodium {
  /// Zeros that the compiler does not leave out.
  @inline(__always)
  package static func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
    guard let base = buffer.baseAddress else { return }
    sodium_memzero(base, buffer.count)
  }
}
