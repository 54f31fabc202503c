import Access
import VaultFormat

let alice = Principal(kind: .user, name: "alice", id: 1000)
let bob = Principal(kind: .user, name: "bob", id: 1001)
let carol = Principal(kind: .user, name: "carol", id: 1002)
let staff = Principal(kind: .group, name: "staff", id: 2000)
let board = Principal(kind: .group, name: "board", id: 2001)
let chief = Principal(kind: .user, name: "chief", id: 900)

func grant(
  _ id: UInt64, _ folder: UInt64, _ principal: Principal, _ rights: Rights, from: Int64? = nil, until: Int64? = nil,
  giver: Principal = chief
) -> Grant {
  Grant(
    id: RuleID(id), folder: NodeID(folder), principal: principal, rights: rights, from: from, until: until, giver: giver,
    reason: "r", given: 0)
}

func barrier(
  _ id: UInt64, _ folder: UInt64, _ principal: Principal, from: Int64? = nil, until: Int64? = nil, owner: Principal = chief
) -> Barrier {
  Barrier(
    id: RuleID(id), folder: NodeID(folder), principal: principal, owner: owner, name: "wall", reason: "r", from: from,
    until: until, raised: 0)
}

func boundary(_ id: UInt64, _ folder: UInt64) -> Boundary {
  Boundary(id: RuleID(id), folder: NodeID(folder), owner: chief, reason: "r", set: 0)
}

/// 1 is the root; 2 and 3 lie in it; 4 in 2; 5 in 4; 6 in 5.
let smallTree: [NodeID: NodeID] = [
  .root: .none, NodeID(2): .root, NodeID(3): .root, NodeID(4): NodeID(2), NodeID(5): NodeID(4), NodeID(6): NodeID(5),
]

func table(
  _ grants: [Grant], _ barriers: [Barrier] = [], _ boundaries: [Boundary] = [], parents: [NodeID: NodeID] = smallTree
) -> RightsTable {
  RightsTable(grants: grants, barriers: barriers, boundaries: boundaries, parents: parents, generation: 1)
}
