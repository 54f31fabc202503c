import PageCipher
import Sodium
package import VaultFormat

/// Blobs and their wrapped keys. docs/format/keys.md, docs/format/pages.md.
extension VaultKeys {
  /// The wrapping key of new blobs: the subkey `blobWrapping`. Rotation adds numbers.
  package static let wrappingKeyNumber: UInt32 = 1

  /// A new blob: random id, random key. Nothing is on disk.
  /// - Throws: `memoryNotLocked`.
  package func makeBlob() throws(KeysError) -> BlobSealer {
    let id = withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { scratch in
      numbers.take(into: scratch)
      return BlobID(reading: UnsafeRawBufferPointer(scratch))
    }
    return try makeBlob(id) { Sodium.fillRandom($0) }
  }

  /// The seam for golden vectors.
  func makeBlob(_ id: BlobID, key fill: (UnsafeMutableRawBufferPointer) -> Void) throws(KeysError) -> BlobSealer {
    let key = try BlobKey(filling: fill)
    let wrapped = wrap(key, of: id)
    return BlobSealer(id: id, wrappedKey: wrapped, wrappingKey: Self.wrappingKeyNumber, vault: vault, key: key)
  }

  /// The opening side of a blob. Opens its key and touches no page.
  /// - Throws: `authenticationFailed` where the wrapped key is not this blob's; `damaged` where the wrapping key or length cannot be.
  package func openBlob(_ reference: BlobReference) throws(KeysError) -> BlobOpener {
    guard reference.wrappingKey == Self.wrappingKeyNumber else { throw .damaged("blob: no such wrapping key") }
    guard (1...UInt64(BlobGeometry.byteCountMax)).contains(reference.byteCount) else { throw .damaged("blob: length") }
    guard reference.wrappedKey.count == BlobReference.wrappedKeyByteCount else { throw .authenticationFailed }
    var isWhole = false
    let key = try BlobKey { output in
      isWhole = withWrapping(of: reference.id) { nonce, associated in
        reference.wrappedKey.withUnsafeBytes { wrapped in
          do {
            try AEAD.open(wrapped, key: blobWrapping, nonce: nonce, associated: associated, into: output)
            return true
          } catch { return false }
        }
      }
    }
    guard isWhole else { throw .authenticationFailed }
    return BlobOpener(id: reference.id, byteCount: Int(reference.byteCount), vault: vault, key: key)
  }

  private func wrap(_ key: borrowing BlobKey, of id: BlobID) -> [UInt8] {
    let plain = key.bytes
    return [UInt8](unsafeUninitializedCapacity: BlobReference.wrappedKeyByteCount) { buffer, used in
      withWrapping(of: id) { nonce, associated in
        AEAD.seal(plain, key: blobWrapping, nonce: nonce, associated: associated, into: UnsafeMutableRawBufferPointer(buffer))
      }
      used = BlobReference.wrappedKeyByteCount
    }
  }

  /// Nonce: blob (16) ‖ 8 zeros; a blob's id is random and its key never changes, so one nonce meets one plaintext.
  /// AAD: domain (21) ‖ suite (1) ‖ vault (16) ‖ blob (16) ‖ wrapping key (u32).
  @inline(__always)
  private func withWrapping<Result>(of id: BlobID, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Result) -> Result {
    let domain = Domain.blobKey.utf8CodeUnitCount
    return withUnsafeTemporaryAllocation(byteCount: 24 + domain + 37, alignment: 8) { scratch in
      scratch.initializeMemory(as: UInt8.self, repeating: 0)
      id.write(to: UnsafeMutableRawBufferPointer(rebasing: scratch[0..<16]))
      let associated = UnsafeMutableRawBufferPointer(rebasing: scratch[24...])
      associated.copyMemory(from: UnsafeRawBufferPointer(start: Domain.blobKey.utf8Start, count: domain))
      associated[domain] = Suite.first.rawValue
      vault.write(to: UnsafeMutableRawBufferPointer(rebasing: associated[(domain + 1)..<(domain + 17)]))
      id.write(to: UnsafeMutableRawBufferPointer(rebasing: associated[(domain + 17)..<(domain + 33)]))
      associated.store(Self.wrappingKeyNumber, at: domain + 33)
      return body(UnsafeRawBufferPointer(rebasing: scratch[..<24]), UnsafeRawBufferPointer(associated))
    }
  }
}
