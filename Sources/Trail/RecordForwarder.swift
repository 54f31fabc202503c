import Glibc
package import Platform
import Sodium
import Synchronization
import VaultFormat

/// A place elsewhere that is given the records in the clear, each once it is on disk here.
package protocol RecordSink: Sendable {
  /// Called from a thread of its own with records in the trail's order; may block. Records that throw are given again, all of them: what is there may hold
  /// some twice, told by their sequence.
  func send(_ records: [TrailReader.Entry]) throws(SystemError)
}

/// Hands records to one sink from a thread of its own. A sink that is down or slow is in nobody's way: its queue fills, and what is lost then is counted.
final class RecordForwarder: @unchecked Sendable {
  private let sink: any RecordSink
  private let queue: RecordQueue
  private let retryNanoseconds: Int64
  private let lostTotal = Atomic<UInt64>(0)
  private let hasEnded = Atomic<Bool>(false)
  private let lock = Lock()
  /// Guarded by `lock`: why the sink takes nothing, while it does not.
  private var failure: SystemError?
  /// Told when the sink takes nothing, and when it does again: with the number of records that it will never be given. Set before the first record.
  var note: (@Sendable (Note) -> Void)?

  enum Note: Sendable {
    case failed(SystemError)
    /// Records that came while the queue was full, since the last word.
    case lost(UInt64)
    case resumed(lost: UInt64)
  }

  private static let batchCountMax = 64

  /// - Throws: where its queue's memory cannot be locked.
  init(_ sink: any RecordSink, _ settings: TrailSettings) throws(SodiumError) {
    self.sink = sink
    retryNanoseconds = settings.retryNanoseconds
    queue = try RecordQueue(byteCount: settings.sinkQueueByteCount)
  }

  func start() {
    _ = Thread(name: "trail-forward") {
      self.run()
      self.hasEnded.store(true, ordering: .releasing)
    }
  }

  /// Records that the sink was not given and will not be.
  var lostCount: UInt64 { lostTotal.load(ordering: .relaxed) }

  /// Why the sink takes nothing at present.
  var present: SystemError? { lock.withLock { failure } }

  /// Takes records that are on disk now. Never waits.
  func offer(_ records: RetainedRecords, segment: UInt64, base: Record.TimeBase) {
    records.forEach { (bytes, sequence) in offer(bytes, segment: segment, sequence: sequence, base: base) }
  }

  func offer(_ record: UnsafeRawBufferPointer, segment: UInt64, sequence: UInt64, base: Record.TimeBase) {
    queue.add(record, segment: segment, sequence: sequence, base: base)
  }

  /// Waits until all that was offered was given, or so long. Returns how many were not.
  func drain(until: Int64) -> UInt64 { UInt64(queue.drain(until: until)) + queue.takeLost() }

  /// Gives up what is left when the sink does not take it at once; returns when that is done, or at `until`.
  func end(until: Int64) {
    queue.end()
    while !hasEnded.load(ordering: .acquiring), until > Clock.boot() { usleep(1_000) }
  }

  private func run() {
    var isDown = false
    var lostInARow: UInt64 = 0
    func tellLost() {
      let lost = queue.takeLost()
      guard lost > 0 else { return }
      lostTotal.add(lost, ordering: .relaxed)
      // Once when it begins; how many in all is told when it is over.
      if lostInARow == 0 { note?(.lost(lost)) }
      lostInARow += lost
    }
    while let batch = queue.next(Self.batchCountMax) {
      do throws(SystemError) {
        if !batch.entries.isEmpty { try sink.send(batch.entries) }
        queue.remove(batch)
        lock.withLock { failure = nil }
        tellLost()
        if isDown || (lostInARow > 0 && queue.waitingCount == 0) {
          note?(.resumed(lost: lostInARow))
          isDown = false
          lostInARow = 0
        }
      } catch {
        lock.withLock { failure = error }
        if !isDown { note?(.failed(error)) }
        isDown = true
        tellLost()
        if queue.hasEnding { return }
        queue.pause(nanoseconds: retryNanoseconds)
      }
    }
  }
}
