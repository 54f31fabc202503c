import BlobStore
import Keys
import Platform
import VaultFormat

/// How the vault's content store is put together.
extension Vault {
  static func makeContent(
    _ folder: VaultFolder, _ keys: VaultKeys, _ settings: VaultSettings, _ packs: [PackNumber: PackRecord],
    _ numbers: NumberSource
  ) throws(UnlockError) -> ContentStore {
    do throws(ContentError) {
      return try ContentStore(
        keys: keys, store: LocalBlobStore(folder: folder.path), packs: packs, settings: settings.content,
        nextPackNumber: { () throws(ContentError) in
          do throws(VaultError) { return try numbers.nextPack() } catch { throw .io("no pack number: \(error)") }
        })
    } catch {
      if case .memoryNotLocked = error { throw .memoryNotLocked }
      throw .io("\(error)")
    }
  }
}
