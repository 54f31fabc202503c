import Glibc
import Keys
import Platform
import VaultFormat

/// `verify.state`, beside the vault's other files.
///
/// Sealed, since a forged one could make `verify` pass by what is damaged. An earlier one put back is not told from the last; so going on
/// is asked for (`--resume`), only within a week, and the report says how much was checked when.
extension VerifyState {
  static let fileName = "verify.state"
  static let ageNanosecondsMax: Int64 = 7 * 86_400 * 1_000_000_000

  private static let key = RowKey(.meta, MetaKey.verification.rawValue)
  private static let version = RowVersion(0)

  /// The state that a run left; nil where there is none that can be gone on from.
  static func load(in folder: String, _ keys: VaultKeys) -> VerifyState? {
    guard let sealed = try? File(folder + "/" + fileName, O_RDONLY | O_NOFOLLOW).readAll(limit: byteCountMax),
      let plaintext = try? keys.open(sealed, for: key, version: version), let state = try? VerifyState(parsing: plaintext)
    else { return nil }
    let age = Clock.wall() - state.begun
    return (0...ageNanosecondsMax).contains(age) ? state : nil
  }

  /// On disk on return, unless the folder cannot be written: then there is nothing to go on from, and nothing else is lost. With more
  /// damage than a state holds, likewise: that vault is to be restored, not looked at further.
  func save(in folder: String, _ keys: VaultKeys) {
    guard max(damagedBuckets.count, damagedPacks.count) <= Self.damagedCountMax else { return Self.remove(in: folder) }
    try? Files.replace(
      folder + "/" + Self.fileName, with: keys.seal(encode(), for: Self.key, version: Self.version), mode: 0o600)
  }

  static func remove(in folder: String) { try? Files.unlink(folder + "/" + fileName) }
}
