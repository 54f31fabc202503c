import Glibc

/// Time in nanoseconds since the Unix epoch, or since boot.
package enum Clock {
  /// CLOCK_REALTIME: what people call the time; can be set back.
  @inline(__always) package static func wall() -> Int64 { read(CLOCK_REALTIME) }

  /// CLOCK_BOOTTIME: never goes back while the machine is up, and goes on while it sleeps.
  @inline(__always) package static func boot() -> Int64 { read(CLOCK_BOOTTIME) }

  /// CLOCK_MONOTONIC: the same, but stands while the machine sleeps. For how long somebody has waited for a disk.
  @inline(__always) package static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }

  @inline(__always)
  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
