import Access
import Vault
package import VaultFormat

/// Many grants at once: what a file says against what stands, all or nothing.
extension VaultFS {
  /// One line of a file of grants.
  package struct GrantLine: Sendable {
    /// Where it stands in the file, from 1.
    package var line: Int
    /// The grant that it speaks of; nil for one to be given.
    package var id: RuleID?
    package var path: [UInt8]
    package var principalName: String
    package var rights: Rights
    package var from: Int64?
    package var until: Int64?
    package var reason: String

    package init(
      line: Int, id: RuleID?, path: [UInt8], principalName: String, rights: Rights, from: Int64?, until: Int64?, reason: String
    ) {
      self.line = line
      self.id = id
      self.path = path
      self.principalName = principalName
      self.rights = rights
      self.from = from
      self.until = until
      self.reason = reason
    }
  }

  /// What an import does, or would do.
  package enum ImportStep: Sendable {
    /// Without a number in a dry run.
    case add(line: Int, Grant)
    /// The grant is revoked, and given anew as the line has it.
    case replace(line: Int, old: Grant, new: Grant)
    /// Stands at or below the folder that the file is to describe whole, and is not in it.
    case revoke(Grant)
    /// Why the line cannot be done; then nothing is.
    case problem(line: Int, AdministrationFailure)
  }

  /// Brings the grants to what the lines say. Lines that say what stands change nothing.
  ///
  /// - Parameters:
  ///   - pruned: of the grants at and below this folder, those that no line speaks of are revoked; nil: none.
  ///   - reason: of revocations.
  /// - Returns: all steps. Nothing was done where one is a problem, or in a dry run; otherwise all are on disk, in one commit.
  package func importGrants(
    _ caller: Caller, _ lines: [GrantLine], pruning pruned: [UInt8]?, reason: String, isDryRun: Bool
  ) throws(AdministrationFailure) -> [ImportStep] {
    try changingRules(caller) { change throws(AdministrationFailure) in
      try importGrants(change, lines, pruning: pruned, reason: reason, isDryRun: isDryRun)
    }
  }

  private func importGrants(
    _ change: RuleChange, _ lines: [GrantLine], pruning pruned: [UInt8]?, reason: String, isDryRun: Bool
  ) throws(AdministrationFailure) -> [ImportStep] {
    let judge = try manager(change)
    guard Self.isText(reason, byteCountMax: 4096) else { throw .badText }
    var comparison = GrantComparison(standing: try grants(judge, under: nil, to: nil))
    var steps: [ImportStep] = []
    for line in lines {
      do throws(AdministrationFailure) {
        if let step = try step(for: line, &comparison, change) { steps.append(step) }
      } catch { steps.append(.problem(line: line.line, error)) }
    }
    if let pruned {
      for grant in try grants(judge, under: pruned, to: nil) where !comparison.isMentioned(grant) {
        // One's own are listed where one manages nothing.
        guard let place = try standing(atRule: grant.folder, judge), place.standing.allows(.grant) else { continue }
        _ = try judgedRevocation(of: grant, judge)
        steps.append(.revoke(grant))
      }
    }
    let hasProblem = steps.contains { if case .problem = $0 { true } else { false } }
    guard !isDryRun, !hasProblem, !steps.isEmpty else { return steps }
    return try carryOut(steps, change, reason: reason)
  }

  private func step(
    for line: GrantLine, _ comparison: inout GrantComparison, _ change: RuleChange
  ) throws(AdministrationFailure) -> ImportStep? {
    let judge = change.judge
    let folder = try findFolder(line.path, judge).folder.id
    let old = try comparison.match(line, at: folder)
    if let old, comparison.isSame(old, line, at: folder) { return nil }
    let wanted = WantedGrant(
      path: line.path, principalName: line.principalName, rights: line.rights, from: line.from, until: line.until,
      reason: line.reason)
    let new = try judged(wanted, change).grant
    guard let old else { return .add(line: line.line, new) }
    _ = try judgedRevocation(of: old, judge)
    return .replace(line: line.line, old: old, new: new)
  }

  /// Gives numbers, records every step, and commits them together.
  private func carryOut(
    _ steps: [ImportStep], _ change: RuleChange, reason: String
  ) throws(AdministrationFailure) -> [ImportStep] {
    let judge = change.judge
    var done: [ImportStep] = []
    var edits: [RuleEdit] = []
    var records: [Record] = []
    var (gone, given): (Set<RuleID>, [Grant]) = ([], [])
    func take(_ grant: Grant, _ action: Record.Action, reason: String) throws(AdministrationFailure) {
      guard let place = try standing(atRule: grant.folder, judge) else { throw .noSuchPath }
      var record = record(of: grant, action, judge, place, reason: reason)
      record.details.append(Record.Detail("operation", "import"))
      records.append(record)
      if action == .grant {
        edits.append(.add(.grant(grant)))
        given.append(grant)
      } else {
        edits.append(.remove(.grant(grant)))
        gone.insert(grant.id)
      }
    }
    for step in steps {
      switch step {
      case .add(let line, var new):
        new.id = try newRuleID()
        try take(new, .grant, reason: new.reason)
        done.append(.add(line: line, new))
      case .replace(let line, let old, var new):
        new.id = try newRuleID()
        try take(old, .revoke, reason: reason)
        try take(new, .grant, reason: new.reason)
        done.append(.replace(line: line, old: old, new: new))
      case .revoke(let old):
        try take(old, .revoke, reason: reason)
        done.append(step)
      case .problem: continue
      }
    }
    try requireRootManager(without: gone, with: given, change)
    try commit(edits, records, change)
    return done
  }
}

/// The grants that stand, and which of them lines have spoken of.
private struct GrantComparison {
  /// What makes two grants say the same.
  private struct Content: Hashable {
    let folder: NodeID
    let principalName: String
    let rights: Rights
    let from: Int64?
    let until: Int64?
  }

  private var byID: [RuleID: Grant] = [:]
  private var byContent: [Content: Grant] = [:]
  private var mentioned: [RuleID: Int] = [:]
  /// Lines that give something new.
  private var given: [Content: Int] = [:]

  init(standing grants: [Grant]) {
    for grant in grants {
      byID[grant.id] = grant
      byContent[Self.content(of: grant)] = grant
    }
  }

  /// The grant that a line speaks of: by its number, or because it says what the line says.
  mutating func match(_ line: VaultFS.GrantLine, at folder: NodeID) throws(AdministrationFailure) -> Grant? {
    let content = Self.content(of: line, at: folder)
    if let id = line.id {
      guard let grant = byID[id] else { throw .noSuchRule(id) }
      try mention(grant, line.line)
      return grant
    }
    if let same = byContent[content], mentioned[same.id] == nil {
      try mention(same, line.line)
      return same
    }
    if let earlier = byContent[content].flatMap({ mentioned[$0.id] }) ?? given[content] { throw .repeatsLine(earlier) }
    given[content] = line.line
    return nil
  }

  func isSame(_ grant: Grant, _ line: VaultFS.GrantLine, at folder: NodeID) -> Bool {
    // A line without a number matched by what it says; its reason is that of a grant that would be new.
    Self.content(of: grant) == Self.content(of: line, at: folder) && (line.id == nil || grant.reason == line.reason)
  }

  func isMentioned(_ grant: Grant) -> Bool { mentioned[grant.id] != nil }

  private mutating func mention(_ grant: Grant, _ line: Int) throws(AdministrationFailure) {
    if let earlier = mentioned.updateValue(line, forKey: grant.id) { throw .repeatsLine(earlier) }
  }

  private static func content(of grant: Grant) -> Content {
    Content(
      folder: grant.folder, principalName: grant.principal.description, rights: grant.rights, from: grant.from, until: grant.until
    )
  }

  private static func content(of line: VaultFS.GrantLine, at folder: NodeID) -> Content {
    Content(folder: folder, principalName: line.principalName, rights: line.rights, from: line.from, until: line.until)
  }
}
