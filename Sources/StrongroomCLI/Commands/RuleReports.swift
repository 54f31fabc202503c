import Control
import VaultFormat

// How rules are shown, for `grant`, `barrier` and `boundary`.

extension CommandContext {
  /// For commands that list rules: of a path and below, else of a whole vault.
  func openList(
    path: String?, to: String?, vaultFolder: String?
  ) throws(CommandFailure) -> (connection: any MountConnection, request: RuleListRequest) {
    let principal = try to.map { text throws(CommandFailure) in try Arguments.principal(text) }
    guard let path else { return (try open(vaultFolder: vaultFolder), RuleListRequest(to: principal)) }
    let (connection, place) = try open(path, vaultFolder: vaultFolder)
    return (connection, RuleListRequest(path: place, to: principal))
  }
}

extension Console {
  func show(added grant: GrantReport) {
    if isJSON { print(json: grant) }
    note(
      Message(
        ReportText.grantAdded,
        ["id": grant.id.description, "to": grant.to.description, "rights": grant.rights.shown, "path": grant.path.text]))
  }

  func show(added barrier: BarrierReport) {
    if isJSON { print(json: barrier) }
    note(
      Message(
        ReportText.barrierAdded,
        ["id": barrier.id.description, "against": barrier.against.description, "path": barrier.path.text]))
  }

  func show(_ grants: [GrantReport]) {
    var table = TextTable([
      (text(.columnID), .right), (text(.columnPath), .left), (text(.columnTo), .left), (text(.columnRights), .left),
      (text(.columnFrom), .left), (text(.columnUntil), .left), (text(.columnState), .left), (text(.columnGiver), .left),
      (text(.columnReason), .left),
    ])
    show(grants, in: &table) { grant in
      [
        grant.id.description, grant.path.text, grant.to.description, grant.rights.shown, time(grant.from), time(grant.until),
        state(grant), grant.giver.description, grant.reason,
      ]
    }
  }

  func show(_ barriers: [BarrierReport]) {
    var table = TextTable([
      (text(.columnID), .right), (text(.columnPath), .left), (text(.columnAgainst), .left), (text(.columnName), .left),
      (text(.columnFrom), .left), (text(.columnUntil), .left), (text(.columnState), .left), (text(.columnOwner), .left),
      (text(.columnReason), .left),
    ])
    show(barriers, in: &table) { barrier in
      [
        barrier.id.description, barrier.path.text, barrier.against.description, barrier.name, time(barrier.from),
        time(barrier.until), state(barrier.state), barrier.owner.description, barrier.reason,
      ]
    }
  }

  func show(_ boundaries: [BoundaryReport]) {
    var table = TextTable([
      (text(.columnID), .right), (text(.columnPath), .left), (text(.columnSet), .left), (text(.columnOwner), .left),
      (text(.columnReason), .left),
    ])
    show(boundaries, in: &table) { boundary in
      [boundary.id.description, boundary.path.text, time(boundary.set), boundary.owner.description, boundary.reason]
    }
  }

  /// One JSON object a line, or the table; a note where there is nothing.
  func show<Item: Encodable>(_ items: [Item], in table: inout TextTable, cells: (Item) -> [String]) {
    if isJSON {
      for item in items { print(json: item) }
    } else if items.isEmpty {
      note(Message(ReportText.noRules))
    } else {
      for item in items { table.add(cells(item)) }
      print(table)
    }
  }

  /// Who a rule names, and whether that is nobody any more.
  func name(_ principal: PrincipalName, isOrphan: Bool) -> String {
    isOrphan ? principal.description + " (" + text(.orphaned) + ")" : principal.description
  }

  func time(_ time: WallTime?) -> String { time.map { TimeText.shown($0) } ?? "-" }

  private func state(_ grant: GrantReport) -> String {
    guard grant.state == .suspended, let review = grant.review else { return state(grant.state) }
    return text(.suspendedBy, ["review": review.description])
  }

  func state(_ state: RuleState) -> String {
    switch state {
    case .live: text(.live)
    case .notYet: text(.notYet)
    case .ended: text(.ended)
    case .suspended: text(.suspended)
    case .orphaned: text(.orphaned)
    }
  }
}

extension Rights {
  /// The bundle's name where it is one, else the names of the rights.
  var shown: String { Self.bundles.first { $0.rights == self }?.name ?? names }
}
