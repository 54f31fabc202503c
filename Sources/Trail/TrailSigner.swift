import Glibc
import Platform
import Sodium
import VaultFormat

/// The signer file and the seeds in it. One thread at a time: the one that makes checkpoints.
///
/// A seed signs one checkpoint and is then erased; the next one was on disk before. So whoever takes the machine over at some time can sign
/// what comes after, and nothing that came before.
final class TrailSigner: @unchecked Sendable {
  private let folder: TrailFolder
  private let vault: VaultID
  private let key: SharedSecret

  /// The epoch of `seed`.
  private(set) var epoch: UInt64
  private var seed: SharedSecret
  private var next: SharedSecret?
  private(set) var last: LastCheckpoint?
  /// Whether the file holds what is here.
  private var isSaved = true

  /// The last checkpoint that is on disk.
  struct LastCheckpoint: Equatable {
    var segment: UInt64
    /// Its frame, and the chain after it.
    var point: ChainPoint
    /// Its segment's length at the end of its frame.
    var byteCount: UInt64
    var hash: ChainHead
    var recordCount: UInt64
    var markCount: UInt64
    var markSegment: UInt64
    var markSequence: UInt64
    var markCommit: UInt64
    var boot: Int64
    var isClosing: Bool
  }

  private init(
    folder: TrailFolder, vault: VaultID, key: SharedSecret, epoch: UInt64, seed: SharedSecret, next: SharedSecret?,
    last: LastCheckpoint?
  ) {
    self.folder = folder
    self.vault = vault
    self.key = key
    self.epoch = epoch
    self.seed = seed
    self.next = next
    self.last = last
  }

  /// Makes the first seed and the file; on disk on return.
  static func create(in folder: TrailFolder, vault: VaultID, key: SharedSecret) throws(TrailError) -> TrailSigner {
    let signer = TrailSigner(
      folder: folder, vault: vault, key: key, epoch: 0, seed: try makeSeed(), next: nil, last: nil)
    try signer.save()
    return signer
  }

  private static func makeSeed() throws(TrailError) -> SharedSecret {
    do { return SharedSecret(try SecretBytes.random(count: 32)) } catch { throw .memoryNotLocked }
  }

  /// The public key of the present epoch.
  func publicKey() throws(TrailError) -> [UInt8] { try Self.publicKey(of: seed) }

  /// The public key of the next epoch; nil until `prepareNext`.
  func nextPublicKey() throws(TrailError) -> [UInt8]? {
    guard let next else { return nil }
    return try Self.publicKey(of: next)
  }

  private static func publicKey(of seed: SharedSecret) throws(TrailError) -> [UInt8] {
    do { return try Signature.publicKey(ofSeed: seed.bytes) } catch { throw .memoryNotLocked }
  }

  /// The next seed stands in the file beside the present one; on disk on return.
  func prepareNext() throws(TrailError) {
    if next == nil {
      next = try Self.makeSeed()
      isSaved = false
    }
    if !isSaved { try save() }
  }

  /// Signs with the present seed. Call `advance` once the checkpoint is on disk.
  func sign(_ checkpoint: inout Checkpoint) throws(TrailError) {
    do { checkpoint.signature = try Signature.sign(checkpoint.signedBytes, seed: seed.bytes) } catch { throw .memoryNotLocked }
  }

  /// Forgets the present seed, here and in the file. In memory this holds even where the file cannot be written.
  func advance(to checkpoint: LastCheckpoint) throws(TrailError) {
    precondition(next != nil)
    seed = next!
    next = nil
    epoch += 1
    last = checkpoint
    isSaved = false
    try save()
  }

  // MARK: The file

  private typealias Content = SignerFile.Content

  private func save() throws(TrailError) {
    let nonce = Sodium.randomBytes(SignerFile.nonceByteCount)
    var sealed = [UInt8](repeating: 0, count: Content.byteCount + AEAD.tagByteCount)
    let associated = SignerFile.associated(vault: vault)
    do throws(SodiumError) {
      let content = try SecretBytes(count: Content.byteCount) { fill($0) }
      content.withUnsafeBytes { content in
        nonce.withUnsafeBytes { nonce in
          associated.withUnsafeBytes { associated in
            sealed.withUnsafeMutableBytes {
              AEAD.seal(content, key: key.bytes, nonce: nonce, associated: associated, into: $0)
            }
          }
        }
      }
    } catch { throw .memoryNotLocked }
    do throws(SystemError) {
      try Files.replace(folder.signerPath, with: SignerFile.encode(nonce: nonce, sealed: sealed), mode: 0o600)
    } catch { throw .cannotWrite("signer: \(error)") }
    isSaved = true
  }

  private func fill(_ content: UnsafeMutableRawBufferPointer) {
    content.initializeMemory(as: UInt8.self, repeating: 0)
    func put(_ value: UInt64, _ offset: Int) { content.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self) }
    func put(_ secret: SharedSecret, _ offset: Int) {
      secret.bytes.withUnsafeBytes { (content.baseAddress! + offset).copyMemory(from: $0.baseAddress!, byteCount: 32) }
    }
    put(epoch, Content.epoch)
    put(seed, Content.seed)
    if let next {
      put(1, Content.hasNext)
      put(next, Content.nextSeed)
    }
    guard let last else { return }
    put(1, Content.hasLast)
    put(last.segment, Content.lastSegment)
    put(last.point.sequence, Content.lastSequence)
    last.point.head.store(to: content.baseAddress! + Content.lastHead)
    last.hash.store(to: content.baseAddress! + Content.lastHash)
    put(last.recordCount, Content.recordCount)
    put(last.markCount, Content.markCount)
    put(last.byteCount, Content.lastByteCount)
    put(last.markSegment, Content.markSegment)
    put(last.markSequence, Content.markSequence)
    put(last.markCommit, Content.markCommit)
    put(UInt64(bitPattern: last.boot), Content.lastBoot)
    put(last.isClosing ? 1 : 0, Content.lastIsClosing)
  }

  /// Reads the file.
  /// - Throws: `missing` where there is none, `damaged` where it does not open under the key.
  static func load(from folder: TrailFolder, vault: VaultID, key: SharedSecret) throws(TrailError) -> TrailSigner {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try File(folder.signerPath, O_RDONLY | O_NOFOLLOW).readAll(limit: 4_096)
    } catch {
      throw error.code == ENOENT || error.code == ENOTDIR ? .missing : .unreadable("signer: \(error)")
    }
    let parts: (nonce: [UInt8], sealed: [UInt8])
    do throws(FormatError) { parts = try SignerFile.parse(bytes) } catch { throw TrailError(error, "signer") }
    let associated = SignerFile.associated(vault: vault)
    var isOpen = true
    let content: SecretBytes
    do throws(SodiumError) {
      content = try SecretBytes(count: Content.byteCount) { buffer in
        parts.sealed.withUnsafeBytes { sealed in
          parts.nonce.withUnsafeBytes { nonce in
            associated.withUnsafeBytes { associated in
              do throws(SodiumError) {
                try AEAD.open(sealed, key: key.bytes, nonce: nonce, associated: associated, into: buffer)
              } catch { isOpen = false }
            }
          }
        }
      }
    } catch { throw .memoryNotLocked }
    guard isOpen else { throw .damaged("signer: does not open") }
    return try TrailSigner(content, folder: folder, vault: vault, key: key)
  }

  private convenience init(
    _ content: borrowing SecretBytes, folder: TrailFolder, vault: VaultID, key: SharedSecret
  ) throws(TrailError) {
    let parsed = try content.withUnsafeBytes { (content) throws(TrailError) -> Parsed in try Parsed(content) }
    self.init(
      folder: folder, vault: vault, key: key, epoch: parsed.epoch, seed: parsed.seed, next: parsed.next, last: parsed.last)
  }

  private struct Parsed {
    var epoch: UInt64
    var seed: SharedSecret
    var next: SharedSecret?
    var last: LastCheckpoint?

    init(_ content: UnsafeRawBufferPointer) throws(TrailError) {
      func number(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: content.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      }
      func secret(_ offset: Int) throws(TrailError) -> SharedSecret {
        do {
          return SharedSecret(try SecretBytes(copying: UnsafeRawBufferPointer(rebasing: content[offset..<offset + 32])))
        } catch { throw .memoryNotLocked }
      }
      epoch = number(Content.epoch)
      seed = try secret(Content.seed)
      switch number(Content.hasNext) {
      case 0: next = nil
      case 1: next = try secret(Content.nextSeed)
      default: throw .damaged("signer: content")
      }
      switch number(Content.hasLast) {
      case 0: last = nil
      case 1:
        last = LastCheckpoint(
          segment: number(Content.lastSegment),
          point: ChainPoint(
            sequence: number(Content.lastSequence), head: ChainHead(loading: content.baseAddress! + Content.lastHead)),
          byteCount: number(Content.lastByteCount), hash: ChainHead(loading: content.baseAddress! + Content.lastHash),
          recordCount: number(Content.recordCount), markCount: number(Content.markCount),
          markSegment: number(Content.markSegment), markSequence: number(Content.markSequence),
          markCommit: number(Content.markCommit), boot: Int64(bitPattern: number(Content.lastBoot)),
          isClosing: number(Content.lastIsClosing) == 1)
      default: throw .damaged("signer: content")
      }
      guard (last == nil) == (epoch == 0) else { throw .damaged("signer: content") }
    }
  }
}

extension TrailError {
  /// A format error at the place named.
  init(_ error: FormatError, _ place: String) {
    switch error {
    case .malformed(let text): self = .damaged("\(place): \(text)")
    case .newerVersion(let version): self = .newerVersion(version, place: place)
    }
  }
}
