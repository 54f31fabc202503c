import BlobStore
import Platform
import VaultFormat

/// Files in the vault's folder that nothing names: of a crash, or put there. Nothing of the vault is lost by them.
struct StrayFinder {
  let folder: String
  let report: (Finding) -> Void

  /// Names in the folder itself that are not a vault's.
  func findInFolder() {
    for name in names("").sorted() where !VaultFolder.names.contains(name) {
      report(Finding(.stray, name, .foreignFile, severity: .notice))
    }
  }

  /// Files in `blobs` and `packs` that no row of a whole catalog names.
  func findContent(_ rows: RowChecker) {
    for prefix in names("blobs").sorted() {
      let path = "blobs/" + prefix
      guard let inside = try? Files.list(folder + "/" + path) else {
        report(Finding(.stray, path, .foreignFile, severity: .notice))
        continue
      }
      for name in inside.sorted() where !isNamed(name, in: prefix, rows) { tellUnnamed("\(path)/\(name)") }
    }
    let packs = Set(rows.packs.keys.map { String($0.value) })
    for name in names("packs").sorted() where !packs.contains(name) { tellUnnamed("packs/" + name) }
  }

  func tellUnnamed(_ subject: String) { report(Finding(.stray, subject, .unnamed, severity: .notice)) }

  private func isNamed(_ name: String, in prefix: String, _ rows: RowChecker) -> Bool {
    guard name.hasPrefix(prefix), let bytes = Hex.decode(name), let id = BlobID(bytes), "\(id)" == name else { return false }
    return rows.isNamed(id)
  }

  private func names(_ path: String) -> [String] {
    do throws(SystemError) { return try Files.list(folder + "/" + path) } catch {
      report(Finding(.stray, path, .unlistable, ["detail": "\(error)"]))
      return []
    }
  }
}
