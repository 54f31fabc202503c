import GRDBSQLite
import Synchronization
import VaultFormat

/// Counts the statements that connections of one catalog ran, so that tests can hold operations to exact numbers.
final class StatementCounter: Sendable {
  private let count = Atomic<UInt64>(0)

  var value: UInt64 { count.load(ordering: .relaxed) }

  @inline(__always) func add() { count.wrappingAdd(1, ordering: .relaxed) }
}

/// One prepared statement of one connection, used under that connection's lock. Runs directly on SQLite, without GRDB's row objects.
///
/// Bind every parameter, then call one of `first`, `all`, `forEach` and `execute`. Each of them resets the statement on every path, so
/// that no read transaction is left open behind it.
final class PreparedStatement {
  private let raw: OpaquePointer
  private let connection: OpaquePointer
  private let counter: StatementCounter
  /// Holds a bound tag until the statement is reset.
  private let tagBytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 8)

  init(_ sql: String, on connection: OpaquePointer, _ counter: StatementCounter) throws(CatalogError) {
    var raw: OpaquePointer?
    let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &raw, nil)
    guard code == SQLITE_OK, let raw else { throw CatalogError(sqlite: code, systemCode: sqlite3_system_errno(connection)) }
    self.raw = raw
    self.connection = connection
    self.counter = counter
  }

  deinit {
    sqlite3_finalize(raw)
    tagBytes.deallocate()
  }

  // MARK: Parameters

  /// Numbers are stored as the signed number of the same bits; all that formats allow are below 2⁶³.
  @inline(__always)
  func bind(_ value: UInt64, at index: Int32) {
    let code = sqlite3_bind_int64(raw, index, Int64(bitPattern: value))
    precondition(code == SQLITE_OK)
  }

  func bind(_ tag: NameTag, at index: Int32) {
    tagBytes.storeBytes(of: tag.high.bigEndian, toByteOffset: 0, as: UInt64.self)
    tagBytes.storeBytes(of: tag.low.bigEndian, toByteOffset: 8, as: UInt64.self)
    let code = sqlite3_bind_blob(raw, index, tagBytes.baseAddress, 16, nil)
    precondition(code == SQLITE_OK)
  }

  // MARK: Running

  /// The first row, decoded; nil where there is none.
  func first<Value>(_ decode: (RowColumns) throws(CatalogError) -> Value) throws(CatalogError) -> Value? {
    defer { sqlite3_reset(raw) }
    counter.add()
    guard try step() else { return nil }
    return try decode(RowColumns(raw))
  }

  /// All rows, decoded.
  func all<Value>(_ decode: (RowColumns) throws(CatalogError) -> Value) throws(CatalogError) -> [Value] {
    defer { sqlite3_reset(raw) }
    counter.add()
    var values: [Value] = []
    while try step() { values.append(try decode(RowColumns(raw))) }
    return values
  }

  /// Calls `body` for each row, one at a time.
  func forEach(_ body: (RowColumns) throws -> Void) throws {
    defer { sqlite3_reset(raw) }
    counter.add()
    while try step() { try body(RowColumns(raw)) }
  }

  /// Runs to the end; for statements without rows.
  func execute() throws(CatalogError) {
    defer { sqlite3_reset(raw) }
    counter.add()
    while try step() {}
  }

  /// Runs to the end with `bytes` bound at `index`, which SQLite reads in place.
  func execute(binding bytes: [UInt8], at index: Int32) throws(CatalogError) {
    let code = bytes.withUnsafeBytes { (buffer) -> Int32 in
      guard let base = buffer.baseAddress, buffer.count > 0 else { return execute(zeroBlobAt: index) }
      let code = sqlite3_bind_blob64(raw, index, base, UInt64(buffer.count), nil)
      return code == SQLITE_OK ? runToEnd() : code
    }
    guard code == SQLITE_DONE else { throw failure(code) }
  }

  private func execute(zeroBlobAt index: Int32) -> Int32 {
    let code = sqlite3_bind_zeroblob(raw, index, 0)
    return code == SQLITE_OK ? runToEnd() : code
  }

  private func runToEnd() -> Int32 {
    counter.add()
    var code: Int32
    repeat { code = sqlite3_step(raw) } while code == SQLITE_ROW
    sqlite3_reset(raw)
    return code
  }

  @inline(__always)
  private func step() throws(CatalogError) -> Bool {
    let code = sqlite3_step(raw)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE { return false }
    throw failure(code)
  }

  private func failure(_ code: Int32) -> CatalogError {
    CatalogError(sqlite: code, systemCode: sqlite3_system_errno(connection))
  }
}

/// The columns of the row that a statement stands on. Dies with the next step.
struct RowColumns {
  private let raw: OpaquePointer

  @inline(__always) fileprivate init(_ raw: OpaquePointer) { self.raw = raw }

  @inline(__always)
  func number(_ index: Int32) -> UInt64 { UInt64(bitPattern: sqlite3_column_int64(raw, index)) }

  func isNull(_ index: Int32) -> Bool { sqlite3_column_type(raw, index) == SQLITE_NULL }

  func bytes(_ index: Int32) -> [UInt8] {
    let base = sqlite3_column_blob(raw, index)
    return [UInt8](UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : Int(sqlite3_column_bytes(raw, index))))
  }

  /// Nil where the column is not of sixteen bytes.
  func tag(_ index: Int32) -> NameTag? {
    guard let base = sqlite3_column_blob(raw, index), sqlite3_column_bytes(raw, index) == 16 else { return nil }
    return NameTag(
      high: UInt64(bigEndian: base.loadUnaligned(as: UInt64.self)),
      low: UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }

  func text(_ index: Int32) -> String { sqlite3_column_text(raw, index).map { String(cString: $0) } ?? "" }
}

extension SealedRow {
  /// A row of `table` from the columns (first, second, version, sealed), and for nodes (parent, tag).
  init(_ columns: RowColumns, of table: Table) throws(CatalogError) {
    var node: NodeColumns?
    if table == .node {
      guard let tag = columns.tag(5) else { throw .damaged("name tag of node \(columns.number(0))") }
      node = NodeColumns(parent: NodeID(columns.number(4)), tag: tag)
    }
    self.init(
      key: RowKey(table, columns.number(0), columns.number(1)), version: RowVersion(columns.number(2)), node: node,
      sealed: columns.bytes(3))
  }

  /// A row of a bucket of nodes: an extent where the node's columns are null.
  init(ofNodeBucket columns: RowColumns) throws(CatalogError) {
    try self.init(columns, of: columns.isNull(5) ? .extent : .node)
  }
}
