import VaultFormat

/// The tables' names in SQL. Apart from `Schema`, since GRDB has a `Table` of its own.
enum TableNames {
  /// Those of (id, version, sealed) that came with a version of the schema.
  static func small(since version: UInt64) -> [String] {
    Table.allCases.filter { $0 != .node && $0 != .extent && since($0) == version }.map(name)
  }

  /// The version of the schema that a table came with.
  static func since(_ table: Table) -> UInt64 {
    switch table {
    case .use, .review, .reviewItem, .suspension: 3
    case .duty: 2
    default: 1
    }
  }

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
    case .duty: "duty"
    case .use: "use"
    case .review: "review"
    case .reviewItem: "review_item"
    case .suspension: "suspension"
    }
  }
}
