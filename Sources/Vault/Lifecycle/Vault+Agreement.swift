import Catalog
import Glibc
import Keys
import Platform
import Trail
import VaultFormat

/// Whether the catalog is the one that the trail speaks of, or which of the two was put back. Nothing of either changes here.
extension Vault {
  /// Catalog and trail must agree (DESIGN §4). Returns whether a crash fell between a mark and its commit.
  static func compare(_ commit: CommitRecord, _ opening: TrailOpening, _ file: VaultFile) throws(UnlockError) -> Bool {
    guard let last = opening.lastMark else { throw .trail("the trail names no commit, the catalog holds \(commit.number)") }
    guard file.generation >= last.generation else { throw .damaged("vault.json: older than the trail") }
    if opening.wasClosedCleanly, commit.number < last.commit {
      // An end in order leaves no mark without its commit.
      throw .damaged("catalog: holds commit \(commit.number), the trail's last is \(last.commit): an older catalog was put back")
    }
    guard let mark = opening.marks.first(where: { $0.commit == commit.number }) else {
      if last.predecessor == commit.number { return true }
      guard last.commit < commit.number else {
        throw .damaged(
          "catalog: holds commit \(commit.number), the trail's last is \(last.commit): an older catalog was put back")
      }
      throw .trail("the catalog holds commit \(commit.number), which the trail does not know: an older trail was put back")
    }
    guard mark.digest == commit.digest else { throw .damaged("catalog: its rows are not those of commit \(commit.number)") }
    if mark.commit == last.commit { return false }
    // A later mark without its commit: tried, and failed, on top of what the catalog held then.
    guard last.predecessor == commit.number || last.predecessor == mark.predecessor else {
      throw .damaged("catalog: holds commit \(commit.number), the trail's last is \(last.commit): an older catalog was put back")
    }
    return true
  }

  /// After an end in order the catalog's file is, byte for byte, the one that was closed. Compared before SQLite reads a byte of it.
  /// Returns whether that is known.
  static func compareCatalogFile(
    _ folder: VaultFolder, _ keys: VaultKeys, _ opening: TrailOpening
  ) throws(UnlockError) -> Bool {
    guard opening.wasClosedCleanly, let closed = opening.lastMark?.catalogFileDigest else { return false }
    let isAlone = ["-wal", "-journal"].allSatisfy { suffix in
      // An empty log is what a reader may leave; one with bytes would be replayed into the file.
      guard let file = try? File(folder.catalogPath + suffix, O_RDONLY) else { return !Files.exists(folder.catalogPath + suffix) }
      return (try? file.size()) == 0
    }
    // What lies beside it would be replayed into it by whoever opens it.
    guard isAlone else { throw .damaged("catalog: its file is not the one that was closed") }
    guard let found = digest(ofCatalogAt: folder.catalogPath, keys), found == closed else {
      throw otherCatalog(folder, keys, opening)
    }
    return true
  }

  /// The catalog is not the one that the trail says was closed: which of the two is the older one. A catalog whose digests add up and whose commit is later
  /// than any that the trail knows was sealed with this vault's key after that trail ended. Only looks: no byte of the catalog changes.
  private static func otherCatalog(
    _ folder: VaultFolder, _ keys: VaultKeys, _ opening: TrailOpening
  ) -> UnlockError {
    let other = UnlockError.damaged("catalog: its file is not the one that was closed")
    let made = ["-wal", "-shm"].map { folder.catalogPath + $0 }.filter { !Files.exists($0) }
    defer { for path in made { unlink(path) } }
    guard let last = opening.lastMark, let snapshot = try? SQLiteCatalog.openSnapshot(at: folder.catalogPath) else {
      return other
    }
    defer { snapshot.close() }
    var commit: CommitRecord?
    var sum = RowDigest.zero
    do {
      try snapshot.forEachRow(of: .meta) { row in
        guard row.key.first == MetaKey.commit.rawValue else { return }
        commit = try CommitRecord(parsing: try keys.open(row.sealed, for: row.key, version: row.version))
      }
      try snapshot.forEachRow(of: .bucket) { row in
        sum += try BucketRecord(parsing: try keys.open(row.sealed, for: row.key, version: row.version)).digest
      }
    } catch { return other }
    guard let commit, commit.digest == sum, commit.number > last.commit else { return other }
    return .trail("the catalog holds commit \(commit.number), which the trail does not know: an older trail was put back")
  }
}
