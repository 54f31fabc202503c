import TestKit
import Testing

@testable import VaultFS

@Suite struct CoverageTests {
  /// Against a list of all bytes, with reads that follow each other, overlap, touch, repeat and leave gaps.
  @Test(arguments: 0..<20) func countsEachByteOnce(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var coverage = Coverage()
    let byteCount = [300, 5_000, 60_000].randomElement(using: &random)!
    var bytes = [Bool](repeating: false, count: byteCount)
    var position = 0
    for number in 0..<3_000 {
      if Int.random(in: 0..<3, using: &random) > 0 { position = Int.random(in: 0..<byteCount, using: &random) }
      let count = min(byteCount - position, Int.random(in: 1...8, using: &random))
      guard count > 0 else {
        position = 0
        continue
      }
      coverage.add(UInt64(position), UInt64(count))
      for index in position..<position + count { bytes[index] = true }
      position += count
      if number % 500 == 7 { #expect(coverage.byteCount() == UInt64(bytes.count(where: { $0 }))) }
    }
    #expect(coverage.byteCount() == UInt64(bytes.count(where: { $0 })))
  }

  @Test func whatIsReadFromEndToEndIsOneRange() {
    var coverage = Coverage()
    #expect(coverage.byteCount() == 0)
    for index in 0..<10_000 { coverage.add(UInt64(index) * 4096, 4096) }
    for index in (0..<10_000).reversed() { coverage.add(UInt64(index) * 4096, 4096) }
    #expect(coverage.byteCount() == 10_000 * 4096)
  }

  /// Memory is bounded: past the limit small gaps count as read, never the other way, and the large ones do not.
  @Test func pastTheLimitItOverstates() {
    var coverage = Coverage()
    let count = UInt64(Coverage.rangeCountMax)
    // Every other byte of as many as there may be ranges, and as many again a megabyte apart.
    for index in 0..<count { coverage.add(index * 2, 1) }
    #expect(coverage.byteCount() == count)
    for index in 1...count { coverage.add(index << 20, 1) }
    // All gaps of one byte, and one of the others.
    let distinct = coverage.byteCount()
    #expect(distinct > 3 * count && distinct <= 3 * count - 1 + 1 << 20, "\(distinct)")
    // The last byte that there can be, and one more gap for it.
    coverage.add(UInt64(Int64.max) - 1, 1)
    #expect((distinct + 1...distinct + 1 << 20).contains(coverage.byteCount()))
  }
}
