package import VaultFormat

/// How a mount is: ids and counts, no names of its content. Anybody may ask; the figures are for root, the account that mounts and
/// whoever has a duty, and absent for others.
package struct StatusReport: Codable, Sendable, Hashable {
  /// What is wrong, if anything is: the mount goes on with what it can.
  package enum Trouble: String, Codable, Sendable, CaseIterable {
    /// The trail cannot be written or synced; operations are refused with EIO until it can.
    case trailRefusing = "trail-refusing"
    /// A commit failed; changes are refused until it was written.
    case changesRefused = "changes-refused"
    /// Users or groups cannot be asked for.
    case identitiesUnknown = "identities-unknown"
    /// A review of grants is open past its date.
    case reviewOverdue = "review-overdue"
    /// The wall clock was set back.
    case clockSetBack = "clock-set-back"
  }

  /// What is wrong, with the system's own reason.
  package struct Problem: Codable, Sendable, Hashable {
    package var trouble: Trouble
    /// The system's reason, such as `write: No space left on device`.
    package var reason: String
    package var since: WallTime

    package init(trouble: Trouble, reason: String, since: WallTime) {
      self.trouble = trouble
      self.reason = reason
      self.since = since
    }
  }

  /// What the mount does and holds at the moment.
  package struct Load: Codable, Sendable, Hashable {
    /// Requests of the kernel since mounting, those not answered yet, and those refused by rights.
    package var operationCount: UInt64
    package var queuedOperationCount: UInt64
    package var refusalCount: UInt64
    /// Memory of the process, and within it content that was written and is not sealed yet.
    package var residentByteCount: UInt64
    package var unsealedByteCount: UInt64
    /// Nil where the process cannot count its own.
    package var descriptorCount: UInt64?
    /// Age of the oldest record that is not known to be on disk, in nanoseconds; 0 for none.
    package var trailLagNanoseconds: Int64

    package init(
      operationCount: UInt64, queuedOperationCount: UInt64, refusalCount: UInt64, residentByteCount: UInt64,
      unsealedByteCount: UInt64, descriptorCount: UInt64?, trailLagNanoseconds: Int64
    ) {
      self.operationCount = operationCount
      self.queuedOperationCount = queuedOperationCount
      self.refusalCount = refusalCount
      self.residentByteCount = residentByteCount
      self.unsealedByteCount = unsealedByteCount
      self.descriptorCount = descriptorCount
      self.trailLagNanoseconds = trailLagNanoseconds
    }
  }

  package var vault: VaultID
  package var mountpoint: String
  package var pid: Int32
  package var mounted: WallTime
  /// The user of a private mount.
  package var privateUser: String?
  /// The generation of vault.json.
  package var generation: UInt64?
  package var commitNumber: UInt64?
  package var nodeCount: UInt64?
  package var uncommittedNodeCount: UInt64?
  package var openHandleCount: UInt64?
  package var grantCount: UInt64?
  package var barrierCount: UInt64?
  package var boundaryCount: UInt64?
  package var trailSegment: UInt64?
  package var trailRecordCount: UInt64?
  package var unsyncedRecordCount: UInt64?
  package var lastCheckpoint: WallTime?
  /// Absent from a mount of an earlier program.
  package var load: Load?
  package var problems: [Problem]
  /// Of the mount, as its MOUNT record says.
  package var configuration: [String: String]?

  package init(
    vault: VaultID, mountpoint: String, pid: Int32, mounted: WallTime, privateUser: String? = nil, generation: UInt64,
    commitNumber: UInt64, nodeCount: UInt64, uncommittedNodeCount: UInt64, openHandleCount: UInt64, grantCount: UInt64,
    barrierCount: UInt64, boundaryCount: UInt64, trailSegment: UInt64, trailRecordCount: UInt64, unsyncedRecordCount: UInt64,
    lastCheckpoint: WallTime?, load: Load? = nil, problems: [Problem], configuration: [String: String]
  ) {
    self.vault = vault
    self.mountpoint = mountpoint
    self.pid = pid
    self.mounted = mounted
    self.privateUser = privateUser
    self.generation = generation
    self.commitNumber = commitNumber
    self.nodeCount = nodeCount
    self.uncommittedNodeCount = uncommittedNodeCount
    self.openHandleCount = openHandleCount
    self.grantCount = grantCount
    self.barrierCount = barrierCount
    self.boundaryCount = boundaryCount
    self.trailSegment = trailSegment
    self.trailRecordCount = trailRecordCount
    self.unsyncedRecordCount = unsyncedRecordCount
    self.lastCheckpoint = lastCheckpoint
    self.load = load
    self.problems = problems
    self.configuration = configuration
  }

  /// What anybody may know: which mount it is, and whether it is well.
  package var withoutFigures: StatusReport {
    var report = self
    (report.generation, report.commitNumber, report.nodeCount, report.uncommittedNodeCount) = (nil, nil, nil, nil)
    (report.openHandleCount, report.grantCount, report.barrierCount, report.boundaryCount) = (nil, nil, nil, nil)
    (report.trailSegment, report.trailRecordCount, report.unsyncedRecordCount, report.lastCheckpoint) = (nil, nil, nil, nil)
    (report.load, report.configuration) = (nil, nil)
    return report
  }
}
