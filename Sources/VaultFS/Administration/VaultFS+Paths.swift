import Access
import Vault
package import VaultFormat

/// Vault paths, as administrators' commands name folders.
extension VaultFS {
  /// A node that `caller` sees, by its vault path: `/` for the root, names between slashes.
  func find(_ path: [UInt8], _ judge: Judge) throws(AdministrationFailure) -> (node: Node, folder: Node, standing: Standing) {
    guard path.first == 0x2f else { throw .noSuchPath }
    do throws(FSError) {
      var node = try node(.root)
      var folder = node
      var standing = try standing(judge, at: folder)
      for part in path.split(separator: 0x2f) {
        guard node.kind == .folder, let name = Name(part) else { throw .noEntry }
        let found = try child(of: node, standing, named: name, judge)
        guard let next = found.node, found.isVisible else { throw .noEntry }
        node = next
        if node.kind == .folder {
          folder = node
          standing = try self.standing(judge, at: folder)
        }
      }
      return (node, folder, standing)
    } catch {
      switch error {
      case .noEntry, .stale, .notFolder: throw .noSuchPath
      default: throw .failed(error)
      }
    }
  }

  func findFolder(_ path: [UInt8], _ judge: Judge) throws(AdministrationFailure) -> (folder: Node, standing: Standing) {
    let found = try find(path, judge)
    guard found.node.kind == .folder else { throw .notFolder }
    return (found.node, found.standing)
  }

  func administrator(_ caller: Caller) throws(AdministrationFailure) -> Judge {
    do throws(FSError) { return try judge(caller, .administer) } catch { throw .failed(error) }
  }

  /// The standing of the folder above; nil at the root.
  func parentStanding(_ folder: Node, _ judge: Judge) throws(AdministrationFailure) -> (id: NodeID, standing: Standing)? {
    do throws(FSError) {
      let parent: Node?
      do throws(VaultError) { parent = try vault.parent(of: folder) } catch { throw FSError(error) }
      guard let parent else { return nil }
      return (parent.id, try standing(judge, at: parent))
    } catch { throw .failed(error) }
  }

  /// The standing at a folder that a rule stands on; nil where it is gone.
  func standing(atRule id: NodeID, _ judge: Judge) throws(AdministrationFailure) -> (folder: Node, standing: Standing)? {
    let folder: Node
    do throws(VaultError) {
      folder = try vault.node(id)
    } catch {
      if case .gone = error { return nil }
      throw .failed(FSError(error))
    }
    do throws(FSError) { return (folder, try standing(judge, at: folder)) } catch { throw .failed(error) }
  }

  /// The vault path of a folder that carries a rule.
  package func path(ofFolder id: NodeID) -> [UInt8] { (try? vault.node(id)).map { vault.path(of: $0) } ?? [] }

  /// `filter` with a typed throw.
  func select<Item>(
    _ items: [Item], _ isWanted: (Item) throws(AdministrationFailure) -> Bool
  ) throws(AdministrationFailure) -> [Item] {
    var wanted: [Item] = []
    for item in items where try isWanted(item) { wanted.append(item) }
    return wanted
  }

  static func isText(_ text: String, byteCountMax: Int) -> Bool {
    (1...byteCountMax).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }
}
