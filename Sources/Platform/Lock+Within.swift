import CSystem

extension Lock {
  /// Waits at most so long. Returns whether the caller has it now.
  package func lock(within nanoseconds: Int64) -> Bool { csystem_lock_within(raw, nanoseconds) == 0 }
}
