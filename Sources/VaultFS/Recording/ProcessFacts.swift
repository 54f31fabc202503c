import Platform

/// What was last seen of the threads that send requests: asking /proc for each request would cost more than the request.
final class ProcessFacts: @unchecked Sendable {
  private struct Entry {
    let facts: ProcessSight
    let until: Int64
  }

  /// Guards `entries`. A thread's facts are looked up anew after this time, since a program can become another.
  private static let freshNanoseconds: Int64 = 50_000_000
  private let lock = Lock()
  private var entries: [Int32: Entry] = [:]

  func facts(ofThread thread: Int32) -> ProcessSight {
    guard thread > 0 else { return ProcessSight(process: thread) }
    let now = Clock.boot()
    if let known = lock.withLock({ entries[thread] }), now < known.until { return known.facts }
    let facts = ProcessSight.of(thread: thread)
    lock.withLock {
      if entries.count > 4096 { entries = [:] }
      entries[thread] = Entry(facts: facts, until: now + Self.freshNanoseconds)
    }
    return facts
  }
}
