import Platform
import VaultFormat

extension TrailWriter {
  /// Whether an append would be taken now: for operations that change something, which must not begin what they could not record. A few
  /// loads and no lock while all is well.
  /// - Throws: `cannotWrite`.
  @inline(__always)
  package func check() throws(TrailError) {
    if pulse.isWell(Clock.boot(), settings) { return }
    try checkSlowly()
  }

  /// False where a write or a sync of the trail has been under way for longer than one may take: then others of the same disk would hang as well.
  /// No lock.
  package var answers: Bool { pulse.answers(Clock.boot(), settings) }

  @inline(never)
  private func checkSlowly() throws(TrailError) {
    try acquire()
    let reason = refusal(Clock.boot())
    lock.unlock()
    if let reason { throw .cannotWrite(reason) }
  }

  /// Takes the lock, to be let go by the caller. A write(2) under the lock can hang as a sync can: nobody then waits longer than for that.
  /// - Throws: `cannotWrite`.
  @inline(__always)
  func acquire() throws(TrailError) {
    if lock.tryLock() { return }
    guard acquire(within: settings.patienceNanoseconds) else { throw .cannotWrite("the disk does not answer") }
  }

  /// Returns at once where whoever holds the lock has been in its write(2) for longer already.
  @inline(never)
  func acquire(within patience: Int64) -> Bool {
    if pulse.isHanging(Clock.boot(), longerThan: patience) { return lock.tryLock() }
    return lock.lock(within: patience)
  }
}
