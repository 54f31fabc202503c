import Platform
import Testing
import Vault
import VaultFormat

@testable import Trail
@testable import VaultFS

/// Every record of something done counts against the rate of whoever did it, also where it leaves its caller to OPEN's.
@Suite struct RecordRateTests {
  private static let nanosecondsPerRecord: Int64 = 1_000_000_000
  private static let burst: Int64 = 1_000_000
  private let test: TestFiles
  private let folder: Node

  init() throws {
    // A second for each record, and nobody ever waits.
    test = try TestFiles {
      $0.trail.recordsPerSecondMax = 1
      $0.trail.recordBurstMax = Self.burst
    }
    folder = try test.make(.folder, "a")
    try test.give([.list, .read, .add, .edit], to: TestFiles.alice, on: folder)
    // So many that no time which passes here empties the bucket.
    for _ in 0..<10_000 { _ = test.vault.trail.rate.take(TestFiles.alice.uid, now: Clock.boot()) }
  }

  /// How many records of alice's were counted.
  private func counted(_ body: () throws -> Void) rethrows -> Int64 {
    // Asked so long ago, it says when the bucket is full again, and takes a record itself.
    let past = -Self.burst * Self.nanosecondsPerRecord
    let rate = test.vault.trail.rate
    let before = rate.take(TestFiles.alice.uid, now: past)
    try body()
    return (rate.take(TestFiles.alice.uid, now: past) - before) / Self.nanosecondsPerRecord - 1
  }

  @Test func whatIsDoneThroughAHandleCounts() throws {
    let files = test.files
    let alice = TestFiles.alice
    let source = try test.create(alice, "d", in: folder)
    let target = try test.create(alice, "e", in: folder)
    let number = try test.number(alice, "d", in: folder)
    func read(throughPages: Bool) throws {
      try withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) {
        _ = try files.read(alice, source, at: 0, into: $0, throughPages: throughPages)
      }
    }
    #expect(try counted { try test.bytes("words") { _ = try files.write(alice, source, $0, at: 0, appends: false) } } == 1)
    #expect(try counted { try read(throughPages: false) } == 1)
    #expect(try counted { try read(throughPages: true) } == 1)
    #expect(try counted { _ = try files.copy(alice, from: source, at: 0, to: target, at: 0, count: 5) } == 2)
    #expect(try counted { try files.allocate(alice, target, .punch, at: 0, count: 5) } == 1)
    var handle: HandleID?
    #expect(
      try counted { handle = try files.open(alice, number, OpenAccess(reads: false, writes: true, truncates: true)) } == 2)
    for id in [source, target, try #require(handle)] { files.release(id, lockOwner: nil) }
  }
}
