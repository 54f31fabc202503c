import GRDBSQLite
import Glibc
import Platform
import Synchronization

/// The catalog in one SQLite file: a connection that writes, two that read, one that checkpoints. WAL, `synchronous=FULL`.
///
/// The vault's lock keeps other processes away. Nothing else in this process may open the file while this lives (`SQLiteConnection`).
package final class SQLiteCatalog: Catalog {
  let path: String
  let settings: SQLiteCatalogSettings
  let writer: SQLiteConnection
  private let readers: [SQLiteConnection]
  private let nextReader = Atomic<Int>(0)
  let checkpointer: Checkpointer
  private let checkpointConnection: SQLiteConnection
  private let counter = StatementCounter()
  let openSnapshots = SnapshotCounter()
  /// The log, for reserving space.
  let logFile: File

  /// Guards `isClosed` and `close`.
  private let closing = Lock()
  private nonisolated(unsafe) var isClosed = false

  // MARK: Opening

  /// Makes an empty catalog in a new file, mode 0600. The file, its schema and its folder's entry are on disk on return.
  /// - Throws: `.io` also where the file is there already. A crash in between leaves a file that `open` calls damaged.
  package static func create(
    at path: String, settings: SQLiteCatalogSettings = SQLiteCatalogSettings()
  ) throws(CatalogError) -> SQLiteCatalog {
    do throws(SystemError) { _ = try File(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600) } catch { throw CatalogError(error) }
    return try SQLiteCatalog(path, settings, isNew: true)
  }

  /// Opens the catalog, with what a crash left in its log: no repair step, the last commits that are whole.
  /// - Throws: `.damaged` where it is missing or not a catalog, `.newerVersion` with the schema's number.
  package static func open(
    at path: String, settings: SQLiteCatalogSettings = SQLiteCatalogSettings()
  ) throws(CatalogError) -> SQLiteCatalog {
    try requireFile(path)
    return try SQLiteCatalog(path, settings, isNew: false)
  }

  private static func requireFile(_ path: String) throws(CatalogError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      let code = errno
      throw code == ENOENT ? .damaged("the catalog is missing") : CatalogError(SystemError("lstat", code))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .damaged("the catalog is not a file") }
    guard status.st_size > 0 else { throw .damaged("the catalog is empty") }
  }

  /// One moment of a catalog that nobody has open, for reading only: no byte of the file changes, nor of a log that a crash left. A log and
  /// its index that are not there are made while the snapshot lives; removing them after its `close` is the caller's.
  /// - Throws: as `open`.
  package static func openSnapshot(
    at path: String, settings: SQLiteCatalogSettings = SQLiteCatalogSettings()
  ) throws(CatalogError) -> any CatalogSnapshot {
    try requireFile(path)
    let connection = try SQLiteConnection(
      path, .snapshot, cacheByteCount: settings.cacheByteCount, logByteCountMax: settings.logByteCountMax, StatementCounter())
    try connection.checkSchema()
    return try SQLiteSnapshot(connection, SnapshotCounter())
  }

  private init(_ path: String, _ settings: SQLiteCatalogSettings, isNew: Bool) throws(CatalogError) {
    self.path = path
    self.settings = settings
    let counter = counter
    func connect(_ role: SQLiteConnection.Role, share: Int) throws(CatalogError) -> SQLiteConnection {
      try SQLiteConnection(
        path, role, cacheByteCount: settings.cacheByteCount / share, logByteCountMax: settings.logByteCountMax, counter)
    }
    writer = try connect(.writer, share: 2)
    try writer.prepareFile(isNew: isNew)
    do throws(SystemError) {
      logFile = try File(path + "-wal", O_RDWR)
      try Files.syncFolder(Files.folder(of: path))
    } catch { throw CatalogError(error) }
    readers = [try connect(.reader, share: 4), try connect(.reader, share: 4)]
    for reader in readers { reader.schemaVersion = writer.schemaVersion }
    checkpointConnection = try connect(.checkpointer, share: 64)
    checkpointer = Checkpointer(checkpointConnection, logByteCountMax: settings.logByteCountMax)
    checkpointer.start()
    sqlite3_wal_hook(
      writer.handle,
      { context, _, _, frames in
        Unmanaged<Checkpointer>.fromOpaque(context!).takeUnretainedValue().logHas(frames: Int(frames))
        return SQLITE_OK
      }, Unmanaged.passUnretained(checkpointer).toOpaque())
    if let left = try? logFile.size() { checkpointer.logHas(frames: left / Log.frameByteCount) }
  }

  deinit {
    // Left open by its owner. SQLite folds the log when the last connection goes, and what it cannot fold it reads at the next opening.
    guard !isClosed else { return }
    checkpointer.stop()
    sqlite3_wal_hook(writer.handle, nil, nil)
  }

  /// A connection to read with. They take turns, so that a long read holds up half of the others at most.
  @inline(__always)
  var reader: SQLiteConnection { readers[nextReader.wrappingAdd(1, ordering: .relaxed).oldValue & 1] }

  // MARK: Figures

  /// Statements run since opening, `BEGIN` and `COMMIT` included; those of opening and of checkpoints are not.
  package var statementCount: UInt64 { counter.value }

  /// Bytes of the log that commits wrote since it was last begun anew.
  package var logByteCount: Int { Log.headerByteCount + checkpointer.frameCount * Log.frameByteCount }

  /// Checkpoints done by the catalog's own thread since opening.
  package var checkpointCount: UInt64 { checkpointer.finishedCount }

  /// Why the last checkpoint of the catalog's own thread failed; nil when it did not. Nothing is lost, but the log grows until one
  /// succeeds; another is tried after the next commit.
  package var checkpointFailure: CatalogError? { checkpointer.lastFailure }

  // MARK: Upgrading, checkpoints, snapshots, closing

  package func upgrade() throws(CatalogError) {
    try writer.use { (writer) throws(CatalogError) -> Void in try writer.upgrade() }
    for reader in readers {
      try reader.use { (reader) throws(CatalogError) -> Void in reader.schemaVersion = Schema.version }
    }
  }

  package func checkpointTruncate() throws(CatalogError) {
    guard openSnapshots.value == 0 else { throw .busy }
    try checkpointer.turn.withLock { () throws(CatalogError) -> Void in
      try writer.use { (writer) throws(CatalogError) -> Void in
        try writer.checkpoint(SQLITE_CHECKPOINT_TRUNCATE)
        checkpointer.logHas(frames: 0)
      }
    }
  }

  package func snapshot() throws(CatalogError) -> any CatalogSnapshot {
    try closing.withLock { () throws(CatalogError) -> SQLiteSnapshot in
      guard !isClosed else { throw .closed }
      let connection = try SQLiteConnection(
        path, .snapshot, cacheByteCount: settings.cacheByteCount / 4, logByteCountMax: settings.logByteCountMax, counter)
      connection.schemaVersion = try writer.use { (writer) throws(CatalogError) in writer.schemaVersion }
      return try SQLiteSnapshot(connection, openSnapshots)
    }
  }

  package func close() throws(CatalogError) {
    try closing.withLock { () throws(CatalogError) -> Void in
      guard !isClosed else { return }
      guard openSnapshots.value == 0 else { throw .busy }
      isClosed = true
      checkpointer.stop()
      var failure: CatalogError?
      func attempt(_ body: () throws(CatalogError) -> Void) {
        do throws(CatalogError) { try body() } catch { failure = failure ?? error }
      }
      attempt { () throws(CatalogError) in try checkpointConnection.close() }
      for reader in readers { attempt { () throws(CatalogError) in try reader.close() } }
      attempt { () throws(CatalogError) in
        try writer.use { (writer) throws(CatalogError) -> Void in
          defer { sqlite3_wal_hook(writer.handle, nil, nil) }
          try writer.checkpoint(SQLITE_CHECKPOINT_TRUNCATE)
        }
      }
      // The last connection takes the log with it, unless it could not be folded.
      attempt { () throws(CatalogError) in try writer.close() }
      if let failure { throw failure }
    }
  }
}

/// How a catalog is kept; defaults are those of docs/design.md.
package struct SQLiteCatalogSettings: Sendable {
  /// Bytes of the file, still sealed, that all connections together keep in memory; a snapshot adds a quarter.
  package var cacheByteCount = 16 << 20
  /// The log is folded into the file when it passes this size.
  package var logByteCountMax = 16 << 20

  #if DEBUG
    /// Called in each commit after its rows were written and before `COMMIT`, on the committing thread: for tests that look at, or
    /// break, a commit half done.
    package var beforeCommit: (@Sendable () throws(CatalogError) -> Void)?
  #endif

  package init() {}
}

/// Snapshots that are open.
final class SnapshotCounter: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .acquiring) }
  func add(_ number: Int) { count.wrappingAdd(number, ordering: .acquiringAndReleasing) }
}
