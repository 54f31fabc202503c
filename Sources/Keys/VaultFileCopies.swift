package import Sodium
package import VaultFormat

/// What `vault.json` and `vault.json.2` say together: the file that counts, unlocked, and the state of each copy.
package struct UnlockedVaultFile: ~Copyable, Sendable {
  /// How one copy stands to the file that counts. Anything but `current` is to be told and mended: by writing `file` there.
  package enum Copy: Hashable, Sendable {
    case current
    /// Whole, but of an earlier generation: the crash of a change, or an old copy put back.
    case older(generation: UInt64)
    /// Whole, of the same generation, and different: two changes were made apart from each other.
    case diverged
    /// Not what was written; the text says where.
    case damaged(String)
    /// A later format than this program's.
    case newer(version: UInt64)
    case missing
  }

  package let file: VaultFile
  package let root: SecretBytes
  /// The slot of `file` that the secret opens.
  package let slot: KeySlotID
  package let first: Copy
  package let second: Copy

  package var isMendingNeeded: Bool { first != .current || second != .current }

  package consuming func takeRoot() -> SecretBytes { root }

  /// Refuses a file that is older than what the catalog or a mark of the trail has seen.
  /// - Throws: `damaged`.
  package func require(generationAtLeast minimum: UInt64) throws(KeysError) {
    guard file.generation >= minimum else { throw .damaged("vault.json: older than the catalog or the trail") }
  }
}

/// The two copies as read from disk; nil where the file is not there.
package struct VaultFileCopies: Sendable {
  private let copies: [Parsed]

  private enum Parsed: Sendable {
    case file(VaultFile, text: [UInt8])
    case malformed(String)
    case newer(UInt64)
    case missing

    init(_ bytes: [UInt8]?) {
      guard let bytes else {
        self = .missing
        return
      }
      do throws(FormatError) { self = .file(try VaultFile(parsing: bytes), text: bytes) } catch {
        switch error {
        case .malformed(let what): self = .malformed(what)
        case .newerVersion(let version): self = .newer(version)
        }
      }
    }
  }

  package init(first: [UInt8]?, second: [UInt8]?) { copies = [Parsed(first), Parsed(second)] }

  /// The copies that can be read, by descending generation, the first before the second; nothing in them is authenticated. For `status`
  /// and for listing slots while locked.
  /// - Throws: where no copy can be read `newerVersion`, if one says so, or `damaged`.
  package func candidates() throws(KeysError) -> [VaultFile] {
    var files: [VaultFile] = []
    for case .file(let file, _) in copies { files.append(file) }
    guard files.isEmpty else { return files.count == 2 && files[1].generation > files[0].generation ? files.reversed() : files }
    for case .newer(let version) in copies { throw .newerVersion(version) }
    for case .malformed(let what) in copies { throw .damaged(what) }
    throw .damaged("vault.json: missing")
  }

  /// Unlocks with the secret and chooses the copy that counts: the one with the right MAC and the highest generation; the first where
  /// both have it. A copy that says it is of a later format counts as damaged while the other one is whole. Each slot is tried once,
  /// even where both copies have it. Checks no generation against the catalog: see `UnlockedVaultFile.require(generationAtLeast:)`.
  /// - Throws: `wrongSecret`, also where the secret opens only a slot that the current copy no longer has; `badParameters` where only
  ///   slots with KDF parameters out of range are left; `damaged` where a slot opens and no copy has the right MAC.
  package func unlock(with secret: borrowing SlotSecret) throws(KeysError) -> UnlockedVaultFile {
    var tried: Set<TriedSlot> = []
    var failure = KeysError.wrongSecret
    for file in try candidates() {
      do {
        return try choose(try file.openSlot(with: secret, except: &tried), of: file, secret: secret)
      } catch {
        switch error {
        case .wrongSecret: continue
        case .badParameters, .damaged: failure = error
        default: throw error
        }
      }
    }
    throw failure
  }

  /// For a process that has the root key already: the file that counts by its MAC, and the state of each copy against it.
  /// - Throws: `damaged` where no copy has the right MAC, `newerVersion` where none can be read.
  package func authenticated(
    by root: borrowing SecretBytes
  ) throws(KeysError) -> (file: VaultFile, first: UnlockedVaultFile.Copy, second: UnlockedVaultFile.Copy) {
    for file in try candidates() where try file.isAuthentic(root) {
      return (
        file, try Self.state(of: copies[0], current: file, root: root), try Self.state(of: copies[1], current: file, root: root)
      )
    }
    throw .damaged("vault.json: its MAC does not fit")
  }

  /// `unlocked` came from a slot of `opened`; the MACs of both copies say which file counts.
  private func choose(
    _ unlocked: consuming UnlockedRoot, of opened: VaultFile, secret: borrowing SlotSecret
  ) throws(KeysError) -> UnlockedVaultFile {
    var current: VaultFile?
    for file in try candidates() {
      guard try file.isAuthentic(unlocked.root) else { continue }
      current = file
      break
    }
    guard let current else { throw .damaged("vault.json: its MAC does not fit") }
    var slot = unlocked.slot
    if !current.holdsSlot(slot, of: opened) {
      var tried: Set<TriedSlot> = []
      slot = try current.openSlot(with: secret, except: &tried).slot
    }
    let first = try Self.state(of: copies[0], current: current, root: unlocked.root)
    let second = try Self.state(of: copies[1], current: current, root: unlocked.root)
    return UnlockedVaultFile(file: current, root: unlocked.takeRoot(), slot: slot, first: first, second: second)
  }

  private static func state(
    of copy: Parsed, current: VaultFile, root: borrowing SecretBytes
  ) throws(KeysError) -> UnlockedVaultFile.Copy {
    switch copy {
    case .missing: return .missing
    case .newer(let version): return .newer(version: version)
    case .malformed(let what): return .damaged(what)
    case .file(let file, let text):
      // The text decides, not the values: two labels can be equal as strings and differ in their bytes.
      if text == current.encode() { return .current }
      guard try file.isAuthentic(root) else { return .damaged("vault.json: its MAC does not fit") }
      return file.generation < current.generation ? .older(generation: file.generation) : .diverged
    }
  }
}

extension VaultFile {
  /// Whether this file has the very slot that `other` has under the id.
  fileprivate func holdsSlot(_ id: KeySlotID, of other: VaultFile) -> Bool {
    guard vault == other.vault, suite == other.suite, let slot = other.slots.first(where: { $0.id == id }) else { return false }
    return slots.contains(slot)
  }
}
