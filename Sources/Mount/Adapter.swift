import Fuse
import Glibc
import Platform
import Synchronization
import VaultFS
import VaultFormat

/// What the session calls, on its workers. The operations are in `Adapter+….swift`.
final class Adapter: Filesystem {
  let files: VaultFS
  let pages: PageDropper
  /// Present on a private mount, where the kernel may answer for a while by itself.
  let cache: PrivateCache?
  private let listening = Lock()
  /// Guarded by `listening`.
  nonisolated(unsafe) private var rightsListener: RightsListenerToken?

  init(_ files: VaultFS, isPrivate: Bool, dropsPagesAtOnce: Bool) {
    self.files = files
    pages = PageDropper(delayNanoseconds: dropsPagesAtOnce ? 0 : 2_000_000)
    cache = isPrivate ? PrivateCache() : nil
  }

  func begin(_ session: Session) {
    pages.begin { [weak session] in session?.invalidatePages(of: NodeNumber(rawValue: $0)) }
    cache?.begin(session)
    let token = files.onRightsChange { [weak self, weak session] mayWait in
      self?.pages.dropAll()
      self?.cache?.forgetAll()
      // An administrator's change is answered when the kernel has let go. A worker only queues: the kernel may wait for its answer.
      if mayWait { session?.drainNotifications() }
    }
    listening.withLock { rightsListener = token }
  }

  func end() {
    let token = listening.withLock { () -> RightsListenerToken? in
      defer { rightsListener = nil }
      return rightsListener
    }
    if let token { files.removeRightsListener(token) }
    pages.stop()
    cache?.end()
  }

  func connected(_ info: inout ConnectionInfo, tag: UInt64) {
    // Locks must hold between users, and O_TRUNC is judged with its OPEN.
    info.wanted = Capabilities.usual
  }

  // MARK: Translation

  func caller(_ request: borrowing Request) -> Caller { Caller(uid: request.uid, gid: request.gid, thread: request.thread) }

  func number(_ node: NodeNumber) -> FileNumber { FileNumber(node.rawValue) }

  func attributes(_ value: FileAttributes) -> Attributes {
    let kind: UInt32 =
      switch value.kind {
      case .folder: UInt32(S_IFDIR)
      case .document: UInt32(S_IFREG)
      case .symlink: UInt32(S_IFLNK)
      }
    var attributes = Attributes(number: NodeNumber(rawValue: value.number.value), mode: kind | UInt32(value.mode))
    attributes.linkCount = value.linkCount
    attributes.uid = value.uid
    attributes.gid = value.gid
    attributes.size = value.size
    attributes.blockCount = value.blockCount
    attributes.blockSize = VaultFS.blockByteCount
    attributes.accessTime = time(value.accessed)
    attributes.modificationTime = time(value.modified)
    attributes.changeTime = time(value.changed)
    return attributes
  }

  private func time(_ nanoseconds: Int64) -> FileTime {
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return rest < 0
      ? FileTime(seconds: seconds - 1, nanoseconds: UInt32(rest + 1_000_000_000))
      : FileTime(seconds: seconds, nanoseconds: UInt32(rest))
  }

  func nanoseconds(_ time: AttributeChanges.Time) -> Int64 {
    switch time {
    case .now: Clock.wall()
    case .at(let time): Self.nanoseconds(seconds: time.seconds, nanoseconds: time.nanoseconds)
    }
  }

  /// Times that 64 bits of nanoseconds cannot hold become the nearest that they can.
  static func nanoseconds(seconds: Int64, nanoseconds: UInt32) -> Int64 {
    // Below zero the seconds may only fit once the nanoseconds are added.
    let (whole, rest) = seconds < 0 ? (seconds + 1, Int64(nanoseconds) - 1_000_000_000) : (seconds, Int64(nanoseconds))
    let product = whole.multipliedReportingOverflow(by: 1_000_000_000)
    let sum = product.partialValue.addingReportingOverflow(rest)
    return product.overflow || sum.overflow ? (seconds < 0 ? .min : .max) : sum.partialValue
  }

  func access(_ flags: FileFlags) -> OpenAccess {
    let mode = flags & O_ACCMODE
    return OpenAccess(
      reads: mode != O_WRONLY, writes: mode != O_RDONLY, truncates: flags & O_TRUNC != 0, appends: flags & O_APPEND != 0,
      isExclusive: flags & O_EXCL != 0)
  }

  /// An answer to LOOKUP and whatever makes a node. On a shared mount the kernel may not keep it: its next use is another user's.
  func entry(_ value: FileAttributes, named name: Fuse.Name, in folder: NodeNumber) -> Entry {
    let attributes = attributes(value)
    var entry = Entry(node: attributes.number, attributes: attributes)
    if let cache {
      entry.entryTimeoutSeconds = PrivateCache.timeoutSeconds
      entry.attributeTimeoutSeconds = PrivateCache.timeoutSeconds
      cache.told(entry.node, named: name, in: folder)
    }
    return entry
  }

  var attributeTimeoutSeconds: Double { cache == nil ? 0 : PrivateCache.timeoutSeconds }

  /// read(2) and write(2) come with their exact ranges.
  static let documentFlags: OpenFlags = [.directIO, .parallelDirectWrites]
}
