import COpenSSL
import Synchronization

/// One OpenSSL cipher context, lent by `PageCipher.withContext`; not to be kept, and for one thread at a time.
package final class PageContext {
  private let raw: OpaquePointer
  /// The serial of the key inside; 0 for none.
  private(set) var serial: UInt64 = 0

  /// Traps where OpenSSL has no AES-256-GCM or no memory: nothing of a vault can be read then.
  init() {
    guard let cipher = Self.cipher.pointer, let raw = EVP_CIPHER_CTX_new() else { fatalError("OpenSSL has no AES-256-GCM") }
    precondition(EVP_CipherInit_ex2(raw, cipher, nil, nil, 1, nil) == 1)
    self.raw = raw
  }

  /// OpenSSL wipes the expanded key.
  deinit { EVP_CIPHER_CTX_free(raw) }

  /// Seals page `index`: writes the ciphertext, as long as the plaintext, and then the 16-byte tag to `output`, which starts where
  /// `plaintext` does or does not overlap it.
  @inline(__always)
  package func seal(
    page index: UInt64, _ plaintext: UnsafeRawBufferPointer, associated: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) {
    precondition(
      plaintext.count > 0 && plaintext.count <= Int(Int32.max) && output.count >= plaintext.count + PageCipher.tagByteCount)
    begin(page: index, sealing: true, associated)
    let bound = output.baseAddress!.assumingMemoryBound(to: UInt8.self)
    var written: Int32 = 0
    var rest: Int32 = 0
    let code = EVP_EncryptUpdate(raw, bound, &written, plaintext.bound, Int32(plaintext.count))
    precondition(code == 1 && written == plaintext.count && EVP_EncryptFinal_ex(raw, bound + plaintext.count, &rest) == 1)
    let tagged = EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_AEAD_GET_TAG, Int32(PageCipher.tagByteCount), bound + plaintext.count)
    precondition(tagged == 1)
  }

  /// Opens page `index` from `ciphertext ‖ tag` into `output` (ciphertext count − 16 bytes), which starts where `sealed` does or does
  /// not overlap it.
  /// - Throws: `authenticationFailed`; `output` then holds zeros, and in place nothing of the page is left.
  @inline(__always)
  package func open(
    page index: UInt64, _ sealed: UnsafeRawBufferPointer, associated: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws(PageCipherError) {
    let count = sealed.count - PageCipher.tagByteCount
    guard count > 0, count <= Int(Int32.max) else { throw .authenticationFailed }
    precondition(output.count >= count)
    begin(page: index, sealing: false, associated)
    let bound = output.baseAddress!.assumingMemoryBound(to: UInt8.self)
    var written: Int32 = 0
    var rest: Int32 = 0
    // OpenSSL only reads the tag, though it asks for a mutable pointer.
    let tag = UnsafeMutablePointer(mutating: sealed.bound + count)
    guard EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_AEAD_SET_TAG, Int32(PageCipher.tagByteCount), tag) == 1,
      EVP_DecryptUpdate(raw, bound, &written, sealed.bound, Int32(count)) == 1, written == count,
      EVP_DecryptFinal_ex(raw, bound + count, &rest) == 1
    else {
      OPENSSL_cleanse(bound, count)
      ERR_clear_error()
      throw .authenticationFailed
    }
  }

  /// Sets up the key unless it is already inside.
  @inline(__always)
  func hold(_ key: PageKey) {
    guard serial != key.serial else { return }
    setKey(key.bytes)
    serial = key.serial
  }

  /// Overwrites the expanded key with that of 32 zeros.
  func dropKey() {
    withUnsafeTemporaryAllocation(byteCount: PageCipher.keyByteCount, alignment: 16) { zeros in
      zeros.initializeMemory(as: UInt8.self, repeating: 0)
      setKey(UnsafeRawPointer(zeros.baseAddress!))
    }
    serial = 0
  }

  private func setKey(_ bytes: UnsafeRawPointer) {
    let code = EVP_CipherInit_ex2(raw, nil, bytes.assumingMemoryBound(to: UInt8.self), nil, 1, nil)
    precondition(code == 1)
  }

  /// Sets direction and nonce, and takes in the associated data.
  @inline(__always)
  private func begin(page index: UInt64, sealing: Bool, _ associated: UnsafeRawBufferPointer) {
    // The nonce: the page's number as 12 bytes, little-endian.
    var nonce: (UInt64, UInt64) = (index.littleEndian, 0)
    let code = withUnsafeBytes(of: &nonce) { EVP_CipherInit_ex2(raw, nil, nil, $0.bound, sealing ? 1 : 0, nil) }
    precondition(code == 1)
    guard associated.count > 0 else { return }
    var written: Int32 = 0
    let taken = EVP_CipherUpdate(raw, nil, &written, associated.bound, Int32(associated.count))
    precondition(taken == 1)
  }

  /// Fetched once; lives as long as the process.
  private struct Cipher: @unchecked Sendable { let pointer: OpaquePointer? }
  private static let cipher = Cipher(pointer: EVP_CIPHER_fetch(nil, "AES-256-GCM", nil))
}

/// Numbers of page keys, never repeated within the process; 0 is no key.
enum PageKeySerials {
  private static let last = Atomic<UInt64>(0)
  @inline(__always) static func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}

extension UnsafeRawBufferPointer {
  @inline(__always) fileprivate var bound: UnsafePointer<UInt8> { baseAddress!.assumingMemoryBound(to: UInt8.self) }
}
