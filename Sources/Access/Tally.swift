import VaultFormat

/// The rule of DESIGN §6, and the only place where it is written: what one subject has been given on the way from the root down to a
/// folder. At each folder: first the boundary, then its grants and barriers, in any order.
///
/// Callers count only what is about the subject, live, and no own gift.
struct Tally: Hashable {
  /// Without regard to barriers, and to `list` being missing.
  private(set) var given = GrantsByRight()
  /// The lowest live barrier met; `GrantsByRight.none` for none.
  private(set) var barrier = GrantsByRight.none

  /// A boundary stands here: what was given above ends, except `grant`.
  mutating func crossBoundary() { given.keepOnlyGrant() }

  /// A grant stands here.
  mutating func count(_ rights: Rights, of grant: RuleID) { given.take(rights, of: grant) }

  /// A barrier stands here: nothing is left at or below, whatever else is counted before or after.
  mutating func bar(by rule: RuleID) { barrier = min(barrier, rule.value) }

  /// What is left in the end.
  var rights: Rights {
    guard barrier == GrantsByRight.none else { return [] }
    let all = given.rights
    return all.contains(.list) ? all : all.intersection(.grant)
  }

  /// Whether the folder can be seen for its own sake.
  var isSeeing: Bool { !rights.isDisjoint(with: .seeing) }
}

/// For each right the lowest grant that gives it. Plain memory: copied without counting references.
struct GrantsByRight: Hashable {
  /// No rule has this number.
  static let none = UInt64.max

  private(set) var list = none
  private(set) var read = none
  private(set) var add = none
  private(set) var edit = none
  private(set) var remove = none
  private(set) var grant = none

  mutating func take(_ rights: Rights, of rule: RuleID) {
    let value = rule.value
    if rights.contains(.list) { list = min(list, value) }
    if rights.contains(.read) { read = min(read, value) }
    if rights.contains(.add) { add = min(add, value) }
    if rights.contains(.edit) { edit = min(edit, value) }
    if rights.contains(.remove) { remove = min(remove, value) }
    if rights.contains(.grant) { grant = min(grant, value) }
  }

  mutating func keepOnlyGrant() {
    let kept = grant
    self = GrantsByRight()
    grant = kept
  }

  /// The lowest grant for one single right; nil where nothing gives it.
  func lowest(for right: Rights) -> RuleID? {
    let value =
      switch right {
      case .list: list
      case .read: read
      case .add: add
      case .edit: edit
      case .remove: remove
      case .grant: grant
      default: Self.none
      }
    return value == Self.none ? nil : RuleID(value)
  }

  var rights: Rights {
    var rights: UInt8 = 0
    if list != Self.none { rights |= Rights.list.rawValue }
    if read != Self.none { rights |= Rights.read.rawValue }
    if add != Self.none { rights |= Rights.add.rawValue }
    if edit != Self.none { rights |= Rights.edit.rawValue }
    if remove != Self.none { rights |= Rights.remove.rawValue }
    if grant != Self.none { rights |= Rights.grant.rawValue }
    return Rights(rawValue: rights)
  }
}
