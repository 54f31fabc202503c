import CSodium

/// Subkeys of a root key (`crypto_kdf`, BLAKE2b): same root, context and id → same subkey; nothing of one tells of another.
package enum KeyDerivation {
  /// - Parameters:
  ///   - context: exactly 8 ASCII bytes naming the purpose.
  ///   - count: 16…64 bytes.
  package static func subkey(
    of root: borrowing SecretBytes, id: UInt64, context: StaticString, count: Int = 32
  ) throws(SodiumError) -> SecretBytes {
    precondition(context.utf8CodeUnitCount == 8 && root.count == 32)
    let rootPointer = root.pointer
    return try SecretBytes(count: count) { buffer in
      context.withUTF8Buffer { context in
        context.withMemoryRebound(to: CChar.self) { context in
          let code = crypto_kdf_derive_from_key(buffer.bound!, buffer.count, id, context.baseAddress!, rootPointer)
          precondition(code == 0)
        }
      }
    }
  }
}

/// Argon2id 1.3 (`crypto_pwhash`).
package struct PasswordHash: Equatable, Sendable {
  /// Passes over the memory.
  package var passes: UInt64
  /// Bytes of memory.
  package var memoryByteCount: UInt64

  package static let saltByteCount = 16
  package static let interactive = PasswordHash(passes: 2, memoryByteCount: 64 << 20)
  package static let moderate = PasswordHash(passes: 3, memoryByteCount: 256 << 20)
  /// The most that is accepted from a file: 10 passes over 1 GiB.
  package static let greatest = PasswordHash(passes: 10, memoryByteCount: 1 << 30)

  package init(passes: UInt64, memoryByteCount: UInt64) {
    self.passes = passes
    self.memoryByteCount = memoryByteCount
  }

  /// Whether the parameters lie between `interactive` and `greatest`; checked before use, so that a file cannot ask for all memory.
  package var isAcceptable: Bool {
    (Self.interactive.passes...Self.greatest.passes).contains(passes)
      && (Self.interactive.memoryByteCount...Self.greatest.memoryByteCount).contains(memoryByteCount)
  }

  /// A 32-byte key from a secret. Takes a fraction of a second and `memoryByteCount` of memory, on the calling thread.
  /// - Throws: `badParameter` for parameters that are not acceptable, `memoryNotLocked` when the memory cannot be had.
  package func key(from secret: borrowing SecretBytes, salt: [UInt8]) throws(SodiumError) -> SecretBytes {
    guard isAcceptable, salt.count == Self.saltByteCount else { throw .badParameter }
    let pointer = UnsafeRawPointer(secret.pointer).assumingMemoryBound(to: CChar.self)
    let count = secret.count
    var code: Int32 = 0
    let key = try SecretBytes(count: 32) { buffer in
      code = crypto_pwhash(
        buffer.bound!, 32, pointer, UInt64(count), salt, passes, Int(memoryByteCount), crypto_pwhash_alg_argon2id13())
    }
    guard code == 0 else { throw .memoryNotLocked }
    return key
  }
}
