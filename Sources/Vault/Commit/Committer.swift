import CSystem
import Platform
import Synchronization
import VaultFormat

/// What waits to be committed, and who waits for it.
///
/// `dirty`, `group`, `obsolete` and `rules` belong to the vault's tree lock; the rest to `lock`.
final class Committer: @unchecked Sendable {
  // Under the tree lock.
  var dirty: [NodeID: Node] = [:] { didSet { dirtyCount.store(dirty.count, ordering: .relaxed) } }
  /// The number of the group that changes go into now.
  var group: UInt64 = 1
  /// Blobs that nothing names once the present group is committed.
  var obsolete: [BlobReference] = []
  /// Rules changed: the sealed rows' plaintext, or nil for removed.
  var rules: [RowKey: [UInt8]?] = [:]

  // Used by the committing thread alone.
  /// The number of the commit that the catalog holds, and of the last one tried.
  var committed: UInt64
  var tried: UInt64
  /// What the commit that the catalog holds was made on.
  var predecessor: UInt64
  /// The generation of vault.json that it names.
  var generation: UInt64

  private let epochCell = Atomic<UInt64>(0)
  private let documentLimit = Atomic<Int>(Int.max)
  /// How many `dirty` holds; read without the tree lock.
  private let dirtyCount = Atomic<Int>(0)
  /// The catalog is to hear of packs although no node changed.
  private let isRoundWanted = Atomic<Bool>(false)

  private let worker = WorkerThreads()
  private var lock: Lock { worker.lock }
  private var requested: UInt64 = 0
  private var finished: UInt64 = 0
  private let waiters: CommitWaiters
  private let threadID = Atomic<Int32>(0)

  /// - Parameters:
  ///   - lastTried: the last commit that a mark names; its number is not used again.
  ///   - patience: how long those wait who wait without a thread, nanoseconds.
  init(_ commit: CommitRecord, lastTried: UInt64, patience: Int64) {
    waiters = CommitWaiters(patience: patience)
    committed = commit.number
    tried = max(commit.number, lastTried)
    predecessor = commit.predecessor
    generation = commit.generation
  }

  /// Changes whenever the catalog does; a row read before is to be read again.
  var epoch: UInt64 { epochCell.load(ordering: .acquiring) }
  func advanceEpoch() { epochCell.add(1, ordering: .releasing) }

  /// Starts the thread that commits: at requests, and every `interval` when there is something to do.
  func start(
    interval: Int, documentLimit: Int, hasWork: @escaping @Sendable () -> Bool, run: @escaping @Sendable () -> VaultError?
  ) {
    self.documentLimit.store(documentLimit, ordering: .relaxed)
    waiters.start()
    worker.start("commit") { [self] in
      threadID.store(csystem_thread_id(), ordering: .relaxed)
      while true {
        lock.lock()
        if requested == finished { worker.wait(nanoseconds: interval) }
        let target = requested
        let isRequested = target > finished
        let isLast = worker.isEnding
        lock.unlock()
        if isRequested || hasWork() {
          let failure = run()
          lock.withLock { finished = max(finished, target) }
          // The first round that covers a ticket decides.
          if isRequested { waiters.finish(through: target, failure) }
        }
        if isLast { return }
      }
    }
  }

  /// Whether this is the thread that commits.
  var isCurrentThread: Bool { threadID.load(ordering: .relaxed) == csystem_thread_id() }

  /// Waits until everything changed before the call is on disk, or its commit has failed.
  func commitAndWait() throws(VaultError) {
    let answer = CommitAnswer()
    commit(isPatient: true) { answer.give($0) }
    try answer.get()
  }

  /// The same without a thread that waits: `answer` is called once, on any thread, with why not. Where the disk does not answer, that is after the
  /// patience; the commit goes on all the same.
  func commit(then answer: @escaping @Sendable (VaultError?) -> Void) { commit(isPatient: false, then: answer) }

  private func commit(isPatient: Bool, then answer: @escaping @Sendable (VaultError?) -> Void) {
    let isAccepted = lock.withLock { () -> Bool in
      guard !worker.isEnding else { return false }
      requested += 1
      waiters.add(requested, isPatient: isPatient, answer)
      worker.wakeOne()
      return true
    }
    if !isAccepted { answer(.changesRefused("the vault is being closed")) }
  }

  /// Called after each change: a group that has grown large is committed without waiting for the interval.
  func hurryIfLarge() {
    guard dirtyCount.load(ordering: .relaxed) >= documentLimit.load(ordering: .relaxed) else { return }
    lock.withLock {
      if requested == finished {
        requested += 1
        worker.wakeOne()
      }
    }
  }

  /// Has the next round commit what packs have to say, also where nothing else is to be said.
  func wantRound() { isRoundWanted.store(true, ordering: .releasing) }
  var wantsRound: Bool { isRoundWanted.load(ordering: .acquiring) }
  func takeRound() { isRoundWanted.store(false, ordering: .releasing) }

  /// Ends the thread after a last round.
  func stop() {
    worker.end()
    waiters.stop()
  }
}

/// Why changes are refused at present, if they are.
final class ChangeRefusal: @unchecked Sendable {
  private let isSet = Atomic<Bool>(false)
  private let lock = Lock()
  private var failure: VaultError?
  /// When it began, wall nanoseconds.
  private var since: Int64 = 0

  @inline(__always)
  func check() throws(VaultError) {
    guard isSet.load(ordering: .relaxed) else { return }
    if let failure = current { throw failure }
  }

  var current: VaultError? { lock.withLock { failure } }

  var beginning: Int64? { lock.withLock { failure == nil ? nil : since } }

  func set(_ failure: VaultError?) {
    lock.withLock {
      if self.failure == nil { since = Clock.wall() }
      self.failure = failure
    }
    isSet.store(failure != nil, ordering: .relaxed)
  }
}
