import CSodium

/// Secret bytes in guarded memory of `sodium_malloc`: locked, left out of core dumps, between guard pages, wiped when the value ends.
///
/// Never becomes `Data`, `String` or `[UInt8]`; has no description. Read through `withUnsafeBytes`; the pointer dies with the closure.
package struct SecretBytes: ~Copyable, @unchecked Sendable {
  private let base: UnsafeMutableRawPointer
  package let count: Int

  /// Allocates `count` bytes and lets `fill` write them.
  /// - Throws: `SodiumError.memoryNotLocked` where the memory cannot be had or locked; the program must then refuse to go on.
  package init(count: Int, filling fill: (UnsafeMutableRawBufferPointer) -> Void) throws(SodiumError) {
    Sodium.start()
    guard let memory = sodium_malloc(count) else { throw .memoryNotLocked }
    // sodium_malloc locks best-effort; this call tells whether it worked.
    guard count == 0 || sodium_mlock(memory, count) == 0 else {
      sodium_free(memory)
      throw .memoryNotLocked
    }
    base = memory
    self.count = count
    fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
    sodium_mprotect_readonly(memory)
  }

  /// Fresh random bytes.
  package static func random(count: Int) throws(SodiumError) -> SecretBytes {
    try SecretBytes(count: count) { Sodium.fillRandom($0) }
  }

  /// Copies `bytes` and, where they lie in writable memory of ours, leaves wiping them to the caller.
  package init(copying bytes: UnsafeRawBufferPointer) throws(SodiumError) {
    try self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
  }

  package borrowing func copy() throws(SodiumError) -> SecretBytes {
    try SecretBytes(copying: UnsafeRawBufferPointer(start: base, count: count))
  }

  deinit { sodium_free(base) }

  @inline(__always)
  package borrowing func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// The first byte, for C calls that take `const unsigned char *`. Valid while the value lives and is borrowed.
  @inline(__always)
  var pointer: UnsafePointer<UInt8> { UnsafePointer(base.assumingMemoryBound(to: UInt8.self)) }
}

/// A secret that several owners share: the value in a class, wiped when the last of them lets go.
package final class SharedSecret: Sendable {
  package let bytes: SecretBytes
  package init(_ bytes: consuming SecretBytes) { self.bytes = bytes }
}
