import Access
import TestKit
import TestOracle
import VaultFormat

/// A small vault full of rules that get in each other's way: recycled ids, own gifts, rules that begin and end, walls within walls.
struct RandomWorld {
  var naive: NaiveEvaluator
  static let times: ClosedRange<Int64> = 0...7

  init(using generator: inout SeededGenerator) {
    // Node numbers say nothing of depth: folders move.
    let folders =
      [NodeID.root] + (2...Int.random(in: 2...11, using: &generator)).map { NodeID(UInt64($0)) }.shuffled(using: &generator)
    var parents: [NodeID: NodeID] = [.root: .none]
    for index in 1..<folders.count {
      let low = generator.chance(60) ? max(0, index - 2) : 0
      parents[folders[index]] = folders[Int.random(in: low..<index, using: &generator)]
    }
    let principals = Self.principals
    func time(_ generator: inout SeededGenerator) -> Int64? {
      generator.chance(60) ? nil : Int64.random(in: Self.times, using: &generator)
    }
    var ids = (1...40).map { UInt64($0) }.shuffled(using: &generator)
    var grants: [Grant] = []
    for _ in 0..<Int.random(in: 0...9, using: &generator) {
      var rights = Rights(rawValue: UInt8.random(in: 1...63, using: &generator))
      if generator.chance(50) { rights.insert(.list) }
      grants.append(
        Grant(
          id: RuleID(ids.removeLast()), folder: folders.randomElement(using: &generator)!,
          principal: principals.randomElement(using: &generator)!, rights: rights, from: time(&generator),
          until: time(&generator),
          giver: principals.randomElement(using: &generator)!, reason: "", given: 0))
    }
    var barriers: [Barrier] = []
    for _ in 0..<(generator.chance(50) ? 0 : Int.random(in: 1...3, using: &generator)) {
      barriers.append(
        Barrier(
          id: RuleID(ids.removeLast()), folder: folders.randomElement(using: &generator)!,
          principal: principals.randomElement(using: &generator)!, owner: principals[0], name: "", reason: "",
          from: time(&generator),
          until: time(&generator), raised: 0))
    }
    var boundaries: [Boundary] = []
    for folder in folders where generator.chance(15) {
      boundaries.append(Boundary(id: RuleID(ids.removeLast()), folder: folder, owner: principals[0], reason: "", set: 0))
    }
    naive = NaiveEvaluator(grants: grants, barriers: barriers, boundaries: boundaries, parents: parents)
    for grant in grants where generator.chance(15) {
      let from = Int64.random(in: Self.times, using: &generator)
      naive.suspensions[grant.id] = Suspension(grant: grant.id, review: RuleID(70), from: from, maker: principals[0])
    }
  }

  /// Two users and two groups, each with a second holder of the name and a second name of the id.
  static let principals: [Principal] = [
    Principal(kind: .user, name: "u", id: 1), Principal(kind: .user, name: "u", id: 2), Principal(kind: .user, name: "v", id: 1),
    Principal(kind: .group, name: "g", id: 1), Principal(kind: .group, name: "g", id: 2),
    Principal(kind: .group, name: "h", id: 2),
    Principal(kind: .group, name: "u", id: 1),
  ]

  static func person(using generator: inout SeededGenerator) -> NaiveEvaluator.Person {
    let groups = principals.filter { $0.kind == .group && generator.chance(40) }
    return NaiveEvaluator.Person(
      user: principals.filter { $0.kind == .user }.randomElement(using: &generator)!, groups: groups.shuffled(using: &generator))
  }

  var folders: [NodeID] { naive.parents.keys.sorted() }

  /// The parents that a table is given: of folders with rules and their ancestors only.
  var anchors: [NodeID: NodeID] {
    var anchors: [NodeID: NodeID] = [.root: .none]
    for folder in naive.grants.map(\.folder) + naive.barriers.map(\.folder) + naive.boundaries.map(\.folder) {
      for place in naive.chain(folder) { anchors[place] = naive.parents[place] }
    }
    return anchors
  }

  var table: RightsTable {
    RightsTable(
      grants: naive.grants, barriers: naive.barriers, boundaries: naive.boundaries, suspensions: naive.suspensions,
      parents: anchors, generation: 1)
  }

  /// The nearest anchor at or above, which a folder stands as.
  func anchor(of folder: NodeID, in table: RightsTable) -> NodeID { naive.chain(folder).first { table.isAnchor($0) }! }
}

extension NaiveEvaluator.Person {
  var subject: Subject { Subject(user: user, groups: groups) }
}
