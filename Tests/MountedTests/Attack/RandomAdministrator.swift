import Foundation
import VaultFormat

/// Gives and takes rights at random, by the command line as any administrator, and keeps what stands in the words of the oracle.
struct RandomAdministrator {
  let vault: TestVault
  let world: AttackWorld
  let folderCount: Int
  let targets: [Principal]
  let giver: Principal
  private(set) var rules = AttackWorlds.Rules()
  private var generator: Dice

  init(vault: TestVault, world: AttackWorld, folderCount: Int, targets: [Principal], giver: Principal, seed: UInt64) {
    self.vault = vault
    self.world = world
    self.folderCount = folderCount
    self.targets = targets
    self.giver = giver
    generator = Dice(seed)
  }

  private static let rights = [
    "reader", "reader", "editor", "editor", "editor", "editor", "filer", "list", "list,read,remove", "list,edit", "read",
    "steward",
    "list,read,add,remove",
  ]

  private mutating func folder(root chance: Int = 25) -> Int {
    Int.random(in: 0..<100, using: &generator) < chance ? -1 : Int.random(in: 0..<folderCount, using: &generator)
  }

  /// One change of the rules. With the world's lock held.
  mutating func act() throws {
    let choice = Int.random(in: 0..<100, using: &generator)
    if rules.grants.count < 8 || choice < 45 && rules.grants.count < 24 { return try grant() }
    switch choice {
    case ..<70:
      let grant = rules.grants.remove(at: Int.random(in: 0..<rules.grants.count, using: &generator))
      try vault.revoke(Int(grant.id.value))
    case ..<78 where rules.barriers.count < 3: try raise()
    case ..<88 where !rules.barriers.isEmpty: try vault.removeBarrier(Int(rules.barriers.removeLast().id.value))
    case ..<94 where rules.boundaries.count < 3: try bound()
    default:
      guard let boundary = rules.boundaries.popLast() else { return try grant() }
      try vault.clearBoundary(on: world.path(Int(boundary.folder.value) - 2))
    }
  }

  private mutating func grant() throws {
    let place = folder(), principal = targets.randomElement(using: &generator)!
    let words = Self.rights.randomElement(using: &generator)!
    var until: Int64?
    if Int.random(in: 0..<5, using: &generator) == 0 {
      let milliseconds = Int64(Date().timeIntervalSince1970 * 1000) + Int64.random(in: 800...3000, using: &generator)
      until = milliseconds * 1_000_000
    }
    let id = try vault.grant(words, on: world.path(place), to: principal.description, until: until.map(Self.text))
    rules.grants.append(
      Grant(
        id: RuleID(UInt64(id)), folder: AttackWorlds.node(place), principal: principal, rights: VaultFormat.Rights(names: words)!,
        until: until, giver: giver, reason: "", given: 0))
  }

  private mutating func raise() throws {
    let place = folder(root: 3), principal = targets.randomElement(using: &generator)!
    let id = try vault.addBarrier(against: principal.description, on: world.path(place))
    rules.barriers.append(
      Barrier(
        id: RuleID(UInt64(id)), folder: AttackWorlds.node(place), principal: principal, owner: giver, name: "", reason: "",
        raised: 0))
  }

  private mutating func bound() throws {
    let place = folder(root: 0)
    guard !rules.boundaries.contains(where: { $0.folder == AttackWorlds.node(place) }) else { return }
    try vault.setBoundary(on: world.path(place))
    rules.boundaries.append(Boundary(id: RuleID(0), folder: AttackWorlds.node(place), owner: giver, reason: "", set: 0))
  }

  private static func text(_ nanoseconds: Int64) -> String {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    return formatter.string(from: Date(timeIntervalSince1970: Double(nanoseconds / 1_000_000) / 1000))
  }
}
