import CSodium

extension Hash {
  /// One call, no allocation: hashes `input` without a key into `output` (16…64 bytes), which may lie inside `input`'s memory.
  @inline(__always)
  package static func unkeyed(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
    crypto_generichash(output.bound!, output.count, input.boundOrNil, UInt64(input.count), nil, 0)
  }
}
