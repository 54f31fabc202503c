import Foundation

/// A fresh folder, removed with all that is in it when the value ends.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/strongroom-control-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
    chmod(path, 0o755)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
