import VaultFormat

/// One grant as the evaluator reads it.
struct GrantEntry {
  let anchor: Int32
  /// The number of the principal who gave it.
  let giver: Int32
  let rights: Rights
  let id: RuleID
  let validity: Validity
}

/// One barrier as the evaluator reads it.
struct BarrierEntry {
  let anchor: Int32
  let id: RuleID
  let validity: Validity
}

/// Rows side by side by a key 0..<count: the rows of one key are one slice.
struct Grouped<Row: Sendable>: Sendable {
  private var starts: [Int32]
  private(set) var rows: [Row]

  /// `rows` in order of their key.
  init(count: Int, sorted rows: [Row], key: (Row) -> Int) {
    self.rows = rows
    starts = Array(repeating: 0, count: count + 1)
    for row in rows { starts[key(row) + 1] += 1 }
    for index in 0..<count { starts[index + 1] += starts[index] }
  }

  @inline(__always)
  subscript(key: Int) -> ArraySlice<Row> { rows[Int(starts[key])..<Int(starts[key + 1])] }

  @inline(__always)
  func range(_ key: Int) -> Range<Int> { Int(starts[key])..<Int(starts[key + 1]) }
}

/// The rules by principal (for the evaluator) and by folder (for explanations). Principals are numbered within one table.
struct RuleIndex {
  private(set) var principals: [Principal] = []
  private var numbers: [PrincipalKey: Int32] = [:]

  /// The entries of a principal, in order of anchor, then id.
  let grants: Grouped<GrantEntry>
  let barriers: Grouped<BarrierEntry>
  /// Positions in the table's `grants` and `barriers`, of an anchor, in order of id.
  let grantPositions: Grouped<Int32>
  let barrierPositions: Grouped<Int32>
  /// The nearest anchor at or above that carries any rule; `AnchorTree.above` for none.
  private let ruledAtOrAbove: [Int32]
  private(set) var boundaries: [Int: Boundary] = [:]
  private let isBoundaryAt: [Bool]
  /// Rules on folders that have no chain to the root; they count nowhere.
  let stray: [RuleID]

  init(tree: AnchorTree, grants: [Grant], barriers: [Barrier], boundaries: [Boundary], suspensions: [RuleID: Suspension]) {
    var numbers: [PrincipalKey: Int32] = [:]
    var principals: [Principal] = []
    func number(of principal: Principal) -> Int32 {
      let key = PrincipalKey(principal)
      if let known = numbers[key] { return known }
      let fresh = Int32(principals.count)
      numbers[key] = fresh
      principals.append(principal)
      return fresh
    }
    var stray: [RuleID] = []
    var isRuled = Array(repeating: false, count: tree.count)
    func anchor(of folder: NodeID, _ id: RuleID) -> Int32? {
      guard let index = tree.index(of: folder) else {
        stray.append(id)
        return nil
      }
      isRuled[index] = true
      return Int32(index)
    }

    var grantRows: [(principal: Int32, position: Int32, entry: GrantEntry)] = []
    grantRows.reserveCapacity(grants.count)
    for (position, grant) in grants.enumerated() {
      guard let anchor = anchor(of: grant.folder, grant.id) else { continue }
      let entry = GrantEntry(
        anchor: anchor, giver: number(of: grant.giver), rights: grant.rights, id: grant.id,
        validity: Validity(of: grant, suspensions[grant.id]))
      grantRows.append((number(of: grant.principal), Int32(position), entry))
    }
    var barrierRows: [(principal: Int32, position: Int32, entry: BarrierEntry)] = []
    for (position, barrier) in barriers.enumerated() {
      guard let anchor = anchor(of: barrier.folder, barrier.id) else { continue }
      let entry = BarrierEntry(anchor: anchor, id: barrier.id, validity: Validity(from: barrier.from, until: barrier.until))
      barrierRows.append((number(of: barrier.principal), Int32(position), entry))
    }
    var isBoundaryAt = Array(repeating: false, count: tree.count)
    for boundary in boundaries {
      guard let anchor = anchor(of: boundary.folder, boundary.id) else { continue }
      isBoundaryAt[Int(anchor)] = true
      self.boundaries[Int(anchor)] = boundary
    }

    grantRows.sort { ($0.entry.anchor, $0.entry.id) < ($1.entry.anchor, $1.entry.id) }
    grantPositions = Self.positions(grantRows.map { ($0.entry.anchor, $0.position) }, count: tree.count)
    barrierRows.sort { ($0.entry.anchor, $0.entry.id) < ($1.entry.anchor, $1.entry.id) }
    barrierPositions = Self.positions(barrierRows.map { ($0.entry.anchor, $0.position) }, count: tree.count)
    grantRows.sort { ($0.principal, $0.entry.anchor, $0.entry.id) < ($1.principal, $1.entry.anchor, $1.entry.id) }
    barrierRows.sort { ($0.principal, $0.entry.anchor, $0.entry.id) < ($1.principal, $1.entry.anchor, $1.entry.id) }
    self.grants = Self.entries(grantRows.map { ($0.principal, $0.entry) }, count: principals.count)
    self.barriers = Self.entries(barrierRows.map { ($0.principal, $0.entry) }, count: principals.count)

    var ruledAtOrAbove = Array(repeating: Int32(AnchorTree.above), count: tree.count)
    for index in 0..<tree.count {
      let parent = tree.parent(of: index)
      ruledAtOrAbove[index] = isRuled[index] ? Int32(index) : parent == AnchorTree.above ? Int32(parent) : ruledAtOrAbove[parent]
    }
    self.ruledAtOrAbove = ruledAtOrAbove
    self.isBoundaryAt = isBoundaryAt
    self.numbers = numbers
    self.principals = principals
    self.stray = stray
  }

  private static func positions(_ rows: [(anchor: Int32, position: Int32)], count: Int) -> Grouped<Int32> {
    let anchors = Grouped(count: count, sorted: rows) { Int($0.anchor) }
    return anchors.mapped { $0.position }
  }

  private static func entries<Entry: Sendable>(_ rows: [(principal: Int32, entry: Entry)], count: Int) -> Grouped<Entry> {
    let grouped = Grouped(count: count, sorted: rows) { Int($0.principal) }
    return grouped.mapped { $0.entry }
  }

  /// The principal's number in this table; nil where no rule speaks of it.
  func number(of principal: Principal) -> Int? { numbers[PrincipalKey(principal)].map(Int.init) }

  @inline(__always)
  func isBoundary(_ anchor: Int) -> Bool { isBoundaryAt[anchor] }

  /// The nearest anchor at or above that carries any rule.
  @inline(__always)
  func ruled(from anchor: Int) -> Int { anchor == AnchorTree.above ? anchor : Int(ruledAtOrAbove[anchor]) }
}

extension Grouped {
  private init(starts: [Int32], rows: [Row]) {
    self.starts = starts
    self.rows = rows
  }

  func mapped<Other: Sendable>(_ transform: (Row) -> Other) -> Grouped<Other> {
    Grouped<Other>(starts: starts, rows: rows.map(transform))
  }
}

/// An entry that stands at an anchor.
protocol AnchoredEntry: Sendable {
  var anchor: Int32 { get }
}

extension GrantEntry: AnchoredEntry {}
extension BarrierEntry: AnchoredEntry {}

extension Grouped where Row: AnchoredEntry {
  /// The entries of a principal at one anchor: found by halving, since a principal's entries are in order of anchor.
  func slice(_ key: Int, at anchor: Int32) -> ArraySlice<Row> {
    let all = range(key)
    var low = all.lowerBound
    var high = all.upperBound
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].anchor < anchor { low = middle + 1 } else { high = middle }
    }
    var end = low
    while end < all.upperBound, rows[end].anchor == anchor { end += 1 }
    return rows[low..<end]
  }
}
