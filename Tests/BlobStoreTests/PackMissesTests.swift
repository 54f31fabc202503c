import Glibc
import Platform
import TestKit
import Testing
import VaultFormat

@testable import BlobStore

/// When a region of a pack is fetched whole.
@Suite struct PackMissesTests {
  private static let region = PackMisses.regionByteCount
  private static let near = PackMisses.nearNanoseconds

  @Test func secondMissOfARegionFetchesIt() {
    let misses = PackMisses()
    #expect(misses.note(PackNumber(3), at: Self.region + 5, now: 1) == nil)
    #expect(misses.note(PackNumber(3), at: 2 * Self.region - 1, now: 2) == Self.region..<2 * Self.region)
  }

  @Test func afterwardsItTakesTwoMore() {
    let misses = PackMisses()
    _ = misses.note(PackNumber(3), at: 0, now: 1)
    #expect(misses.note(PackNumber(3), at: 9000, now: 2) != nil)
    #expect(misses.note(PackNumber(3), at: 18000, now: 3) == nil)
    #expect(misses.note(PackNumber(3), at: 27000, now: 4) != nil)
  }

  @Test func aSecondRegionOfAStretchFetchesAllOfIt() {
    let misses = PackMisses()
    func missTwice(_ region: Int, _ now: Int64) -> Range<Int>? {
      #expect(misses.note(PackNumber(3), at: region * Self.region, now: now) == nil)
      return misses.note(PackNumber(3), at: region * Self.region + 9000, now: now)
    }
    let count = PackMisses.stretchByteCount / Self.region
    let first = count * Self.region
    #expect(missTwice(count, 1) == first..<first + Self.region)
    #expect(missTwice(count, 2) == first..<first + Self.region, "the same again")
    #expect(missTwice(count - 1, 3) == first - Self.region..<first, "of another stretch")
    #expect(missTwice(count + 1, 4) == first..<first + PackMisses.stretchByteCount)
    #expect(missTwice(count + 2, 5 + Self.near) == first + 2 * Self.region..<first + 3 * Self.region, "late")
  }

  @Test func farInTimeOrPlaceIsNoSecondMiss() {
    let misses = PackMisses()
    _ = misses.note(PackNumber(3), at: 0, now: 1)
    #expect(misses.note(PackNumber(3), at: Self.region, now: 2) == nil, "the next region")
    #expect(misses.note(PackNumber(4), at: 0, now: 2) == nil, "the same region of another pack")
    #expect(misses.note(PackNumber(3), at: 0, now: 2 + Self.near) == nil, "late")
    #expect(misses.note(PackNumber(3), at: 0, now: 2 + 2 * Self.near) != nil, "but soon after that")
  }

  /// A thousand regions share a place with others; the later one has it.
  @Test func regionsThatShareAPlaceAreToldApart() {
    let misses = PackMisses()
    for pack in 1...20_000 as ClosedRange<UInt32> {
      #expect(misses.note(PackNumber(pack), at: 7 * Self.region, now: 1) == nil)
    }
  }

  @Test func whatTheKernelHasIsReadWithoutWaiting() throws {
    let folder = TemporaryFolder()
    let file = try File(folder.path + "/file", O_CREAT | O_RDWR)
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try file.write(bytes, at: 0)
    for range in [0..<100_000, 5..<70_000, 99_999..<100_000] {
      var waits = 0
      let read = try readBytes(file, range) { waits += 1 }
      #expect(read == Array(bytes[range]) && waits == 0)
    }
    // Beyond the end nothing can be there; what there is comes all the same.
    #expect(try readBytes(file, 99_990..<100_100) {} == Array(bytes[99_990...]))
    #expect(try readBytes(file, 200_000..<200_001) {} == [])
  }

  private func readBytes(_ file: File, _ range: Range<Int>, beforeWaiting: () -> Void) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: range.count)
    let count = try bytes.withUnsafeMutableBytes { try file.read(at: range.lowerBound, into: $0, beforeWaiting: beforeWaiting) }
    return Array(bytes[..<count])
  }
}
