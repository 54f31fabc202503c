import Sodium
package import VaultFormat

/// Rows and names of the catalog. docs/format/rows.md.
extension VaultKeys {
  /// suite (1) ‖ vault (16) ‖ table (1) ‖ first (8) ‖ second (8) ‖ row version (8)
  static let rowAADByteCount = 42
  /// What a sealed row is longer than its plaintext: nonce (24) and tag (16).
  package static let rowOverheadByteCount = AEAD.nonceByteCount + AEAD.tagByteCount

  /// nonce (24) ‖ ciphertext ‖ tag (16), under a fresh random nonce. One allocation: the result.
  package func seal(_ plaintext: [UInt8], for key: RowKey, version: RowVersion) -> [UInt8] {
    seal(plaintext, for: key, version: version) { numbers.take(into: $0) }
  }

  /// The seam for golden vectors: `nonce` writes the 24 bytes.
  @inline(__always)
  func seal(
    _ plaintext: [UInt8], for key: RowKey, version: RowVersion, nonce: (UnsafeMutableRawBufferPointer) -> Void
  ) -> [UInt8] {
    let count = plaintext.count + Self.rowOverheadByteCount
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      let output = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
      let nonceBytes = UnsafeMutableRawBufferPointer(rebasing: output[..<AEAD.nonceByteCount])
      nonce(nonceBytes)
      withRowAAD(key, version) { associated in
        plaintext.withUnsafeBytes { plaintext in
          AEAD.seal(
            plaintext, key: rows, nonce: UnsafeRawBufferPointer(nonceBytes), associated: associated,
            into: UnsafeMutableRawBufferPointer(rebasing: output[AEAD.nonceByteCount...]))
        }
      }
      used = count
    }
  }

  /// The plaintext of a sealed row. One allocation: the result.
  /// - Throws: `authenticationFailed` where the bytes, the key, the version or the vault is not what was sealed.
  package func open(_ sealed: [UInt8], for key: RowKey, version: RowVersion) throws(KeysError) -> [UInt8] {
    let count = sealed.count - Self.rowOverheadByteCount
    guard count >= 0 else { throw .authenticationFailed }
    var isWhole = false
    let plaintext = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      let output = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
      isWhole = withRowAAD(key, version) { associated in
        sealed.withUnsafeBytes { sealed in
          do {
            try AEAD.open(
              UnsafeRawBufferPointer(rebasing: sealed[AEAD.nonceByteCount...]), key: rows,
              nonce: UnsafeRawBufferPointer(rebasing: sealed[..<AEAD.nonceByteCount]), associated: associated, into: output)
            return true
          } catch { return false }
        }
      }
      used = isWhole ? count : 0
    }
    guard isWhole else { throw .authenticationFailed }
    return plaintext
  }

  /// What stands for a row in its bucket's digest: keyed BLAKE2b-256 over table (1) ‖ first (8) ‖ second (8) ‖ row version (8) ‖ 1 if
  /// columns follow, else 0 ‖ columns: parent (8), tag (16) ‖ sealed bytes. No allocation.
  package func digest(of row: SealedRow) -> RowDigest {
    withUnsafeTemporaryAllocation(byteCount: 50 + RowDigest.byteCount, alignment: 8) { scratch in
      scratch[0] = row.key.table.rawValue
      scratch.store(row.key.first, at: 1)
      scratch.store(row.key.second, at: 9)
      scratch.store(row.version.value, at: 17)
      scratch[25] = row.node == nil ? 0 : 1
      var count = 26
      if let node = row.node {
        scratch.store(node.parent.value, at: 26)
        ID128(high: node.tag.high, low: node.tag.low).write(to: UnsafeMutableRawBufferPointer(rebasing: scratch[34..<50]))
        count = 50
      }
      let output = UnsafeMutableRawBufferPointer(rebasing: scratch[50...])
      row.sealed.withUnsafeBytes { sealed in
        Hash.keyed(rowDigests, UnsafeRawBufferPointer(rebasing: scratch[..<count]), sealed, into: output)
      }
      return RowDigest(reading: UnsafeRawBufferPointer(output))
    }
  }

  /// Keyed BLAKE2b-128 over parent (8) ‖ the name's bytes. No allocation.
  package func nameTag(parent: NodeID, name: Name) -> NameTag {
    withUnsafeTemporaryAllocation(byteCount: 16 + 8 + Name.byteCountMax, alignment: 8) { scratch in
      let output = UnsafeMutableRawBufferPointer(rebasing: scratch[..<16])
      scratch.store(parent.value, at: 16)
      let count = name.bytes.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(rebasing: scratch[24...]).copyMemory(from: bytes)
        return bytes.count
      }
      Hash.keyed(nameTags, UnsafeRawBufferPointer(rebasing: scratch[16..<24 + count]), into: output)
      return NameTag(
        high: UInt64(bigEndian: output.load(as: UInt64.self)),
        low: UInt64(bigEndian: output.load(fromByteOffset: 8, as: UInt64.self)))
    }
  }

  @inline(__always)
  private func withRowAAD<Result>(_ key: RowKey, _ version: RowVersion, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withUnsafeTemporaryAllocation(byteCount: Self.rowAADByteCount, alignment: 8) { associated in
      associated[0] = Suite.first.rawValue
      vault.write(to: UnsafeMutableRawBufferPointer(rebasing: associated[1..<17]))
      associated[17] = key.table.rawValue
      associated.store(key.first, at: 18)
      associated.store(key.second, at: 26)
      associated.store(version.value, at: 34)
      return body(UnsafeRawBufferPointer(associated))
    }
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Little-endian, at any alignment.
  @inline(__always)
  func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
    storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
  }
}
