package import VaultFormat

/// One record of the trail as a reviewer reads it: what it leaves to the OPEN of its handle is filled in.
package struct LogEntry: Sendable {
  package var segment: UInt64
  package var sequence: UInt64
  package var record: Record
  /// The handle's OPEN repeated at the start of a segment: not an event.
  package var isRestated = false
  /// Handles are numbered anew by each mount: the run that this one belongs to.
  package var run: UInt64 = 0
  /// Who opened the handle, where that is known.
  package var openerUID: UInt32?

  package init(segment: UInt64, sequence: UInt64, record: Record) {
    self.segment = segment
    self.sequence = sequence
    self.record = record
  }

  /// The grants, barriers and boundaries that the record speaks of: what decided, and what was given or taken.
  package var rules: [RuleID] {
    var rules: [RuleID] = []
    switch record.decision {
    case .grant(let id), .creator(let id), .barrier(let id): rules.append(id)
    default: break
    }
    for detail in record.details where detail.key == "rule" || detail.key == "target-grant" {
      if let number = UInt64(detail.value) { rules.append(RuleID(number)) }
    }
    return rules
  }

  package func detail(_ key: String) -> String? { record.details.first { $0.key == key }?.value }

  /// Fills in what the record leaves to its handle's OPEN. `LogMatcher` knows the same of records where they lie.
  mutating func complete(by opened: Record) {
    openerUID = opened.actor?.uid
    if record.actor == nil {
      record.actor = opened.actor
    } else if let actor = record.actor, actor.uid == opened.actor?.uid {
      // RELEASE has no caller worth the name, and names its opener alone.
      if actor.program == nil, actor.pid == 0 { record.actor = opened.actor }
    }
    if record.object == nil {
      record.object = opened.object
    } else if record.object?.path.isEmpty == true, let object = opened.object {
      record.object?.path = object.path
      if record.object?.size == nil { record.object?.size = object.size }
    }
    if record.decision == nil, record.opener == nil, record.action != .release { record.decision = opened.decision }
  }
}
