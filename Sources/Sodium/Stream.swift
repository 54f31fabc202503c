import CSodium

/// The sealing side of a `crypto_secretstream_xchacha20poly1305` stream. Rekeyed after each message, so that the state in memory
/// opens nothing that was sealed before. One thread at a time.
package final class StreamSealer: @unchecked Sendable {
  package static let overheadByteCount = 17
  package static let headerByteCount = 24

  private let state: UnsafeMutablePointer<crypto_secretstream_xchacha20poly1305_state>
  /// 24 bytes, in clear before the first message; the opener needs them.
  package let header: [UInt8]

  package init(key: borrowing SecretBytes) throws(SodiumError) {
    precondition(key.count == 32)
    let size = crypto_secretstream_xchacha20poly1305_statebytes()
    Sodium.start()
    guard let memory = sodium_malloc(size) else { throw .memoryNotLocked }
    state = memory.bindMemory(to: crypto_secretstream_xchacha20poly1305_state.self, capacity: 1)
    let keyPointer = key.pointer
    let state = state
    header = [UInt8](unsafeUninitializedCapacity: Self.headerByteCount) { buffer, used in
      crypto_secretstream_xchacha20poly1305_init_push(state, buffer.baseAddress!, keyPointer)
      used = Self.headerByteCount
    }
  }

  deinit { sodium_free(state) }

  /// Writes the sealed message (plaintext count + 17 bytes) to `output`.
  @inline(__always)
  package func seal(
    _ plaintext: UnsafeRawBufferPointer, associated: UnsafeRawBufferPointer, isLast: Bool = false,
    into output: UnsafeMutableRawBufferPointer
  ) {
    precondition(output.count >= plaintext.count + Self.overheadByteCount)
    let tag = isLast ? crypto_secretstream_xchacha20poly1305_tag_final() : crypto_secretstream_xchacha20poly1305_tag_rekey()
    var written: UInt64 = 0
    crypto_secretstream_xchacha20poly1305_push(
      state, output.bound!, &written, plaintext.boundOrNil, UInt64(plaintext.count), associated.boundOrNil,
      UInt64(associated.count), tag)
  }
}

/// The opening side. One thread at a time.
package final class StreamOpener: @unchecked Sendable {
  private let state: UnsafeMutablePointer<crypto_secretstream_xchacha20poly1305_state>

  package init(key: borrowing SecretBytes, header: UnsafeRawBufferPointer) throws(SodiumError) {
    guard key.count == 32, header.count == StreamSealer.headerByteCount else { throw .badParameter }
    Sodium.start()
    guard let memory = sodium_malloc(crypto_secretstream_xchacha20poly1305_statebytes()) else { throw .memoryNotLocked }
    state = memory.bindMemory(to: crypto_secretstream_xchacha20poly1305_state.self, capacity: 1)
    crypto_secretstream_xchacha20poly1305_init_pull(state, header.boundOrNil!, key.pointer)
  }

  deinit { sodium_free(state) }

  /// Opens one message into `output` (ciphertext count − 17 bytes). Returns whether it was sealed as the last.
  @inline(__always)
  package func open(
    _ ciphertext: UnsafeRawBufferPointer, associated: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(SodiumError) -> Bool {
    guard ciphertext.count >= StreamSealer.overheadByteCount else { throw .authenticationFailed }
    precondition(output.count >= ciphertext.count - StreamSealer.overheadByteCount)
    var written: UInt64 = 0
    var tag: UInt8 = 0
    let code = crypto_secretstream_xchacha20poly1305_pull(
      state, output.bound, &written, &tag, ciphertext.boundOrNil!, UInt64(ciphertext.count), associated.boundOrNil,
      UInt64(associated.count))
    guard code == 0 else { throw .authenticationFailed }
    return tag == crypto_secretstream_xchacha20poly1305_tag_final()
  }
}
