import PageCipher
import Sodium
import VaultFormat

/// Times everything that seals, opens, hashes or stretches in a vault, in the sizes in which a vault does it, on one thread.
struct CipherSpeed {
  let stopwatch: Stopwatch
  private static let pageByteCount = BlobGeometry.pageByteCount
  /// A row of the catalog for a document with a name of usual length.
  private static let rowByteCount = 256
  /// A READ of the trail, padded.
  private static let recordByteCount = 32

  func rows(_ take: (SpeedRow) -> Void) throws(SodiumError) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 3 * Self.pageByteCount, alignment: 4096)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0x5a)
    let plain = UnsafeRawBufferPointer(rebasing: memory[..<Self.pageByteCount])
    let sealed = UnsafeMutableRawBufferPointer(rebasing: memory[Self.pageByteCount..<(2 * Self.pageByteCount + 64)])
    try pages(plain, sealed, take)
    try catalogRows(UnsafeRawBufferPointer(rebasing: plain[..<Self.rowByteCount]), sealed, take)
    try records(UnsafeRawBufferPointer(rebasing: plain[..<Self.recordByteCount]), sealed, take)
    try hashes(plain, sealed, take)
    try passphrases(take)
  }

  private func pages(
    _ plain: UnsafeRawBufferPointer, _ sealed: UnsafeMutableRawBufferPointer, _ take: (SpeedRow) -> Void
  ) throws(SodiumError) {
    let secret = try SecretBytes.random(count: PageCipher.keyByteCount)
    let seconds = secret.withUnsafeBytes { bytes in
      let key = PageKey(bytes: bytes.baseAddress!)
      defer { PageCipher.shared.forget(key) }
      return PageCipher.shared.withContext(for: key) { context in
        let associated = UnsafeRawBufferPointer(rebasing: plain[..<32])
        let output = UnsafeMutableRawBufferPointer(rebasing: sealed[..<(plain.count + PageCipher.tagByteCount)])
        let sealing = stopwatch.secondsPerCall { context.seal(page: 7, plain, associated: associated, into: output) }
        let opened = UnsafeMutableRawBufferPointer.allocate(byteCount: plain.count, alignment: 4096)
        defer { opened.deallocate() }
        let opening = stopwatch.secondsPerCall {
          do throws(PageCipherError) {
            try context.open(page: 7, UnsafeRawBufferPointer(output), associated: associated, into: opened)
          } catch {
            preconditionFailure("a page that was just sealed does not open")
          }
        }
        return (sealing, opening)
      }
    }
    take(SpeedRow(.pageSeal, .megabytesPerSecond, Self.rate(plain.count, seconds.0)))
    take(SpeedRow(.pageOpen, .megabytesPerSecond, Self.rate(plain.count, seconds.1)))
  }

  private func catalogRows(
    _ plain: UnsafeRawBufferPointer, _ sealed: UnsafeMutableRawBufferPointer, _ take: (SpeedRow) -> Void
  ) throws(SodiumError) {
    let key = try SecretBytes.random(count: AEAD.keyByteCount)
    let nonce = UnsafeRawBufferPointer(rebasing: plain[..<AEAD.nonceByteCount])
    let output = UnsafeMutableRawBufferPointer(rebasing: sealed[..<(plain.count + AEAD.tagByteCount)])
    let opened = UnsafeMutableRawBufferPointer.allocate(byteCount: plain.count, alignment: 64)
    defer { opened.deallocate() }
    let sealing = stopwatch.secondsPerCall { AEAD.seal(plain, key: key, nonce: nonce, associated: nonce, into: output) }
    let opening = try stopwatch.secondsPerCall { () throws(SodiumError) in
      try AEAD.open(UnsafeRawBufferPointer(output), key: key, nonce: nonce, associated: nonce, into: opened)
    }
    take(SpeedRow(.rowSeal, .operationsPerSecond, 1 / sealing))
    take(SpeedRow(.rowOpen, .operationsPerSecond, 1 / opening))
  }

  private func records(
    _ plain: UnsafeRawBufferPointer, _ sealed: UnsafeMutableRawBufferPointer, _ take: (SpeedRow) -> Void
  ) throws(SodiumError) {
    let sealer = try StreamSealer(key: try SecretBytes.random(count: 32))
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    let seconds = stopwatch.secondsPerCall { sealer.seal(plain, associated: none, into: sealed) }
    take(SpeedRow(.recordSeal, .operationsPerSecond, 1 / seconds))
  }

  private func hashes(
    _ plain: UnsafeRawBufferPointer, _ sealed: UnsafeMutableRawBufferPointer, _ take: (SpeedRow) -> Void
  ) throws(SodiumError) {
    let key = try SecretBytes.random(count: 32)
    let output = UnsafeMutableRawBufferPointer(rebasing: sealed[..<32])
    let seconds = stopwatch.secondsPerCall { Hash.keyed(key, plain, into: output) }
    take(SpeedRow(.hash, .megabytesPerSecond, Self.rate(plain.count, seconds)))
  }

  private func passphrases(_ take: (SpeedRow) -> Void) throws(SodiumError) {
    let secret = try SecretBytes.random(count: 16)
    let salt = [UInt8](repeating: 3, count: PasswordHash.saltByteCount)
    // A batch of one call: each takes a good part of a second.
    let seconds = try Stopwatch(seconds: 0).secondsPerCall { () throws(SodiumError) in
      _ = try PasswordHash.moderate.key(from: secret, salt: salt)
    }
    take(SpeedRow(.passphrase, .operationsPerSecond, 1 / seconds))
  }

  private static func rate(_ byteCount: Int, _ seconds: Double) -> Double { Double(byteCount) / seconds / 1e6 }
}
