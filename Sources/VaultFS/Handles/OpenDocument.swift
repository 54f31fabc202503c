import Access
import Platform
import Synchronization
import Vault
package import VaultFormat

/// One open document: who opened it, how, and what was read through it.
package final class OpenDocument: Sendable {
  package let id: HandleID
  let node: Node
  let opener: Caller
  let openerName: String
  let canRead: Bool
  let canWrite: Bool
  let appends: Bool
  /// Made by this handle's opener with CREATE: reads, writes and attributes go while `add` holds.
  let isCreator: Bool
  /// What its OPEN record said, to be restated in later segments.
  let record: Record

  /// The document's content: it stays the same while the handle is open.
  private let contentCell = AtomicLazyReference<DocumentContent>()

  // MARK: The permit: a judgement that stands while none of these has changed; read on every read without a lock.

  private let permitGeneration = Atomic<UInt64>(0)
  private let permitPlace = Atomic<UInt64>(0)
  private let permitUntil = Atomic<Int64>(0)
  private let permitUntilBoot = Atomic<Int64>(0)
  private let permitRights = Atomic<UInt8>(0)
  /// The rules that decide about `read` and `edit`, as `word(of:)` writes them.
  private let permitReading = Atomic<UInt64>(0)
  private let permitEditing = Atomic<UInt64>(0)

  private let lock = Lock()
  /// Guarded by `lock`.
  nonisolated(unsafe) private var coverage = Coverage()
  nonisolated(unsafe) private var readByteCount: UInt64 = 0
  nonisolated(unsafe) private var writtenByteCount: UInt64 = 0

  init(id: HandleID, node: Node, opener: Caller, name: String, access: OpenAccess, isCreator: Bool, record: Record) {
    self.id = id
    self.node = node
    self.opener = opener
    openerName = name
    canRead = access.reads
    canWrite = access.writes
    appends = access.appends
    self.isCreator = isCreator
    self.record = record
  }

  /// The document's content, found without a lock but for the first time.
  @inline(__always)
  func content(in vault: Vault) throws(VaultError) -> DocumentContent {
    if let content = contentCell.load() { return content }
    return contentCell.storeIfNil(try vault.loadedContent(of: node))
  }

  /// Gives the handle what opening the document has brought into memory.
  func keep(_ content: DocumentContent?) { if let content { _ = contentCell.storeIfNil(content) } }

  /// Whether the opener's right was judged and nothing that it rests on has changed since.
  @inline(__always)
  func isPermitted(_ right: Rights, generation: UInt64, now: Int64, boot: Int64) -> Bool {
    permitGeneration.load(ordering: .acquiring) == generation
      && permitPlace.load(ordering: .relaxed) == node.placeGeneration.load(ordering: .acquiring)
      && now < permitUntil.load(ordering: .relaxed)
      && boot < permitUntilBoot.load(ordering: .relaxed)
      && permitRights.load(ordering: .relaxed) & right.rawValue == right.rawValue
  }

  /// What decides about `read` or `edit` where it is permitted; nil for what OPEN's record names.
  @inline(__always)
  func decision(for right: Rights) -> Record.Decision? {
    let word = right == .read ? permitReading.load(ordering: .relaxed) : permitEditing.load(ordering: .relaxed)
    if word == 0 { return nil }
    return word & 1 == 0 ? .grant(RuleID(word >> 1)) : .creator(RuleID(word >> 1))
  }

  /// A deciding rule in one word: 0 where it is OPEN's, or where there is none.
  private func word(of decision: Record.Decision) -> UInt64 {
    if decision == record.decision { return 0 }
    switch decision {
    case .grant(let id): return id.value << 1
    case .creator(let id): return id.value << 1 | 1
    default: return 0
    }
  }

  /// Keeps a judgement, and what decides about reading and writing. `place` and `generation` are those read before judging; `until` is wall
  /// time, `untilBoot` boot time: it ends at whichever comes first.
  func permit(
    _ rights: Rights, reading: Record.Decision, editing: Record.Decision, generation: UInt64, place: UInt64, until: Int64,
    untilBoot: Int64
  ) {
    lock.withLock {
      // No reader may take new words with an old generation.
      permitGeneration.store(0, ordering: .releasing)
      permitPlace.store(place, ordering: .relaxed)
      permitUntil.store(until, ordering: .relaxed)
      permitUntilBoot.store(untilBoot, ordering: .relaxed)
      permitRights.store(rights.rawValue, ordering: .relaxed)
      permitReading.store(word(of: reading), ordering: .relaxed)
      permitEditing.store(word(of: editing), ordering: .relaxed)
      permitGeneration.store(generation, ordering: .releasing)
    }
  }

  func noteRead(_ offset: UInt64, _ count: Int) {
    guard count > 0 else { return }
    lock.withLock {
      readByteCount += UInt64(count)
      coverage.add(offset, UInt64(count))
    }
  }

  func noteWrite(_ count: Int) { lock.withLock { writtenByteCount += UInt64(count) } }

  var usage: Record.Usage {
    lock.withLock {
      Record.Usage(readByteCount: readByteCount, distinctByteCount: coverage.byteCount(), writtenByteCount: writtenByteCount)
    }
  }
}

/// How a document was opened.
package struct OpenAccess: Sendable, Hashable {
  package var reads: Bool
  package var writes: Bool
  package var truncates: Bool
  package var appends: Bool
  /// O_CREAT's O_EXCL.
  package var isExclusive: Bool

  package init(reads: Bool, writes: Bool, truncates: Bool = false, appends: Bool = false, isExclusive: Bool = false) {
    self.reads = reads
    self.writes = writes
    self.truncates = truncates
    self.appends = appends
    self.isExclusive = isExclusive
  }

  /// The rights that OPERATIONS row 6 asks for.
  var rights: Rights {
    var rights: Rights = []
    if reads { rights.insert(.read) }
    if writes || truncates || appends { rights.insert(.edit) }
    return rights
  }

  var words: String {
    let access = reads && writes ? "read-write" : writes ? "write" : "read"
    guard appends || truncates else { return access }
    return access + (appends ? ",append" : "") + (truncates ? ",truncate" : "")
  }
}
