package import VaultFormat

/// What one subject may, everywhere, between two moments at which a rule about them begins or ends. Immutable; any thread.
///
/// It holds a tally for each folder where a live rule about the subject stands, and the folders above those that show. Its size and the
/// work of making it grow with the rules about the subject alone, not with the vault or the table.
package final class SubjectView: Sendable {
  package let table: RightsTable
  package let subject: Subject
  /// The view holds for times in this range: from inclusive, until exclusive; wall nanoseconds.
  package let validFrom: Int64
  package let validUntil: Int64
  /// How many rules were looked at to make it: those about the subject.
  package let examinedRuleCount: Int

  private let tallies: TallyMap
  /// By anchor, those of its children at or beneath which a grant makes a folder visible.
  private let shownChildren: [Int32: [Int32]]

  init(of table: RightsTable, for subject: Subject, now: Int64) {
    self.table = table
    self.subject = subject
    var rules = SubjectRules(about: subject, in: table.index, now: now)
    rules.sort()
    validFrom = rules.stretch.from
    validUntil = rules.stretch.until
    examinedRuleCount = rules.examinedCount

    var tallies = TallyMap()
    var shown: [Int32: [Int32]] = [:]
    var revealed: Set<Int32> = []
    var next = 0
    while next < rules.live.count {
      // Parents come before children, so what is inherited has been counted already.
      let anchor = rules.live[next].anchor
      var tally = tallies.inherited(at: Int(anchor), in: table)
      while next < rules.live.count, rules.live[next].anchor == anchor {
        rules.live[next].count(in: &tally)
        next += 1
      }
      tallies.insert(tally, at: anchor)
      guard tally.isSeeing else { continue }
      var child = anchor
      while Int(child) != AnchorTree.rootIndex, revealed.insert(child).inserted {
        let parent = table.tree.parents[Int(child)]
        shown[parent, default: []].append(child)
        child = parent
      }
    }
    self.tallies = tallies
    shownChildren = shown
  }

  /// Whether the answers hold at this time.
  @inline(__always)
  package func isValid(at now: Int64) -> Bool { validFrom <= now && now < validUntil }

  /// `Standing.nothing` for a folder that is no anchor: ask for its nearest anchor above. No lock, no allocation.
  package func standing(at anchor: NodeID) -> Standing {
    guard let index = table.tree.index(of: anchor) else { return .nothing }
    return standing(at: index)
  }

  /// Has `list` or `grant`, or is bare chain. False for a folder that is no anchor.
  package func isVisible(_ anchor: NodeID) -> Bool { standing(at: anchor).isVisible }

  /// Anchors directly beneath that are visible, by id. At a bare chain these are all the entries that it shows, and the work is that of
  /// the answer; elsewhere all anchors directly beneath are judged.
  package func visibleChildren(of anchor: NodeID) -> [NodeID] {
    guard let index = table.tree.index(of: anchor) else { return [] }
    let folders = table.tree.folders
    if standing(at: index).isBareChain {
      return (shownChildren[Int32(index)] ?? []).map { folders[Int($0)] }.sorted()
    }
    return table.tree.children(of: index).filter { standing(at: $0).isVisible }.map { folders[$0] }
  }

  func standing(at index: Int) -> Standing {
    Standing(
      tallies.tally(at: index, in: table), isRoot: index == AnchorTree.rootIndex,
      isVisibleBeneath: shownChildren[Int32(index)] != nil, validUntil: validUntil)
  }

  /// The anchors where live rules about the subject stand, parents before children.
  var ruledAnchors: [Int] { tallies.anchors }
}

/// One live rule about a subject.
struct SubjectRule {
  let anchor: Int32
  /// Nil for a barrier.
  let rights: Rights?
  let id: RuleID

  func count(in tally: inout Tally) {
    if let rights { tally.count(rights, of: id) } else { tally.bar(by: id) }
  }
}

/// The rules about a subject that count at a time.
struct SubjectRules {
  private(set) var live: [SubjectRule] = []
  private(set) var stretch: Stretch
  private(set) var examinedCount = 0

  init(about subject: Subject, in index: RuleIndex, now: Int64) {
    stretch = Stretch(around: now)
    let own = index.number(of: subject.user)
    if let own { add(index, principal: own, own: own) }
    for group in subject.groups {
      if let number = index.number(of: group) { add(index, principal: number, own: own) }
    }
  }

  private mutating func add(_ index: RuleIndex, principal: Int, own: Int?) {
    for entry in index.grants[principal] {
      examinedCount += 1
      if let own, Int(entry.giver) == own { continue }
      stretch.look(at: entry.validity)
      if entry.validity.contains(stretch.now) {
        live.append(SubjectRule(anchor: entry.anchor, rights: entry.rights, id: entry.id))
      }
    }
    for entry in index.barriers[principal] {
      examinedCount += 1
      stretch.look(at: entry.validity)
      if entry.validity.contains(stretch.now) { live.append(SubjectRule(anchor: entry.anchor, rights: nil, id: entry.id)) }
    }
  }

  mutating func sort() { live.sort { $0.anchor < $1.anchor } }
}

/// Tallies by anchor where the rules of one subject stand; between them nothing changes but by boundaries.
struct TallyMap {
  private var slots: [Int32: Int32] = [:]
  private var tallies: [Tally] = []
  private var order: [Int32] = []

  var anchors: [Int] { order.map(Int.init) }

  mutating func insert(_ tally: Tally, at anchor: Int32) {
    slots[anchor] = Int32(tallies.count)
    tallies.append(tally)
    order.append(anchor)
  }

  /// What holds at an anchor.
  @inline(__always)
  func tally(at anchor: Int, in table: RightsTable) -> Tally {
    walk(from: table.index.ruled(from: anchor), crossed: false, table)
  }

  /// What holds at an anchor before its own rules are counted; its own boundary has been crossed.
  func inherited(at anchor: Int, in table: RightsTable) -> Tally {
    walk(from: table.index.ruled(from: table.tree.parent(of: anchor)), crossed: table.index.isBoundary(anchor), table)
  }

  /// Up through the folders with rules, to the first that has a tally.
  private func walk(from start: Int, crossed: Bool, _ table: RightsTable) -> Tally {
    var anchor = start
    var crossed = crossed
    while anchor != AnchorTree.above {
      if let slot = slots[Int32(anchor)] {
        var tally = tallies[Int(slot)]
        if crossed { tally.crossBoundary() }
        return tally
      }
      if table.index.isBoundary(anchor) { crossed = true }
      anchor = table.index.ruled(from: table.tree.parent(of: anchor))
    }
    return Tally()
  }
}
