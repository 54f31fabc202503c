import Platform
import VaultFormat

/// Where reads of packs waited for the disk lately.
///
/// Documents that were filed together lie side by side in a pack, in the order of filing; whoever goes through their folders reads them in
/// another one, which the kernel takes for chance and reads ahead of none. Where two reads of one *region* had to wait within two seconds of
/// each other, the whole region is worth fetching: it is some thirty small documents in one turn of the disk. Reads at random in a large
/// vault meet the same region so soon hardly ever, and cost the disk nothing more.
///
/// From any thread; asked only by those who are about to wait for the disk anyway.
final class PackMisses: @unchecked Sendable {
  static let regionByteCount = 256 << 10
  /// Two misses of one region within this are neighbours in time.
  static let nearNanoseconds: Int64 = 2_000_000_000
  /// Regions that are remembered, each in the place that its number says; a later one takes another's place.
  private static let placeCount = 1024

  private struct Miss {
    var pack: UInt32 = 0
    var region: Int32 = 0
    /// On the boot clock; 0 for none.
    var time: Int64 = 0
  }

  /// Guards `places`.
  private let lock = Lock()
  private var places = [Miss](repeating: Miss(), count: PackMisses.placeCount)

  /// Notes that a read at `offset` has to wait. Returns the bytes of the pack to fetch, if it is the second there.
  func note(_ pack: PackNumber, at offset: Int, now: Int64 = Clock.boot()) -> Range<Int>? {
    let region = offset / Self.regionByteCount
    let place = (Int(pack.value) &* 257 &+ region) & (Self.placeCount - 1)
    return lock.withLock { () -> Range<Int>? in
      let before = places[place]
      let isSecond = before.time != 0 && before.pack == pack.value && before.region == region
      guard isSecond, now - before.time <= Self.nearNanoseconds else {
        places[place] = Miss(pack: pack.value, region: Int32(region), time: now)
        return nil
      }
      // Should it be pushed out of memory again, that takes two more.
      places[place] = Miss()
      return region * Self.regionByteCount..<(region + 1) * Self.regionByteCount
    }
  }
}
