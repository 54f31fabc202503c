import CSodium

/// BLAKE2b (`crypto_generichash`), 16 to 64 bytes out, keyed with 16 to 64 bytes or not at all.
package struct Hash: ~Copyable {
  private let state: OpaquePointer

  /// An unkeyed running hash. The output length is part of the hash.
  package init(outputByteCount: Int = 32) {
    state = Self.makeState()
    precondition(crypto_generichash_init(state, nil, 0, outputByteCount) == 0)
  }

  package init(key: borrowing SecretBytes, outputByteCount: Int = 32) {
    state = Self.makeState()
    precondition(crypto_generichash_init(state, key.pointer, key.count, outputByteCount) == 0)
  }

  private init(copyOf other: borrowing Hash) {
    state = Self.makeState()
    UnsafeMutableRawPointer(state).copyMemory(from: UnsafeRawPointer(other.state), byteCount: crypto_generichash_statebytes())
  }

  private static func makeState() -> OpaquePointer {
    Sodium.start()
    // The state wants 64-byte alignment.
    return OpaquePointer(UnsafeMutableRawPointer.allocate(byteCount: crypto_generichash_statebytes(), alignment: 64))
  }

  deinit {
    sodium_memzero(UnsafeMutableRawPointer(state), crypto_generichash_statebytes())
    UnsafeMutableRawPointer(state).deallocate()
  }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    crypto_generichash_update(state, bytes.boundOrNil!, UInt64(bytes.count))
  }

  package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// The hash of what has come so far; more can follow.
  package borrowing func current(outputByteCount: Int = 32) -> [UInt8] {
    Hash(copyOf: self).finish(outputByteCount: outputByteCount)
  }

  package consuming func finish(outputByteCount: Int = 32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: outputByteCount) { buffer, used in
      crypto_generichash_final(state, buffer.baseAddress!, outputByteCount)
      used = outputByteCount
    }
  }

  /// The hash as a secret, in guarded memory from the start.
  package consuming func finish(secretByteCount: Int) throws(SodiumError) -> SecretBytes {
    let state = state
    return try SecretBytes(count: secretByteCount) { crypto_generichash_final(state, $0.bound!, $0.count) }
  }

  /// One call, no allocation: hashes `input` into `output` (16…64 bytes).
  @inline(__always)
  package static func keyed(
    _ key: borrowing SecretBytes, _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) {
    crypto_generichash(output.bound!, output.count, input.boundOrNil, UInt64(input.count), key.pointer, key.count)
  }

  /// Hashes `first ‖ second` without joining them and without allocation: the state lies on the stack and is wiped.
  @inline(__always)
  package static func keyed(
    _ key: borrowing SecretBytes, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) {
    let (keyPointer, keyCount) = (key.pointer, key.count)
    // 384 bytes; the state wants 64-byte alignment.
    withUnsafeTemporaryAllocation(byteCount: crypto_generichash_statebytes(), alignment: 64) { memory in
      let state = OpaquePointer(memory.baseAddress!)
      crypto_generichash_init(state, keyPointer, keyCount, output.count)
      crypto_generichash_update(state, first.boundOrNil, UInt64(first.count))
      crypto_generichash_update(state, second.boundOrNil, UInt64(second.count))
      crypto_generichash_final(state, output.bound!, output.count)
      sodium_memzero(memory.baseAddress!, memory.count)
    }
  }

  package static func plain(_ input: [UInt8], outputByteCount: Int = 32) -> [UInt8] {
    Sodium.start()
    return [UInt8](unsafeUninitializedCapacity: outputByteCount) { buffer, used in
      crypto_generichash(buffer.baseAddress!, outputByteCount, input, UInt64(input.count), nil, 0)
      used = outputByteCount
    }
  }

  package static func keyed(_ key: borrowing SecretBytes, _ input: [UInt8], outputByteCount: Int = 32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: outputByteCount) { buffer, used in
      input.withUnsafeBytes {
        keyed(key, $0, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress!, count: outputByteCount))
      }
      used = outputByteCount
    }
  }
}
