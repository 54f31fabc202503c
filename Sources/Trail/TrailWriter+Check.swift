import Platform
import VaultFormat

extension TrailWriter {
  /// Whether an append would be taken now: for operations that change something, which must not begin what they could not record.
  /// - Throws: `cannotWrite`.
  package func check() throws(TrailError) {
    let reason = lock.withLock { refusal(Clock.boot()) }
    if let reason { throw .cannotWrite(reason) }
  }
}
