import VaultFormat

/// The tables' names in SQL. Apart from `Schema`, since GRDB has a `Table` of its own.
enum TableNames {
  /// Those of (id, version, sealed).
  static var small: [String] { Table.allCases.filter { $0 != .node && $0 != .extent }.map(name) }

  static func name(_ table: Table) -> String {
    switch table {
    case .node: "node"
    case .extent: "extent"
    case .grant: "grant"
    case .barrier: "barrier"
    case .boundary: "boundary"
    case .meta: "meta"
    case .pack: "pack"
    case .bucket: "bucket"
    }
  }
}
