/// Mount: a VaultFS shown through FUSE. Translates requests, answers and errors, and nothing else: who may do what is judged below.
///
/// *Adapter* what the `Fuse` session calls · *session* one mount · *page dropper* the thread that makes the kernel forget pages that it
/// read for a mapping · *private cache* what the kernel was told on a private mount, and must be untold when rights change.
package import Fuse
import Platform
package import VaultFS

/// A vault mounted at a folder. One for each session; several may show one VaultFS.
package final class MountedFolder: Sendable {
  private let adapter: Adapter
  private let session: Session

  /// Mounts. Requests are answered from the return on.
  package init(_ files: VaultFS, at mountpoint: String, options: MountOptions) throws(FuseError) {
    var session = SessionOptions()
    session.sourceName = options.sourceName
    session.subtype = "strongroom"
    session.allowsOtherUsers = options.privateUser == nil
    session.owner = options.privateUser
    session.workerCount = options.workerCount
    session.pollMicroseconds = options.pollMicroseconds
    session.backgroundCountMax = options.backgroundCountMax
    session.locksMemory = true
    adapter = Adapter(files, isPrivate: options.privateUser != nil, dropsPagesAtOnce: options.dropsPagesAtOnce)
    self.session = try Session(adapter, at: mountpoint, options: session)
    adapter.begin(self.session)
  }

  /// Returns when the mount has ended, by whomever it was unmounted.
  package func wait() {
    session.wait()
    adapter.end()
  }

  /// Requests of the kernel so far, and those that are not answered yet.
  package var requestCounts: (total: UInt64, unanswered: UInt64) {
    let statistics = session.statistics
    return (statistics.total, UInt64(max(0, statistics.inFlight)))
  }

  /// - Throws: `mountpointBusy` with `.ifIdle` while something in it is open.
  package func unmount(_ mode: UnmountMode) throws(FuseError) { try session.unmount(mode) }
}

/// How a vault is mounted.
package struct MountOptions: Sendable {
  /// Shown as the source in /proc/self/mountinfo: how commands find the vault of a path.
  package var sourceName: String
  /// The only user of a private mount; nil for a shared one.
  package var privateUser: SessionOptions.Owner?
  package var workerCount = 4
  package var pollMicroseconds = 1000
  package var backgroundCountMax: UInt32 = 128
  /// Whether kernel pages go as soon as they were delivered, instead of within 2 ms.
  package var dropsPagesAtOnce = false

  package init(sourceName: String) { self.sourceName = sourceName }
}
