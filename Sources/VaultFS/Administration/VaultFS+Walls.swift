import Access
import Trail
import Vault
package import VaultFormat

/// Barriers and boundaries.
extension VaultFS {
  /// Raises a wall against a principal at a folder and all below it.
  package func addBarrier(
    _ caller: Caller, on path: [UInt8], against principalName: String, name: String, from: Int64?, until: Int64?, reason: String
  ) throws(AdministrationFailure) -> Barrier {
    try changingRules(caller) { change throws(AdministrationFailure) in
      let judge = try manager(change)
      guard Self.isText(reason, byteCountMax: 4096), Self.isText(name, byteCountMax: 255) else { throw .badText }
      let (folder, standing) = try findFolder(path, judge)
      try allow(judge, folder) { () throws(AdministrationError) in try Administration.mayAskAboutOthers(at: folder.id, standing) }
      try requireRootDuty(folder, judge)
      let barrier = Barrier(
        id: try newRuleID(), folder: folder.id, principal: try principal(principalName, change), owner: judge.subject.user,
        name: name, reason: reason, from: from, until: until, raised: judge.now)
      try allow(judge, folder) { () throws(AdministrationError) in
        try Administration.mayRaise(barrier, by: judge.subject, standing, now: judge.now)
      }
      var record = record(.barrier, judge, folder, standing, rule: barrier.id, reason: reason)
      record.details += [
        Record.Detail("change", "raised"), Record.Detail("against", barrier.principal.description), Record.Detail("name", name),
      ]
      try commit([.add(.barrier(barrier))], [record], change)
      return barrier
    }
  }

  /// Lifts a barrier. Its owner may, and whoever has `grant` there and above; nobody whom it names.
  package func removeBarrier(_ caller: Caller, _ id: RuleID, reason: String) throws(AdministrationFailure) -> Barrier {
    try changingRules(caller) { change throws(AdministrationFailure) in
      let judge = try manager(change)
      guard Self.isText(reason, byteCountMax: 4096) else { throw .badText }
      guard let barrier = vault.barriers.first(where: { $0.id == id }), let place = try standing(atRule: barrier.folder, judge)
      else {
        throw .noSuchRule(id)
      }
      let above = try parentStanding(place.folder, judge)
      let knows =
        place.standing.allows(.grant) || (above?.standing.allows(.grant) ?? false) || judge.subject.isNamed(by: barrier.owner)
      guard knows else { throw .noSuchRule(id) }
      try allow(judge, place.folder) { () throws(AdministrationError) in
        try Administration.mayLift(barrier, by: judge.subject, place.standing, parentStanding: above?.standing)
      }
      try requireRootDuty(place.folder, judge)
      var record = record(.barrier, judge, place.folder, place.standing, rule: id, reason: reason)
      record.details += [Record.Detail("change", "lifted"), Record.Detail("against", barrier.principal.description)]
      try commit([.remove(.barrier(barrier))], [record], change)
      return barrier
    }
  }

  /// Barriers at or below a folder, as far as the caller manages the folders they stand on. Nobody is shown one for being named by it:
  /// its reason and owner are for `grant` holders.
  package func barriers(_ caller: Caller, under path: [UInt8]?, against principalName: String?) throws(AdministrationFailure)
    -> [Barrier]
  {
    let judge = try administrator(caller)
    let scope = try scope(path, judge)
    return try select(vault.barriers) { (barrier) throws(AdministrationFailure) in
      guard principalName == nil || barrier.principal.description == principalName else { return false }
      return try isListed(barrier.folder, nil, scope, judge)
    }
  }

  /// Ends what is inherited at a folder, but `grant`. Needs `grant` there and above.
  package func setBoundary(_ caller: Caller, on path: [UInt8], reason: String) throws(AdministrationFailure) -> Boundary {
    try changingRules(caller) { change throws(AdministrationFailure) in
      let judge = try manager(change)
      guard Self.isText(reason, byteCountMax: 4096) else { throw .badText }
      let (folder, standing) = try findFolder(path, judge)
      let above = try parentStanding(folder, judge)
      try allow(judge, folder) { () throws(AdministrationError) in
        try Administration.maySetBoundary(
          at: folder.id, parent: above?.id ?? .none, standing, parentStanding: above?.standing,
          existing: judge.rights.boundary(on: folder.id))
      }
      let boundary = Boundary(id: try newRuleID(), folder: folder.id, owner: judge.subject.user, reason: reason, set: judge.now)
      var record = record(.boundary, judge, folder, standing, rule: boundary.id, reason: reason)
      record.details.append(Record.Detail("change", "set"))
      try commit([.add(.boundary(boundary))], [record], change)
      return boundary
    }
  }

  /// Lets rights from above reach a folder again. Needs what setting it needed.
  package func clearBoundary(_ caller: Caller, on path: [UInt8], reason: String) throws(AdministrationFailure) -> Boundary {
    try changingRules(caller) { change throws(AdministrationFailure) in
      let judge = try manager(change)
      guard Self.isText(reason, byteCountMax: 4096) else { throw .badText }
      let (folder, standing) = try findFolder(path, judge)
      let above = try parentStanding(folder, judge)
      let existing = judge.rights.boundary(on: folder.id)
      try allow(judge, folder) { () throws(AdministrationError) in
        try Administration.mayClearBoundary(
          at: folder.id, parent: above?.id ?? .none, standing, parentStanding: above?.standing, existing: existing)
      }
      guard let existing else { throw .refused(.noBoundary(at: folder.id)) }
      var record = record(.boundary, judge, folder, standing, rule: existing.id, reason: reason)
      record.details.append(Record.Detail("change", "cleared"))
      try commit([.remove(.boundary(existing))], [record], change)
      return existing
    }
  }

  /// Boundaries at or below a folder, as far as the caller manages the folders they stand on.
  package func boundaries(_ caller: Caller, under path: [UInt8]?) throws(AdministrationFailure) -> [Boundary] {
    let judge = try administrator(caller)
    let scope = try scope(path, judge)
    return try select(vault.boundaries) { (boundary) throws(AdministrationFailure) in
      try isListed(boundary.folder, nil, scope, judge)
    }
  }
}
