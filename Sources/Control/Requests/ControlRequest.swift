package import VaultFormat

/// All that can be asked of a running mount. The mount judges each for the peer's uid; nothing in a request says who asks.
///
/// In JSON `{"kind":"grant-add","body":{…}}`. Kinds are never renamed; a server answers one that it does not know with a failure.
package enum ControlRequest: Sendable, Equatable {
  case status
  case grantAdd(GrantAddRequest)
  case grantImport(GrantImportRequest)
  case grantList(RuleListRequest)
  case grantRevoke(RuleRemoveRequest)
  case barrierAdd(BarrierAddRequest)
  case barrierList(RuleListRequest)
  case barrierRemove(RuleRemoveRequest)
  case boundarySet(BoundaryRequest)
  case boundaryClear(BoundaryRequest)
  case boundaryList(RuleListRequest)
  case accessExplain(ExplainRequest)
  case accessWho(WhoRequest)
  case accessWhat(WhatRequest)
  case accessConflicts
  case dutyAdd(DutyRequest)
  case dutyRemove(DutyRequest)
  case dutyList
  case reviewOpen(ReviewOpenRequest)
  case reviewList
  case reviewShow(ReviewShowRequest)
  case reviewDecide(ReviewDecideRequest)
  case reviewClose(RuleRemoveRequest)
  case keyList
  case keyChange(KeyChangeRequest)
  case reviewerAdd(ReviewerAddRequest)
  case reviewerRetire(ReviewerRetireRequest)
  case reviewerList
  case review(ReviewNotice)
  case verify(VerifyRequest)
  case unmount
}

package struct GrantAddRequest: Codable, Sendable, Hashable {
  package var path: VaultPath
  package var to: PrincipalName
  package var rights: Rights
  /// Valid from (inclusive) until (exclusive); absent is unlimited.
  package var from: WallTime?
  package var until: WallTime?
  package var reason: String

  package init(path: VaultPath, to: PrincipalName, rights: Rights, from: WallTime? = nil, until: WallTime? = nil, reason: String)
  {
    self.path = path
    self.to = to
    self.rights = rights
    self.from = from
    self.until = until
    self.reason = reason
  }
}

/// Many grants at once, all or nothing: what the lines of a file say is brought about.
package struct GrantImportRequest: Codable, Sendable, Hashable {
  package struct Line: Codable, Sendable, Hashable {
    /// Where it stands in the file, from 1.
    package var line: Int
    /// The grant that it speaks of; absent for a new one.
    package var id: RuleID?
    package var grant: GrantAddRequest

    package init(line: Int, id: RuleID?, grant: GrantAddRequest) {
      self.line = line
      self.id = id
      self.grant = grant
    }
  }

  package var lines: [Line]
  /// Grants at and below it that no line speaks of are revoked; absent: none.
  package var pruning: VaultPath?
  /// Of what is revoked.
  package var reason: String
  /// Only says what would be done.
  package var isDryRun: Bool

  package init(lines: [Line], pruning: VaultPath?, reason: String, isDryRun: Bool) {
    self.lines = lines
    self.pruning = pruning
    self.reason = reason
    self.isDryRun = isDryRun
  }
}

/// Rules at and below a path (absent: the whole vault) that name a principal (absent: any).
package struct RuleListRequest: Codable, Sendable, Hashable {
  package var path: VaultPath?
  package var to: PrincipalName?
  /// Of grants: only live ones that end by then.
  package var endingBy: WallTime?

  package init(path: VaultPath? = nil, to: PrincipalName? = nil, endingBy: WallTime? = nil) {
    self.path = path
    self.to = to
    self.endingBy = endingBy
  }
}

package struct RuleRemoveRequest: Codable, Sendable, Hashable {
  package var id: RuleID
  package var reason: String

  package init(id: RuleID, reason: String) {
    self.id = id
    self.reason = reason
  }
}

package struct BarrierAddRequest: Codable, Sendable, Hashable {
  package var path: VaultPath
  package var against: PrincipalName
  /// What the wall is called.
  package var name: String
  package var reason: String
  package var from: WallTime?
  package var until: WallTime?

  package init(
    path: VaultPath, against: PrincipalName, name: String, reason: String, from: WallTime? = nil, until: WallTime? = nil
  ) {
    self.path = path
    self.against = against
    self.name = name
    self.reason = reason
    self.from = from
    self.until = until
  }
}

package struct BoundaryRequest: Codable, Sendable, Hashable {
  package var path: VaultPath
  package var reason: String

  package init(path: VaultPath, reason: String) {
    self.path = path
    self.reason = reason
  }
}

package struct DutyRequest: Codable, Sendable, Hashable {
  package var duty: Duty.Kind
  package var principal: PrincipalName
  package var reason: String

  package init(duty: Duty.Kind, principal: PrincipalName, reason: String) {
    self.duty = duty
    self.principal = principal
    self.reason = reason
  }
}

package struct ExplainRequest: Codable, Sendable, Hashable {
  package var principal: PrincipalName
  /// Exactly one right.
  package var right: Rights
  package var path: VaultPath
  /// The moment to judge; absent is now.
  package var at: WallTime?
  /// A grant to suppose as well.
  package var supposing: RuleID?
  /// A grant to suppose gone.
  package var without: RuleID?

  package init(
    principal: PrincipalName, right: Rights, path: VaultPath, at: WallTime? = nil, supposing: RuleID? = nil,
    without: RuleID? = nil
  ) {
    self.principal = principal
    self.right = right
    self.path = path
    self.at = at
    self.supposing = supposing
    self.without = without
  }
}

package struct WhoRequest: Codable, Sendable, Hashable {
  package var path: VaultPath
  package var at: WallTime?

  package init(path: VaultPath, at: WallTime? = nil) {
    self.path = path
    self.at = at
  }
}

package struct WhatRequest: Codable, Sendable, Hashable {
  package var principal: PrincipalName
  package var at: WallTime?

  package init(principal: PrincipalName, at: WallTime? = nil) {
    self.principal = principal
    self.at = at
  }
}

/// A new vault.json for a running mount: key slots were added, removed or changed by a process that holds the root key.
///
/// No secret travels: the slot is sealed already, and the MAC under the root key is the proof that the sender may do it. The mount checks the MAC, that
/// the vault is its own, and that the generation is its own plus one, and does the change in the order of DESIGN §4.
package struct KeyChangeRequest: Codable, Sendable, Hashable {
  package enum Action: String, Codable, Sendable {
    case add, remove, change
  }

  /// What the KEY record will say.
  package var action: Action
  /// The slot that it is about.
  package var slot: UInt64
  /// The whole file, as it is to be on disk.
  package var vaultFile: String

  package init(action: Action, slot: UInt64, vaultFile: String) {
    self.action = action
    self.slot = slot
    self.vaultFile = vaultFile
  }
}

package struct ReviewerAddRequest: Codable, Sendable, Hashable {
  package var label: String
  /// The line of the reviewer's `.pub` file.
  package var publicKey: String

  package init(label: String, publicKey: String) {
    self.label = label
    self.publicKey = publicKey
  }
}

/// A reviewer who is to read no segment that begins from now on.
package struct ReviewerRetireRequest: Codable, Sendable, Hashable {
  /// The fingerprint, or a label that only one reviewer bears.
  package var reviewer: String

  package init(reviewer: String) { self.reviewer = reviewer }
}

/// "A reviewer reads the trail on this machine": becomes a REVIEW record.
package struct ReviewNotice: Codable, Sendable, Hashable {
  /// Of the identity that opens the segments.
  package var fingerprint: String
  /// `query`, `verify`, `export`.
  package var command: String
  /// The filters, by option name.
  package var filters: [String: String]

  package init(fingerprint: String, command: String, filters: [String: String]) {
    self.fingerprint = fingerprint
    self.command = command
    self.filters = filters
  }
}

/// Verify the vault while it is mounted.
package struct VerifyRequest: Codable, Sendable, Hashable {
  package var isQuick: Bool
  /// Go on where an interrupted verification was.
  package var isResuming: Bool

  package init(isQuick: Bool, isResuming: Bool) {
    self.isQuick = isQuick
    self.isResuming = isResuming
  }
}

extension ControlRequest {
  /// Whether it fits into one frame.
  package var isSendable: Bool { ControlFrame.request(self).encode().count <= ControlLimits().frameByteCountMax }
}
