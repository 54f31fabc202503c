import CFuse3
import Glibc
import Synchronization

/// Who listens while requests flow.
extension Flow {
  /// Returns when the calling worker shall read a request: at once, unless requests flow and another worker listens. False at the end of
  /// the session, if the worker was parked.
  @inline(__always)
  func listen(_ descriptor: Int32) -> Bool {
    let others = listenerCount.wrappingAdd(1, ordering: .relaxed).oldValue
    if others == 0 || !isFlowing.load(ordering: .relaxed) { return true }
    listenerCount.wrappingSubtract(1, ordering: .relaxed)
    guard park(descriptor) else { return false }
    listenerCount.wrappingAdd(1, ordering: .relaxed)
    return true
  }

  /// The calling worker, which listened, will read no more for now.
  @inline(__always)
  func stoppedListening() { listenerCount.wrappingSubtract(1, ordering: .relaxed) }

  /// The calling worker has a request of this thread. Counts may miss some where several workers count at once.
  @inline(__always)
  func took(from caller: UInt32) {
    let count = takenCount.load(ordering: .relaxed) &+ 1
    takenCount.store(count, ordering: .relaxed)
    if count & 31 == 0 { checkSteering() }
    guard self.caller.load(ordering: .relaxed) != caller, caller != 0 else { return }
    self.caller.store(caller, ordering: .relaxed)
    callerChangeCount.store(callerChangeCount.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }

  /// Where others leave the companion no time, the calling worker goes where the kernel likes.
  private func checkSteering() {
    let end = steeredUntilNanoseconds.load(ordering: .relaxed)
    guard end != 0, monotonicNanoseconds() > end else { return }
    _ = cfuse3_keep_on(0, cores.0, cores.1)
  }

  /// Lets one parked worker listen.
  func release() { state.changeWakingOne { $0.releaseCount = 1 } }

  /// Whether a request waits to be read.
  func isRequestWaiting(_ descriptor: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) != 0
  }

  /// Returns when the calling worker shall listen after all; false at the end.
  private func park(_ descriptor: Int32) -> Bool {
    var isWatching = false
    let goesOn = state.inSteps { state, hasTimedOut -> Monitor<State>.Step<Bool> in
      if isWatching { state.isWatched = false }
      isWatching = false
      if state.hasEnded { return .done(false) }
      if !isFlowing.load(ordering: .relaxed) { return .done(true) }
      if state.releaseCount > 0 {
        state.releaseCount -= 1
        return .done(true)
      }
      if hasTimedOut, listenerCount.load(ordering: .relaxed) == 0, isRequestWaiting(descriptor) { return .done(true) }
      if state.isWatched { return .wait(upToNanoseconds: nil) }
      state.isWatched = true
      isWatching = true
      return .wait(upToNanoseconds: Flow.watchNanoseconds)
    }
    // Another one watches from now on.
    if goesOn { state.changeWakingOne { _ in } }
    return goesOn
  }

  /// How often a parked worker looks whether a request waits and nobody listens.
  private static let watchNanoseconds: Int64 = 2_000_000
}
