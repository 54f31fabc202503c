import BlobStore
import Catalog
import Keys
import Platform
package import Trail
import VaultFormat

/// What can go wrong in an unlocked vault.
package enum VaultError: Error {
  /// The node was there and is no longer.
  case gone
  /// There is no such name, or no such rule.
  case absent
  /// The name is taken.
  case exists
  case notEmpty
  case isFolder
  case notFolder
  /// Past the greatest size of a document.
  case tooLarge
  /// Bytes at rest are not what was sealed. The text names the damaged thing by id, never by name.
  case damaged(String)
  /// No room on the disk under the vault; what was committed is whole.
  case outOfSpace
  /// The disk under the vault failed; the text says at which call.
  case io(String)
  /// The trail cannot be written; nothing may be read or changed until it can.
  case trail(TrailError)
  /// An earlier commit failed, and nothing is changed until it has succeeded; the text says why.
  case changesRefused(String)
  /// A number ran out: 2⁴⁰ nodes; or none is reserved for a pack, which nobody may wait for.
  case exhausted

  init(_ error: CatalogError) {
    switch error {
    case .outOfSpace: self = .outOfSpace
    case .damaged(let what): self = .damaged("catalog: \(what)")
    default: self = .io("catalog: \(error)")
    }
  }

  init(_ error: ContentError) {
    switch error {
    case .damaged(let what): self = .damaged(what)
    case .outOfSpace: self = .outOfSpace
    case .tooLarge: self = .tooLarge
    default: self = .io("content: \(error)")
    }
  }

  /// For status: why, by codes and ids, without names.
  package var reason: String {
    switch self {
    case .damaged(let what), .io(let what), .changesRefused(let what): what
    case .outOfSpace: "no space left on the disk under the vault, or a quota on it is used up"
    case .trail(.cannotWrite(let what)): "trail: \(what)"
    default: "\(self)"
    }
  }
}
