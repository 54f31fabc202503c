import GRDBSQLite
import Platform
import Synchronization

/// Folds the log into the catalog's file on a thread and a connection of its own, when the log passes a limit. Neither commits nor
/// readers wait for it: it folds what no reader still needs, and the writer begins the log anew once all of it is folded.
final class Checkpointer: @unchecked Sendable {
  private let connection: SQLiteConnection
  private let frameCountMax: Int
  /// Frames in the log after the last commit; written by SQLite's hook, on the committing thread.
  private let frames = Atomic<Int>(0)
  private let finished = Atomic<UInt64>(0)

  private let worker = WorkerThreads()
  private var lock: Lock { worker.lock }
  /// Guarded by `lock`, as what follows.
  private var isWanted = false
  private var failure: CatalogError?

  /// At most one checkpoint at a time: SQLite answers BUSY to a second one.
  let turn = Lock()

  init(_ connection: SQLiteConnection, logByteCountMax: Int) {
    self.connection = connection
    frameCountMax = max(1, logByteCountMax / Log.frameByteCount)
  }

  /// The log's frames that are in use.
  var frameCount: Int { frames.load(ordering: .relaxed) }

  /// Checkpoints that the thread has done.
  var finishedCount: UInt64 { finished.load(ordering: .relaxed) }

  /// Why the last checkpoint failed; nil when it did not. The log grows until one succeeds; nothing is lost.
  var lastFailure: CatalogError? { lock.withLock { failure } }

  func start() { worker.start("catalog-fold") { [self] in run() } }

  /// Ends the thread after the checkpoint under way.
  func stop() { worker.end() }

  /// The writer has `count` frames in the log.
  func logHas(frames count: Int) {
    frames.store(count, ordering: .relaxed)
    guard count > frameCountMax else { return }
    lock.withLock {
      isWanted = true
      worker.wakeOne()
    }
  }

  private func run() {
    while waitUntilWanted() {
      var failed: CatalogError?
      do throws(CatalogError) {
        try turn.withLock { () throws(CatalogError) -> Void in
          try connection.use { (connection) throws(CatalogError) -> Void in try connection.checkpoint(SQLITE_CHECKPOINT_PASSIVE) }
        }
      } catch { failed = error }
      lock.withLock { failure = failed }
      finished.wrappingAdd(1, ordering: .relaxed)
    }
  }

  /// False at the end.
  private func waitUntilWanted() -> Bool {
    lock.withLock {
      worker.wait(while: !isWanted)
      isWanted = false
      return !worker.isEnding
    }
  }
}

/// Sizes in SQLite's log (sqlite.org/fileformat2.html#walformat).
enum Log {
  static let headerByteCount = 32
  /// A page and its 24 bytes of header.
  static let frameByteCount = Schema.pageByteCount + 24
}
