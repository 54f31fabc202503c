import Glibc
import Platform
import Testing
import VaultFormat

@testable import Vault

/// Who waits for a commit, with a thread or without, and what they are told. The rounds are the test's own.
@Suite struct CommitterTests {
  /// Rounds that go on until they are let, one after the other.
  private final class Rounds: @unchecked Sendable {
    private let lock = Lock()
    private let changed = Condition()
    private var begun = 0
    private var ended = 0
    private var outcomes: [VaultError?] = []

    func run() -> VaultError? {
      lock.withLock {
        begun += 1
        let number = begun
        changed.broadcast()
        while outcomes.count < number { changed.wait(lock) }
        return outcomes[number - 1]
      }
    }

    func waitForBeginning(of number: Int) { lock.withLock { while begun < number { changed.wait(lock) } } }

    /// Lets the next round end so.
    func end(with failure: VaultError?) {
      lock.withLock {
        outcomes.append(failure)
        changed.broadcast()
      }
    }
  }

  /// What somebody was told, each time.
  private final class Told: @unchecked Sendable {
    private let lock = Lock()
    private var answers: [String] = []

    func hear(_ failure: VaultError?) { lock.withLock { answers.append(failure.map { "\($0)" } ?? "done") } }

    var all: [String] { lock.withLock { answers } }

    /// Waits for the first.
    var first: String {
      while true {
        if let first = all.first { return first }
        usleep(200)
      }
    }
  }

  private static let hour = 3600 * 1_000_000_000

  private func committer(_ rounds: Rounds, patience: Int = hour) -> Committer {
    let committer = Committer(
      CommitRecord(number: 1, predecessor: 0, digest: .zero, generation: 1, latestTime: 0), lastTried: 1,
      patience: Int64(patience))
    committer.start(interval: Self.hour, documentLimit: .max, hasWork: { false }, run: { rounds.run() })
    return committer
  }

  private func waitingThread(_ committer: Committer, _ told: Told) -> Platform.Thread {
    Platform.Thread(name: "committer-test") {
      do throws(VaultError) {
        try committer.commitAndWait()
        told.hear(nil)
      } catch { told.hear(error) }
    }
  }

  /// Neither a round that was under way when they asked counts for them, nor one after theirs.
  @Test func everybodyIsToldOfTheFirstRoundThatBeganAfterTheyAsked() {
    let rounds = Rounds()
    let committer = committer(rounds)
    let told = (0..<4).map { _ in Told() }
    committer.commit { told[0].hear($0) }
    rounds.waitForBeginning(of: 1)
    committer.commit { told[1].hear($0) }
    committer.commit { told[2].hear($0) }
    rounds.end(with: nil)
    rounds.waitForBeginning(of: 2)
    committer.commit { told[3].hear($0) }
    rounds.end(with: .outOfSpace)
    rounds.end(with: nil)
    #expect(told[0].first == "done")
    #expect(told[1].first == "outOfSpace")
    #expect(told[2].first == "outOfSpace")
    #expect(told[3].first == "done")
    committer.stop()
    for one in told { #expect(one.all.count == 1) }
  }

  @Test func aThreadThatWaitsIsToldTheSame() {
    let rounds = Rounds()
    let committer = committer(rounds)
    for (round, failure) in [nil, VaultError.outOfSpace, nil].enumerated() {
      let told = Told()
      let thread = waitingThread(committer, told)
      rounds.waitForBeginning(of: round + 1)
      #expect(told.all == [])
      rounds.end(with: failure)
      thread.join()
      #expect(told.all == [failure == nil ? "done" : "outOfSpace"])
    }
    committer.stop()
  }

  /// Whoever holds no thread is told that the disk does not answer; whoever does, waits for it.
  @Test func onlyThoseWithoutAThreadLosePatience() {
    let rounds = Rounds()
    let committer = committer(rounds, patience: 1_000_000)
    let (patient, impatient) = (Told(), Told())
    let thread = waitingThread(committer, patient)
    rounds.waitForBeginning(of: 1)
    committer.commit { impatient.hear($0) }
    #expect(impatient.first.contains("the disk does not answer"))
    #expect(patient.all == [])
    rounds.end(with: nil)
    rounds.end(with: nil)
    thread.join()
    #expect(patient.all == ["done"])
    committer.stop()
    #expect(impatient.all.count == 1, "the round that came after all has nothing to add")
  }

  @Test func afterTheEndEverybodyIsRefused() {
    let rounds = Rounds()
    let committer = committer(rounds)
    let (before, after, thread) = (Told(), Told(), Told())
    rounds.end(with: nil)
    committer.commit { before.hear($0) }
    committer.stop()
    #expect(before.all == ["done"])
    committer.commit { after.hear($0) }
    waitingThread(committer, thread).join()
    for told in [after, thread] { #expect(told.all.count == 1 && told.first.contains("the vault is being closed")) }
  }
}
