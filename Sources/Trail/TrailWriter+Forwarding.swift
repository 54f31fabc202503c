import Platform
import VaultFormat

/// Records go to the sinks as the keeper learns that they are on disk: whoever appends does nothing for it, and nothing is told that the trail does not hold.
extension TrailWriter {
  func startForwarding() {
    for (place, forwarder) in forwarders.enumerated() {
      forwarder.note = { [weak self] in self?.record($0, of: place + 1) }
      forwarder.start()
    }
  }

  /// Records that were synced. By the keeper, without the lock.
  func forward(_ records: RetainedRecords, of segment: SegmentWriter) {
    for forwarder in forwarders { forwarder.offer(records, segment: segment.number, base: segment.base) }
  }

  /// Records that were sealed again into a new segment, one after the other behind what it restates. By the keeper, without the lock.
  func forward(carried: [RetainedRecords], from base: Record.TimeBase, into segment: SegmentWriter, after last: UInt64) {
    guard !forwarders.isEmpty else { return }
    var sequence = last
    for records in carried {
      records.forEach { (bytes, _) in
        sequence += 1
        for forwarder in forwarders { forwarder.offer(bytes, segment: segment.number, sequence: sequence, base: base) }
      }
    }
  }

  /// That records did not reach a sink is on record, at the beginning and at the end of it.
  private func record(_ note: RecordForwarder.Note, of place: Int) {
    guard !lock.withLock({ isEnding }) else { return }
    var record = Record(.alert)
    let kind: String
    switch note {
    case .failed(let error):
      kind = "forwarding-failed"
      record.details = [Record.Detail("reason", error.description)]
    case .lost(let count):
      kind = "records-not-forwarded"
      record.count = count
    case .resumed(let lost):
      kind = "forwarding-resumed"
      record.count = lost
    }
    record.details = [Record.Detail("kind", kind), Record.Detail("sink", String(place))] + record.details
    appendAlways(record)
  }

  /// Before the last checkpoint: what the sinks still wait for is given, for as long as patience lasts, or its loss is on record.
  func settleForwarding() {
    guard !forwarders.isEmpty else { return }
    do throws(TrailError) { try sync() } catch { return }
    let until = Clock.boot() + settings.patienceNanoseconds
    for (place, forwarder) in forwarders.enumerated() {
      let left = forwarder.drain(until: until)
      guard left > 0 else { continue }
      var record = Record(.alert)
      record.count = left
      record.details = [Record.Detail("kind", "records-not-forwarded"), Record.Detail("sink", String(place + 1))]
      if let failure = forwarder.present { record.details.append(Record.Detail("reason", failure.description)) }
      appendAlways(record)
    }
  }

  func endForwarding() {
    let until = Clock.boot() + settings.patienceNanoseconds
    for forwarder in forwarders { forwarder.end(until: until) }
  }
}
