import Platform
import Trail
import Vault
import VaultFormat

/// The clock watch of one mount.
final class ClockWatcher: @unchecked Sendable {
  private let vault: Vault
  private let lock = Lock()
  /// Guarded by `lock`.
  private var watch = ClockWatch()

  init(_ vault: Vault) { self.vault = vault }

  /// Records a clock that was set back since the last look. Never refused: it is owed.
  func look() {
    let latest = vault.latestTime()
    guard let behind = lock.withLock({ watch.look(latest: latest, wall: Clock.wall()) }) else { return }
    var record = Record(.alert)
    record.details = [
      Record.Detail("kind", "clock-set-back"), Record.Detail("seconds", String(behind / 1_000_000_000)),
    ]
    vault.trail.appendAlways(record)
  }
}
