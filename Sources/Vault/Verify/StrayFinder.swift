import BlobStore
import Keys
import Platform
import VaultFormat

/// Files in the vault's folder that nothing names: of a crash, or put there. Nothing of the vault is lost by them.
struct StrayFinder {
  let folder: String
  let report: (Finding) -> Void

  /// Names in the folder itself that are not a vault's.
  func findInFolder() {
    for name in names("").sorted() where !VaultFolder.names.contains(name) {
      notice(name, "does not belong into a vault")
    }
  }

  /// Files in `blobs` and `packs` that no row of a whole catalog names.
  func findContent(_ rows: RowChecker) {
    let blobs = Set(rows.blobs.filter { $0.place == .file }.map { "\($0.id)" })
    for prefix in names("blobs").sorted() {
      let path = "blobs/" + prefix
      guard let inside = try? Files.list(folder + "/" + path) else {
        notice(path, "does not belong into a vault")
        continue
      }
      for name in inside.sorted() where !name.hasPrefix(prefix) || !blobs.contains(name) {
        notice("\(path)/\(name)", "is named by no document")
      }
    }
    let packs = Set(rows.packs.keys.map { String($0.value) })
    for name in names("packs").sorted() where !packs.contains(name) { notice("packs/" + name, "is named by no document") }
  }

  private func notice(_ subject: String, _ what: String) { report(Finding(.stray, subject, what, severity: .notice)) }

  private func names(_ path: String) -> [String] {
    do throws(SystemError) { return try Files.list(folder + "/" + path) } catch {
      report(Finding(.stray, path, "cannot be listed: \(error)"))
      return []
    }
  }
}
