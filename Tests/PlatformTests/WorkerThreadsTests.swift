import Glibc
import Platform
import Synchronization
import Testing

/// An owner as the program has them: numbers to be added up, each without the lock.
private final class Adder: @unchecked Sendable {
  let workers = WorkerThreads()
  /// What waits when the end comes is still done; otherwise it is left.
  let finishes: Bool
  /// Guarded by the lock.
  var waiting: [Int] = []
  let sum = Atomic<Int>(0)
  let returned = Atomic<Int>(0)
  /// Where set, whoever has a number waits until it is open.
  let gate: Lock?

  init(finishes: Bool = true, gate: Lock? = nil) {
    self.finishes = finishes
    self.gate = gate
  }

  func start(_ threadCount: Int = 1) {
    for _ in 0..<threadCount {
      workers.start("adder") { [self] in
        while let number = next() {
          gate?.withLock {}
          sum.add(number, ordering: .relaxed)
        }
        returned.add(1, ordering: .relaxed)
      }
    }
  }

  func add(_ number: Int) {
    workers.lock.withLock {
      waiting.append(number)
      workers.wakeOne()
    }
  }

  private func next() -> Int? {
    workers.lock.withLock {
      workers.wait(while: waiting.isEmpty)
      return workers.isEnding && !finishes ? nil : waiting.popLast()
    }
  }
}

@Test func workersDoWhatIsGivenThemAndDrainSaysWhen() {
  for threadCount in [1, 2, 5] {
    let adder = Adder()
    adder.start(threadCount)
    for number in 1...1000 { adder.add(number) }
    adder.workers.drain(while: !adder.waiting.isEmpty)
    #expect(adder.sum.load(ordering: .relaxed) == 500_500)
    adder.add(7)
    adder.workers.drain(while: !adder.waiting.isEmpty)
    #expect(adder.sum.load(ordering: .relaxed) == 500_507)
    adder.workers.end()
    #expect(adder.returned.load(ordering: .relaxed) == threadCount)
  }
}

@Test func workGivenBeforeThereIsAThreadIsDoneByTheFirst() {
  let adder = Adder()
  adder.add(3)
  adder.start()
  adder.workers.drain(while: !adder.waiting.isEmpty)
  #expect(adder.sum.load(ordering: .relaxed) == 3)
  adder.workers.end()
}

/// The end waits for the piece of work under way; of the rest the body decides.
@Test(arguments: [true, false]) func whatWaitsAtTheEndIsDoneOrLeftAsTheBodySays(finishes: Bool) {
  let gate = Lock()
  let adder = Adder(finishes: finishes, gate: gate)
  gate.lock()
  adder.start()
  adder.add(100)
  while adder.workers.lock.withLock({ !adder.waiting.isEmpty }) { usleep(100) }
  for number in [1, 2, 3] { adder.add(number) }
  let ender = Platform.Thread(name: "ender") { adder.workers.end() }
  while adder.workers.lock.withLock({ !adder.workers.isEnding }) { usleep(100) }
  #expect(adder.returned.load(ordering: .relaxed) == 0)
  gate.unlock()
  ender.join()
  #expect(adder.returned.load(ordering: .relaxed) == 1)
  #expect(adder.sum.load(ordering: .relaxed) == (finishes ? 106 : 100))
  #expect(adder.waiting.count == (finishes ? 0 : 3))
}

@Test func theEndWakesAllAndCanBeAskedForAgain() {
  let adder = Adder()
  adder.start(4)
  adder.workers.drain(while: false)
  adder.workers.end()
  #expect(adder.returned.load(ordering: .relaxed) == 4)
  adder.workers.end()
  #expect(adder.returned.load(ordering: .relaxed) == 4)
  // Nobody is left to wait for.
  adder.workers.drain(while: false)
}

@Test func workersAreAtWorkFromTheFirstThreadToTheEnd() {
  let adder = Adder()
  func areAtWork() -> Bool { adder.workers.lock.withLock { adder.workers.areAtWork } }
  #expect(!areAtWork())
  adder.start()
  #expect(areAtWork())
  adder.workers.end()
  #expect(!areAtWork())
}

@Test func aWaitForAWhileEndsByTheClockByAWordAndByTheEnd() {
  let workers = WorkerThreads()
  let waits = Atomic<Int>(0)
  let year = 365 * 86_400 * 1_000_000_000
  workers.start("waiter") {
    workers.lock.withLock {
      for nanoseconds in [1_000_000, year, year, year] {
        workers.wait(nanoseconds: nanoseconds)
        waits.add(1, ordering: .relaxed)
      }
    }
  }
  // By the clock, and then by a word, which is given until it is heard.
  while waits.load(ordering: .relaxed) < 1 { usleep(100) }
  while waits.load(ordering: .relaxed) < 2 {
    workers.lock.withLock { workers.wakeOne() }
    usleep(100)
  }
  // One wait for a year ends by the end, and the next does not begin.
  workers.end()
  #expect(waits.load(ordering: .relaxed) == 4)
}
