import Platform
import Vault
import VaultFormat

/// One open folder. Holds no list: each page is read, and judged, when it is asked for.
final class OpenFolder: Sendable {
  let id: HandleID
  let node: Node
  let opener: Caller
  let openerName: String

  init(id: HandleID, node: Node, opener: Caller, name: String) {
    self.id = id
    self.node = node
    self.opener = opener
    openerName = name
  }
}

final class FolderHandleTable: @unchecked Sendable {
  private let lock = Lock()
  private var open: [HandleID: OpenFolder] = [:]

  subscript(id: HandleID) -> OpenFolder? { lock.withLock { open[id] } }
  func insert(_ folder: OpenFolder) { lock.withLock { open[folder.id] = folder } }
  func remove(_ id: HandleID) -> OpenFolder? { lock.withLock { open.removeValue(forKey: id) } }
  var count: Int { lock.withLock { open.count } }
}
