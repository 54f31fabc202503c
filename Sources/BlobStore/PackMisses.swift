import Platform
import VaultFormat

/// Where reads of packs waited for the disk lately.
///
/// Documents that were filed together lie side by side in a pack, in the order of filing; whoever goes through their folders reads them in
/// another one, which the kernel takes for chance and reads ahead of none. Where two reads of one *region* had to wait within two seconds of
/// each other, the whole region is worth fetching: it is some thirty small documents in one turn of the disk. Where that happens to a second
/// region of one *stretch*, all of the stretch is. Reads at random in a large vault meet the same region so soon hardly ever, and cost the disk
/// nothing more.
///
/// From any thread; asked only by those who are about to wait for the disk anyway.
final class PackMisses: @unchecked Sendable {
  static let regionByteCount = 256 << 10
  static let stretchByteCount = 2 << 20
  /// Two misses of one region, or two regions of one stretch, within this are neighbours in time.
  static let nearNanoseconds: Int64 = 2_000_000_000
  /// Regions that are remembered, each in the place that its number says; a later one takes another's place.
  private static let placeCount = 1024

  /// A region that was missed, or one that was fetched.
  private struct Note {
    var pack: UInt32 = 0
    var region: Int32 = 0
    /// On the boot clock; 0 for none.
    var time: Int64 = 0
  }

  /// Guards the fields below.
  private let lock = Lock()
  /// By region; and by stretch, the last region that was fetched.
  private var missed = [Note](repeating: Note(), count: PackMisses.placeCount)
  private var fetched = [Note](repeating: Note(), count: PackMisses.placeCount)

  /// Notes that a read at `offset` has to wait. Returns the bytes of the pack to fetch, if it is the second there.
  func note(_ pack: PackNumber, at offset: Int, now: Int64 = Clock.boot()) -> Range<Int>? {
    let region = offset / Self.regionByteCount
    let stretch = offset / Self.stretchByteCount
    let here = Note(pack: pack.value, region: Int32(region), time: now)
    return lock.withLock { () -> Range<Int>? in
      let place = Self.place(pack, region)
      let before = missed[place]
      guard Self.isNear(before, here), before.region == here.region else {
        missed[place] = here
        return nil
      }
      // Should it be pushed out of memory again, that takes two more.
      missed[place] = Note()
      let other = fetched[Self.place(pack, stretch)]
      fetched[Self.place(pack, stretch)] = here
      if Self.isNear(other, here), other.region != here.region, Self.stretch(of: other) == stretch {
        return stretch * Self.stretchByteCount..<(stretch + 1) * Self.stretchByteCount
      }
      return region * Self.regionByteCount..<(region + 1) * Self.regionByteCount
    }
  }

  private static func place(_ pack: PackNumber, _ part: Int) -> Int { (Int(pack.value) &* 257 &+ part) & (placeCount - 1) }

  private static func stretch(of note: Note) -> Int { Int(note.region) * regionByteCount / stretchByteCount }

  private static func isNear(_ before: Note, _ now: Note) -> Bool {
    before.time != 0 && before.pack == now.pack && now.time - before.time <= nearNanoseconds
  }
}
