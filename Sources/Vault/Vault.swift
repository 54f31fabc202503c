/// Vault: the encrypted store as documents and folders: create, unlock, commit order, documents, rights on disk, verify.
///
/// *Node table* the nodes in memory · *group* the changes that one commit makes durable, all or none · *gate* what a commit closes for
/// an instant while it takes the state of everything changed · *ledger* the digests that tell a replayed row · *finding* what
/// `verify` says of one damaged thing. Knows nothing of callers: who may do what is judged above, in VaultFS.
package import Access
import BlobStore
package import Catalog
package import Keys
import Platform
import Sodium
import Synchronization
package import Trail
package import VaultFormat

/// An unlocked vault, held by one process.
///
/// Functions may be called from any thread; each says what is on disk when it returns. Changes are seen by every caller at once and
/// reach the disk when their group commits: within `commitInterval`, at `commitDocuments`, or at `sync()`.
package final class Vault: Sendable {
  package let id: VaultID
  package let folder: VaultFolder
  package let keys: VaultKeys
  package let trail: TrailWriter
  let catalog: any Catalog
  package let content: ContentStore
  package let settings: VaultSettings

  /// Guards the node table, all node fields and the rules. Never held over I/O.
  let tree = Lock()
  nonisolated(unsafe) var table: NodeTable
  nonisolated(unsafe) var rules: RuleSet
  nonisolated(unsafe) var rightsTable: RightsTable
  /// Changes with every change of rules or of the folders above them; checked without a lock.
  let rightsGenerationCell = Atomic<UInt64>(1)

  /// Held shared by whoever changes content, alone by a commit taking its state.
  let gate = ReadWriteLock()
  /// One folder moves at a time.
  let folderMoves = Lock()
  let committer: Committer
  let ledger: Ledger
  let census = RowCensus()
  let numbers: NumberSource
  let pressure: DirtyPressure
  /// Set when damage or a failed commit forbids further changes.
  let changesRefused = ChangeRefusal()
  let latest: LatestTime
  /// Where the trail's writer asks for the handles that are open, to restate them in each segment.
  package let openHandles: OpenHandleSource
  let housekeeping = Housekeeping()
  let useTimes = UseTimes()
  /// Held over one commit, and by whoever needs a view of the catalog that agrees with the ledger.
  let committing = Lock()
  package let verification = VerificationSwitch()
  /// One change of rules at a time.
  let ruleChanges = Lock()
  /// One change of vault.json at a time.
  let fileChanges = Lock()
  /// Guards `currentFile`.
  let fileLock = Lock()
  nonisolated(unsafe) var currentFile: VaultFile

  /// Puts the parts together. Commits begin with `startCommitting`.
  init(
    folder: VaultFolder, keys: VaultKeys, file: VaultFile, trail: TrailWriter, catalog: any Catalog, settings: VaultSettings,
    digests: [UInt64: RowDigest], counters: Counters, commit: CommitRecord, lastMark: Mark?, packs: [PackNumber: PackRecord],
    rules: RuleSet, openHandles: OpenHandleSource
  ) throws(UnlockError) {
    id = keys.vault
    self.folder = folder
    self.keys = keys
    self.trail = trail
    self.catalog = catalog
    self.settings = settings
    currentFile = file
    ledger = Ledger(digests: digests)
    let numbers = NumberSource(stored: counters)
    self.numbers = numbers
    content = try Self.makeContent(folder, keys, settings, packs, numbers)
    table = NodeTable(limit: settings.nodeCacheCount, listingByteCountMax: settings.listingByteCountMax)
    self.rules = rules
    rightsTable = RightsTable(grants: [], barriers: [], boundaries: [], parents: [.root: .none], generation: 0)
    pressure = DirtyPressure(limit: settings.dirtyByteCountMax)
    committer = Committer(commit, lastTried: lastMark?.commit ?? 0, patience: settings.syncPatienceNanoseconds)
    self.openHandles = openHandles
    latest = LatestTime(commit.latestTime)
    numbers.hurry = { [unowned self] () throws(VaultError) in
      // The committing thread cannot wait for itself, and needs none of these numbers.
      guard !committer.isCurrentThread else { throw .exhausted }
      try committer.commitAndWait()
    }
  }

  /// Bumped by every change of rules or of folders that carry them.
  package var rightsGeneration: UInt64 {
    @inline(__always) get { rightsGenerationCell.load(ordering: .acquiring) }
  }

  /// The rules as they stand; immutable.
  package var rights: RightsTable { tree.withLock { rightsTable } }

  /// Why changes are refused at present: what flush and status tell; nil when they are not.
  package var changeFailure: VaultError? { changesRefused.current }
  /// Since when, wall nanoseconds.
  package var changeFailureBeginning: Int64? { changesRefused.beginning }
}

/// The OPEN records of the handles that are open now. Set by whoever opens handles; asked by the trail's writer while appends wait, so
/// that what it calls may neither append nor wait for someone who does.
package final class OpenHandleSource: @unchecked Sendable {
  private let lock = Lock()
  private var source: @Sendable () -> [Record] = { [] }

  package func set(_ source: @escaping @Sendable () -> [Record]) { lock.withLock { self.source = source } }

  var all: [Record] { lock.withLock { source }() }
}

/// How a vault behaves while it is unlocked; defaults are those of docs/design.md.
package struct VaultSettings: Sendable {
  package var commitIntervalNanoseconds = 1_000_000_000
  package var commitDocumentCount = 5_000
  /// How long an fsync waits for a disk that does not answer. Long enough for a busy one: many programs give up for good after an fsync that failed.
  package var syncPatienceNanoseconds: Int64 = 30_000_000_000
  /// Between two commits that store how often grants were used.
  package var useIntervalNanoseconds: Int64 = 60_000_000_000
  /// Between two looks for packs worth compacting, and how many bytes in these must be dead: each compaction reads all rows.
  package var housekeepingIntervalNanoseconds = 600_000_000_000
  package var compactionByteCountMin = 16 << 20
  package var nodeCacheCount = 65_536
  /// Names of folders that were listed, kept for the next listing.
  package var listingByteCountMax = 16 << 20
  /// Content in the clear waiting to be sealed, over all documents.
  package var dirtyByteCountMax = 48 << 20
  package var content = ContentSettings()
  package var trail = TrailSettings()
  package var catalog = SQLiteCatalogSettings()

  package init() {}
}
