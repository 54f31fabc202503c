import CSystem

extension Lock {
  /// Waits at most so long. Returns whether the caller has it now.
  package func lock(within nanoseconds: Int64) -> Bool {
    guard csystem_lock_within(raw, nanoseconds) == 0 else { return false }
    #if DEBUG
      LockCount.note(raw)
    #endif
    return true
  }
}
