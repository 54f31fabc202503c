import Catalog
import Glibc
import Platform
import Testing
import VaultFormat

/// All tests of this target, one after the other: some hold commits half done, and some fill disks.
@Suite(.serialized) enum CatalogTests {}

/// A fresh folder, removed with everything in it at the end.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  var template = Array("/tmp/catalog-XXXXXX".utf8CString)
  let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
  try #require(made)
  let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer {
    for name in (try? Files.list(folder)) ?? [] { unlink(folder + "/" + name) }
    rmdir(folder)
  }
  return try body(folder)
}

/// An SQLite catalog in a fresh folder; closed afterwards unless the test did.
func withCatalog<Result>(
  _ settings: SQLiteCatalogSettings = SQLiteCatalogSettings(), _ body: (SQLiteCatalog, String) throws -> Result
) throws -> Result {
  try withFolder { folder in
    let path = folder + "/catalog.sqlite"
    let catalog = try SQLiteCatalog.create(at: path, settings: settings)
    defer { try? catalog.close() }
    return try body(catalog, path)
  }
}

/// Files of a folder, by name, as they are this moment; for the folder of no open catalog but as bytes to put elsewhere.
func copyFiles(_ names: [String], from source: String, to target: String) throws {
  for name in names where Files.exists(source + "/" + name) {
    // Closing a descriptor drops this process's locks on the file; in these tests no other process is near.
    let bytes = try File(source + "/" + name, O_RDONLY).readAll(limit: 1 << 30)
    try File(target + "/" + name, O_WRONLY | O_CREAT | O_TRUNC).write(bytes, at: 0)
  }
}

func bytes(of path: String) throws -> [UInt8] { try File(path, O_RDONLY).readAll(limit: 1 << 30) }

func write(_ bytes: [UInt8], to path: String) throws { try File(path, O_WRONLY | O_CREAT | O_TRUNC).write(bytes, at: 0) }

func fileSize(_ path: String) -> Int? {
  var status = stat()
  return lstat(path, &status) == 0 ? Int(status.st_size) : nil
}

func tag(_ number: UInt64) -> NameTag { NameTag(high: number &* 0x9e37_79b9_7f4a_7c15, low: number ^ 0x5555_aaaa_5555_aaaa) }

/// A row whose sealed bytes tell its key and version.
func nodeRow(_ id: UInt64, in parent: UInt64, tag: NameTag, version: UInt64 = 1, byteCount: Int = 180) -> SealedRow {
  SealedRow(
    key: RowKey(.node, id), version: RowVersion(version), node: NodeColumns(parent: NodeID(parent), tag: tag),
    sealed: sealed(id &* 31 &+ version, byteCount))
}

func nodeRow(_ id: UInt64, in parent: UInt64, version: UInt64 = 1) -> SealedRow {
  nodeRow(id, in: parent, tag: tag(id), version: version)
}

func row(_ key: RowKey, version: UInt64 = 1, byteCount: Int = 120) -> SealedRow {
  SealedRow(key: key, version: RowVersion(version), sealed: sealed(key.first &* 7 &+ key.second &* 3 &+ version, byteCount))
}

/// Bytes that do not compress into a pattern and follow from `seed`.
func sealed(_ seed: UInt64, _ byteCount: Int) -> [UInt8] {
  var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
  return (0..<byteCount).map { _ in
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return UInt8(truncatingIfNeeded: state >> 24)
  }
}

extension Catalog {
  /// All rows of a table, ascending by key, read as the program reads them: a small table as its bucket, nodes and extents from a snapshot.
  func rows(of table: Table) throws(CatalogError) -> [SealedRow] {
    guard table == .node || table == .extent else { return try rows(inBucket: CatalogBuckets.bucket(of: table)) }
    let snapshot = try snapshot()
    defer { snapshot.close() }
    var rows: [SealedRow] = []
    do { try snapshot.forEachRow(of: table) { rows.append($0) } } catch { throw error as? CatalogError ?? .io("\(error)") }
    return rows
  }

  /// All rows of all tables, in order.
  func everything() throws -> [SealedRow] {
    var all: [SealedRow] = []
    for table in Table.allCases { all += try rows(of: table) }
    return all
  }
}
