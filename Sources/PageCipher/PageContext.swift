import CGcrypt
import Synchronization

/// One cipher context of libgcrypt, lent by `PageCipher.withContext`; not to be kept, and for one thread at a time.
package final class PageContext {
  private let raw: OpaquePointer
  /// The serial of the key inside; 0 for none.
  private(set) var serial: UInt64 = 0

  /// Traps where there is no memory that can be locked: `PageCipher.prepare` says so before.
  init() {
    precondition(Gcrypt.code == 0, "memory cannot be locked")
    var raw: OpaquePointer?
    let code = gcry_cipher_open(
      &raw, Int32(GCRY_CIPHER_AES256.rawValue), Int32(GCRY_CIPHER_MODE_GCM.rawValue), UInt32(GCRY_CIPHER_SECURE.rawValue))
    guard code == 0, let raw else { fatalError("no memory for a cipher context that can be locked") }
    self.raw = raw
  }

  /// libgcrypt wipes the expanded key.
  deinit { gcry_cipher_close(raw) }

  /// Seals page `index`: writes the ciphertext, as long as the plaintext, and then the 16-byte tag to `output`, which starts where
  /// `plaintext` does or does not overlap it.
  @inline(__always)
  package func seal(
    page index: UInt64, _ plaintext: UnsafeRawBufferPointer, associated: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) {
    let count = plaintext.count
    precondition(count > 0 && count <= PageCipher.pageByteCountMax && output.count >= count + PageCipher.tagByteCount)
    begin(page: index, associated)
    let start = output.baseAddress!
    let sealed = gcry_cipher_encrypt(raw, start, count, plaintext.baseAddress!, count)
    precondition(sealed == 0 && gcry_cipher_gettag(raw, start + count, PageCipher.tagByteCount) == 0)
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
    guard count > 0, count <= PageCipher.pageByteCountMax else { throw .authenticationFailed }
    precondition(output.count >= count)
    begin(page: index, associated)
    let start = output.baseAddress!
    guard gcry_cipher_decrypt(raw, start, count, sealed.baseAddress!, count) == 0,
      gcry_cipher_checktag(raw, sealed.baseAddress! + count, PageCipher.tagByteCount) == 0
    else {
      cgcrypt_wipe(start, count)
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
    let code = gcry_cipher_setkey(raw, bytes, PageCipher.keyByteCount)
    precondition(code == 0)
  }

  /// Sets the nonce, and takes in the associated data.
  @inline(__always)
  private func begin(page index: UInt64, _ associated: UnsafeRawBufferPointer) {
    // The nonce: the page's number as 12 bytes, little-endian.
    var nonce: (UInt64, UInt64) = (index.littleEndian, 0)
    let code = gcry_cipher_setiv(raw, &nonce, PageCipher.nonceByteCount)
    precondition(code == 0)
    guard associated.count > 0 else { return }
    let taken = gcry_cipher_authenticate(raw, associated.baseAddress!, associated.count)
    precondition(taken == 0)
  }
}

/// The library, prepared once for the process.
enum Gcrypt {
  /// Of locked memory: a context takes 2 KiB of it, and there are never more of them than threads, and those that are kept.
  private static let lockedByteCount: UInt32 = 256 << 10
  /// 0 if it is ready and its memory is locked.
  static let code = cgcrypt_start(lockedByteCount)
}

/// Numbers of page keys, never repeated within the process; 0 is no key.
enum PageKeySerials {
  private static let last = Atomic<UInt64>(0)
  @inline(__always) static func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}
