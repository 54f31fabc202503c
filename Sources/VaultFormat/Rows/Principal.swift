/// Who a rule speaks of: a user or a group of the operating system, bound to name and id, so that a recycled id inherits nothing.
package struct Principal: Hashable, Sendable, CustomStringConvertible {
  /// Numbers are on disk; never renumbered.
  package enum Kind: UInt8, Sendable {
    case user = 1
    case group = 2
  }

  package let kind: Kind
  package let name: String
  /// The uid or gid when the rule was made.
  package let id: UInt32

  package init(kind: Kind, name: String, id: UInt32) {
    self.kind = kind
    self.name = name
    self.id = id
  }

  /// `user:NAME` or `group:NAME`, as people write it.
  package var description: String { (kind == .user ? "user:" : "group:") + name }

  package func encode(to writer: inout ByteWriter) {
    writer.u8(kind.rawValue)
    writer.counted(name)
    writer.varint(UInt64(id))
  }

  package init(from reader: inout ByteReader) throws(FormatError) {
    guard let kind = Kind(rawValue: try reader.u8()) else { throw .malformed("principal kind") }
    let name = try reader.string(limit: 255)
    let id = try reader.varint()
    guard id <= UInt64(UInt32.max) else { throw .malformed("principal id") }
    self.init(kind: kind, name: name, id: UInt32(id))
  }
}

/// Six rights on folders. One byte on disk; bit numbers never change.
package struct Rights: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// See names and attributes.
  package static let list = Rights(rawValue: 1)
  /// Read content.
  package static let read = Rights(rawValue: 2)
  /// Make new documents and folders.
  package static let add = Rights(rawValue: 4)
  /// Change documents and attributes.
  package static let edit = Rights(rawValue: 8)
  package static let remove = Rights(rawValue: 16)
  /// Manage rights here and below; implies none of the others.
  package static let grant = Rights(rawValue: 32)

  /// With either of these a folder is visible for itself.
  package static let seeing = Rights(rawValue: 1 | 32)

  package static let all: Rights = [.list, .read, .add, .edit, .remove, .grant]

  // What OptionSet gives any set is generic, and from another part a call through tables with an array for each literal. These are asked many
  // times in every operation, so they stand here for themselves.

  package init(arrayLiteral rights: Rights...) { rawValue = rights.reduce(0) { $0 | $1.rawValue } }
  package var isEmpty: Bool { rawValue == 0 }
  package func contains(_ right: Rights) -> Bool { rawValue & right.rawValue == right.rawValue }
  package func isSuperset(of other: Rights) -> Bool { contains(other) }
  package func isSubset(of other: Rights) -> Bool { other.contains(self) }
  package func isDisjoint(with other: Rights) -> Bool { rawValue & other.rawValue == 0 }
  package func union(_ other: Rights) -> Rights { Rights(rawValue: rawValue | other.rawValue) }
  package func intersection(_ other: Rights) -> Rights { Rights(rawValue: rawValue & other.rawValue) }
  package func subtracting(_ other: Rights) -> Rights { Rights(rawValue: rawValue & ~other.rawValue) }
  package static func == (left: Rights, right: Rights) -> Bool { left.rawValue == right.rawValue }

  /// The single rights with their names, in the order people see them.
  package static let named: [(right: Rights, name: String)] = [
    (.list, "list"), (.read, "read"), (.add, "add"), (.edit, "edit"), (.remove, "remove"), (.grant, "grant"),
  ]

  /// Bundles of rights with their names.
  package static let bundles: [(rights: Rights, name: String)] = [
    ([.list, .read], "reader"), ([.list, .add], "filer"), ([.list, .read, .add, .edit, .remove], "editor"),
    ([.list, .grant], "steward"),
  ]

  /// `list,read`; `none` for the empty set.
  package var names: String {
    let parts = Self.named.filter { contains($0.right) }.map(\.name)
    return parts.isEmpty ? "none" : parts.joined(separator: ",")
  }

  /// Reads `list,read` or a bundle's name or a mix. Nil for an unknown word or none.
  package init?(names: String) {
    var rights: Rights = []
    for word in names.split(separator: ",", omittingEmptySubsequences: false) {
      if let single = Self.named.first(where: { $0.name == word }) {
        rights.insert(single.right)
      } else if let bundle = Self.bundles.first(where: { $0.name == word }) {
        rights.insert(bundle.rights)
      } else {
        return nil
      }
    }
    guard !rights.isEmpty else { return nil }
    self = rights
  }
}
