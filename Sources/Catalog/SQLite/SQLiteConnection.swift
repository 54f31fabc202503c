import GRDB
import GRDBSQLite
import Platform
import Synchronization
import VaultFormat

/// One connection: opened and closed by GRDB, used directly under its own lock.
///
/// SQLite keeps POSIX locks on the catalog's file, and closing any descriptor of a file drops the process's locks on it: nothing in this
/// process may open that file otherwise while a connection lives.
final class SQLiteConnection: @unchecked Sendable {
  enum Role {
    case writer
    case reader
    case checkpointer
    case snapshot
  }

  /// Of the file; tables that came later are empty. Under the lock, after opening.
  var schemaVersion = Schema.version

  /// Guards the statements and every use of `handle`.
  let lock = Lock()
  let handle: OpaquePointer
  private let queue: DatabaseQueue
  private let counter: StatementCounter
  /// By `CatalogStatement.slot`, prepared on first use.
  private var statements = [PreparedStatement?](repeating: nil, count: CatalogStatement.slotCount)
  private var isClosed = false
  private let isReader: Bool
  /// When the statement under way began, on the monotonic clock: a machine that sleeps is no disk that hangs. 0 for none. Of readers.
  private let statementBegan = Atomic<Int64>(0)

  /// - Parameter cacheByteCount: at most this much of the file in memory, still sealed.
  init(_ path: String, _ role: Role, cacheByteCount: Int, logByteCountMax: Int, _ counter: StatementCounter) throws(CatalogError)
  {
    do {
      queue = try DatabaseQueue(
        path: path,
        configuration: Self.configuration(role, cacheByteCount: cacheByteCount, logByteCountMax: logByteCountMax))
      handle = queue.unsafeRead { $0.sqliteConnection! }
    } catch { throw CatalogError(error) }
    self.counter = counter
    isReader = role == .reader
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, Schema.valueByteCountMax)
  }

  deinit {
    // GRDB closes with the queue, and statements must be gone before.
    statements = []
  }

  private static func configuration(_ role: Role, cacheByteCount: Int, logByteCountMax: Int) -> Configuration {
    var configuration = Configuration()
    configuration.label = "catalog"
    let isReadOnly = role == .reader || role == .snapshot
    configuration.readonly = isReadOnly
    configuration.foreignKeysEnabled = false
    configuration.allowsUnsafeTransactions = true
    // Only checkpoints ever wait: everything else that is busy is another process, which the vault's lock keeps out.
    configuration.busyMode = .timeout(2)
    configuration.prepareDatabase { database in
      var pragmas = [
        "trusted_schema = OFF",
        "cell_size_check = ON",
        "mmap_size = 0",
        "temp_store = MEMORY",
        "cache_size = -\(cacheByteCount >> 10)",
      ]
      if !isReadOnly {
        pragmas += [
          "page_size = \(Schema.pageByteCount)",
          "secure_delete = ON",
          "synchronous = FULL",
          "wal_autocheckpoint = 0",
          "journal_size_limit = \(logByteCountMax)",
        ]
      }
      for pragma in pragmas { try database.execute(sql: "PRAGMA " + pragma) }
    }
    return configuration
  }

  /// Checks the file and makes it keep a write-ahead log; a new file gets this version's schema, another keeps its own until `upgrade`.
  /// On the writer, before anything else.
  func prepareFile(isNew: Bool) throws(CatalogError) {
    do {
      try queue.writeWithoutTransaction { database in
        if !isNew { schemaVersion = try Schema.check(database) }
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
        guard mode == "wal" else { throw CatalogError.io("no write-ahead log on this file system") }
      }
      if isNew { try Schema.migrator().migrate(queue) }
    } catch { throw CatalogError(error) }
    // GRDB's hooks tell its observers of commits; there are none.
    sqlite3_commit_hook(handle, nil, nil)
    sqlite3_rollback_hook(handle, nil, nil)
  }

  /// Checks that the file is a catalog of this version or an earlier one, reading only.
  func checkSchema() throws(CatalogError) {
    do { schemaVersion = try queue.unsafeRead { try Schema.check($0) } } catch { throw CatalogError(error) }
  }

  /// Brings the schema to this version, in one transaction that is on disk on return. Under the lock.
  func upgrade() throws(CatalogError) {
    guard schemaVersion < Schema.version else { return }
    let code = sqlite3_exec(handle, Schema.upgrade(from: schemaVersion), nil, nil, nil)
    guard code == SQLITE_OK else {
      let systemCode = sqlite3_system_errno(handle)
      sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      throw CatalogError(sqlite: code, systemCode: systemCode)
    }
    schemaVersion = Schema.version
  }

  /// Whether the file has a table at all. Under the lock.
  @inline(__always)
  func has(_ table: VaultFormat.Table) -> Bool { schemaVersion == Schema.version || TableNames.since(table) <= schemaVersion }

  /// Runs `body` alone on this connection.
  /// - Throws: `io` on a reader where somebody's statement has been waiting for the disk for longer than the patience: it may do so for ever.
  @inline(__always)
  func use<Value>(_ body: (SQLiteConnection) throws(CatalogError) -> Value) throws(CatalogError) -> Value {
    if !lock.tryLock() { try waitForLock() }
    defer { lock.unlock() }
    if isReader { statementBegan.store(Clock.monotonic(), ordering: .relaxed) }
    defer { if isReader { statementBegan.store(0, ordering: .relaxed) } }
    try requireOpen()
    return try body(self)
  }

  @inline(never)
  private func waitForLock() throws(CatalogError) {
    guard isReader else { return lock.lock() }
    while !lock.lock(within: Self.lookNanoseconds) {
      let began = statementBegan.load(ordering: .relaxed)
      if began != 0, Clock.monotonic() - began > Self.patienceNanoseconds { throw .io("the disk does not answer") }
    }
  }

  private static let lookNanoseconds: Int64 = 100_000_000
  private static let patienceNanoseconds: Int64 = 2_000_000_000

  /// Under the lock.
  @inline(__always)
  func requireOpen() throws(CatalogError) {
    guard !isClosed else { throw .closed }
  }

  /// A statement to bind and run. Under the lock.
  @inline(__always)
  func statement(_ which: CatalogStatement) throws(CatalogError) -> PreparedStatement {
    if let statement = statements[which.slot] { return statement }
    let statement = try PreparedStatement(which.sql, on: handle, counter)
    statements[which.slot] = statement
    return statement
  }

  /// Folds the log into the file; `mode` is SQLITE_CHECKPOINT_PASSIVE or …_TRUNCATE. Under the lock.
  func checkpoint(_ mode: Int32) throws(CatalogError) {
    let code = sqlite3_wal_checkpoint_v2(handle, "main", mode, nil, nil)
    guard code == SQLITE_OK else { throw CatalogError(sqlite: code, systemCode: sqlite3_system_errno(handle)) }
  }

  /// Takes the lock; calls after it throw. Returns false where it was closed before.
  @discardableResult
  func close() throws(CatalogError) -> Bool {
    try lock.withLock { () throws(CatalogError) -> Bool in
      guard !isClosed else { return false }
      isClosed = true
      statements = []
      do { try queue.close() } catch { throw CatalogError(error) }
      return true
    }
  }
}
