import CFuse3
import Glibc
import Platform
import Synchronization
import Testing

@testable import Fuse
@testable import fuse_floor

/// Who listens while requests flow. A pipe stands for /dev/fuse; there is no companion.
@Suite(.timeLimit(.minutes(1)))
struct FlowTests {
  private final class Fixture: Sendable {
    let flow = Flow(windowNanoseconds: 1_000_000, cores: (0, 1))
    let reading: Int32
    let writing: Int32
    let returned = Monitor(0)

    init() {
      var ends: [Int32] = [-1, -1]
      precondition(pipe(&ends) == 0)
      (reading, writing) = (ends[0], ends[1])
      flow.isFlowing.store(true, ordering: .relaxed)
    }

    deinit {
      close(reading)
      close(writing)
    }

    /// Lets so many more workers come to listen, and counts those that may.
    func bring(_ count: Int) {
      for _ in 0..<count {
        _ = startThread("worker") { [self] in
          if flow.listen(reading) { returned.change { $0 += 1 } }
        }
      }
    }

    func waitForParked() { while !flow.state.change({ $0.isWatched }) { usleep(200) } }
    func waitForReturned(_ count: Int) { returned.wait { $0 == count ? () : nil } }
  }

  @Test func oneListensAndAnotherOnlyWhenARequestWaits() {
    let fixture = Fixture()
    #expect(fixture.flow.listen(fixture.reading))
    fixture.bring(1)
    fixture.waitForParked()
    // The first is at work, and nothing waits: looking again and again finds nothing to do.
    fixture.flow.stoppedListening()
    usleep(10_000)
    #expect(fixture.returned.change { $0 } == 0)
    #expect(write(fixture.writing, "r", 1) == 1)
    fixture.waitForReturned(1)
    #expect(fixture.flow.listenerCount.load(ordering: .relaxed) == 1)
  }

  @Test func aRequestThatWaitsForAListenerWakesNobody() {
    let fixture = Fixture()
    #expect(fixture.flow.listen(fixture.reading))
    #expect(write(fixture.writing, "r", 1) == 1)
    fixture.bring(1)
    fixture.waitForParked()
    usleep(10_000)
    #expect(fixture.returned.change { $0 } == 0)
    fixture.flow.release()
    fixture.waitForReturned(1)
  }

  @Test func allListenWhenNothingFlows() {
    let fixture = Fixture()
    fixture.flow.isFlowing.store(false, ordering: .relaxed)
    fixture.bring(4)
    fixture.waitForReturned(4)
    #expect(fixture.flow.listenerCount.load(ordering: .relaxed) == 4)
  }

  @Test func theCompanionLetsAllListenWhenItEnds() {
    let fixture = Fixture()
    #expect(fixture.flow.listen(fixture.reading))
    fixture.bring(3)
    fixture.waitForParked()
    // It finds that nothing flows.
    _ = startThread("companion") { fixture.flow.accompany(fixture.reading) }
    fixture.waitForReturned(3)
    fixture.flow.end()
  }

  @Test func theEndReachesParkedWorkers() {
    let fixture = Fixture()
    #expect(fixture.flow.listen(fixture.reading))
    let ended = Monitor(0)
    for _ in 0..<3 {
      _ = startThread("worker") { if !fixture.flow.listen(fixture.reading) { ended.change { $0 += 1 } } }
    }
    fixture.waitForParked()
    fixture.flow.end()
    ended.wait { $0 == 3 ? () : nil }
  }

  @Test func aRequestIsHeldUpWhenItWaitsAndAllAreAtWorkForLong() {
    var watch = FlowWatch()
    var looked = 0
    func isHeldUp(_ now: Int64, listeners: Int = 0, taken: Int = 7, isWaiting: Bool = true) -> Bool {
      watch.isAnyoneHeldUp(now, listeners: listeners, taken: taken) {
        looked += 1
        return isWaiting
      }
    }
    #expect(!isHeldUp(0, listeners: 1))
    #expect(!isHeldUp(1_000))
    #expect(looked == 0)
    // Nothing waits; then something does, but not for long yet.
    #expect(!isHeldUp(30_000, isWaiting: false))
    #expect(!isHeldUp(40_000))
    #expect(!isHeldUp(59_000))
    #expect(isHeldUp(60_000))
    // Another was taken meanwhile, or somebody listens: it begins anew.
    #expect(!isHeldUp(90_000))
    #expect(!isHeldUp(120_000, taken: 8))
    #expect(!isHeldUp(150_000, taken: 8))
    #expect(!isHeldUp(180_000, listeners: 1, taken: 8))
    #expect(!isHeldUp(210_000, taken: 8))
  }

  /// Requests of 1 MiB, one in a window, are still a flow; a window without any is its end.
  @Test func aFlowEndsWithAWindowInWhichNothingCame() {
    var rate = FlowRate(windowNanoseconds: 1_000_000, now: 0, taken: 5)
    func hasFallen(_ now: Int64, taken: Int) -> Bool { rate.hasFallen(now, taken: taken) }
    var taken = 5
    for millisecond in 1...20 {
      taken += 1
      #expect(!hasFallen(Int64(millisecond) * 1_000_000 - 400_000, taken: taken))
      #expect(!hasFallen(Int64(millisecond) * 1_000_000, taken: taken))
    }
    #expect(!hasFallen(20_900_000, taken: taken))
    #expect(hasFallen(21_000_000, taken: taken))
    // Over a long window it is one in two milliseconds.
    rate = FlowRate(windowNanoseconds: 10_000_000, now: 0, taken: 0)
    #expect(!hasFallen(10_000_000, taken: 5))
    #expect(hasFallen(20_000_000, taken: 9))
  }

  @Test func theCoreOfAThreadIsSeen() throws {
    let core = try #require(coreOf(thread: UInt32(cfuse3_thread_number())))
    #expect((0..<8192).contains(core))
    #expect(coreOf(thread: 0) == nil)
    #expect(coreOf(thread: .max) == nil)
  }
}

/// As above, with the kernel.
@Suite(.serialized, .enabled(if: canMount, "needs root and /dev/fuse"), .timeLimit(.minutes(2)))
struct MountedFlowTests {
  /// Answers for names that begin with "stuck" only when it may.
  private final class StickingFilesystem: MemoryFilesystem, @unchecked Sendable {
    // Unchecked: the state is behind its mutex.
    let state = Monitor((stuck: 0, mayGo: false))

    override func lookup(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, reply: consuming ReplyEntry) {
      if name == "stuck" {
        state.change { $0.stuck += 1 }
        state.wait { $0.mayGo ? () : nil }
      }
      super.lookup(request, name, in: folder, reply: reply)
    }
  }

  /// A worker that is kept on a core may have to start a thread, which would begin there and stay.
  @Test func aThreadThatAKeptOneStartsMayRunAnywhere() {
    var all: [Int32] = [0, 0]
    let count = cfuse3_cores(&all)
    guard count > 1 else { return }
    let counts = Mutex<[Int32]>([])
    let first = all[0]
    let kept = Platform.Thread(name: "kept") {
      #expect(cfuse3_keep_on(0, first, first) == 0)
      var found: [Int32] = [0, 0]
      counts.withLock { $0.append(cfuse3_cores(&found)) }
      let started = Platform.Thread(name: "started") {
        var found: [Int32] = [0, 0]
        counts.withLock { $0.append(cfuse3_cores(&found)) }
      }
      started.join()
    }
    kept.join()
    #expect(counts.withLock { $0 } == [1, count])
  }

  @Test func workersThatAreHeldHoldNobodyElse() throws {
    let folder = TemporaryFolder()
    let path = folder.makeFolder("m")
    let filesystem = StickingFilesystem()
    let session = try Session(filesystem, at: path)
    for count in 1...3 { #expect(mkdir("\(path)/\(count)", 0o755) == 0) }
    for count in 1...3 {
      // In folders of their own: the kernel looks up one name of a folder at a time.
      _ = startThread("asks") { _ = access("\(path)/\(count)/stuck", F_OK) }
      // One worker more is held in the midst of a flow.
      var found = 0
      for _ in 0..<200 { found += access("\(path)/\(count)", F_OK) == 0 ? 1 : 0 }
      #expect(found == 200)
      filesystem.state.wait { $0.stuck == count ? () : nil }
      for _ in 0..<200 { found += access("\(path)/\(count)", F_OK) == 0 ? 1 : 0 }
      #expect(found == 400)
    }
    filesystem.state.change { $0.mayGo = true }
    try session.unmount(.abort)
    #expect(session.hasEnded)
  }
}
