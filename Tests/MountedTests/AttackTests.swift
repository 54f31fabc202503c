import Foundation
import Glibc
import TestOracle
import Testing
import VaultFormat

extension MountedTests {
  /// Three users try everything they can think of while an administrator changes the rules at random; a second evaluator judges what they got.
  ///
  /// STRONGROOM_ATTACK_OPERATIONS sets how many operations (100,000), STRONGROOM_ATTACK_SEED repeats the choices of a run.
  @Suite struct Attack {
    private static let planted = (folders: 24, documents: 60)

    @Test func nothingLeavesWithoutTheRightAtThatMoment() throws {
      let environment = ProcessInfo.processInfo.environment
      let operationCount = environment["STRONGROOM_ATTACK_OPERATIONS"].flatMap(Int.init) ?? 100_000
      let seed = environment["STRONGROOM_ATTACK_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...999_999)
      print("attack: STRONGROOM_ATTACK_SEED=\(seed) STRONGROOM_ATTACK_OPERATIONS=\(operationCount)")
      var random = Dice(seed)

      try withVault { vault in
        // Each folder hangs on one before it, not too deep.
        var parents: [Int] = [], depths: [Int] = []
        for folder in 0..<Self.planted.folders {
          let above = folder < 4 ? -1 : Int.random(in: 0..<folder, using: &random)
          let isDeep = above >= 0 && depths[above] >= 3
          parents.append(isDeep ? -1 : above)
          depths.append(isDeep || above < 0 ? 0 : depths[above] + 1)
        }
        let places = (0..<Self.planted.documents).map { _ in Int.random(in: -1..<Self.planted.folders, using: &random) }
        let world = try AttackWorld(in: vault.folder, parents: parents, documentFolders: places)
        let users = vault.users
        let attackers = [users.all, users.partial, users.none]
        try vault.grant("editor", on: "/", to: users.all)
        try Programs.mustRun(Self.command("plant", vault, seed, 0, [users.all]))
        try vault.revoke(from: users.all, on: "/")

        var administrator = RandomAdministrator(
          vault: vault, world: world, folderCount: Self.planted.folders, targets: try Self.targets(attackers),
          giver: Principal(kind: .user, name: users.administrator.name, id: users.administrator.uid), seed: seed)
        for _ in 0..<8 { try administrator.act() }
        let firstRules = administrator.rules

        let command = Self.command("attack", vault, seed, operationCount, attackers)
        let attack = Process()
        attack.executableURL = URL(fileURLWithPath: command[0])
        attack.arguments = Array(command.dropFirst())
        try attack.run()
        defer { if attack.isRunning { attack.terminate() } }
        var rulesAfter: [Int: AttackWorlds.Rules] = [:]
        var waited = 0
        while attack.isRunning {
          let began = ContinuousClock.now
          let change = try world.change { try administrator.act() }
          rulesAfter[change] = administrator.rules
          let done = world.operationCount
          // As long again without a change, so that about half of all operations meet one world only.
          usleep(50_000 + UInt32((ContinuousClock.now - began) / .microseconds(1)))
          waited = world.operationCount == done ? waited + 1 : 0
          if waited > 200 {
            Issue.record("the attackers have come to a stand")
            world.stop()
            break
          }
        }
        attack.waitUntilExit()
        #expect(attack.terminationStatus == 0)

        let records = try (0..<attackers.count).flatMap { try AttackRecord.all(in: vault.folder + "/log-\($0)") }
        let worlds = AttackWorlds(
          people: try attackers.map(Self.person),
          tree: .init(parents: parents, documentFolders: Dictionary(uniqueKeysWithValues: places.enumerated().map { ($0, $1) })),
          rules: firstRules, rulesAfter: rulesAfter, treeAfter: records.filter { $0.change > 0 && $0.isDone })
        var oracle = AttackOracle(worlds: worlds, plantedCount: Self.planted.documents)
        var objections: [String] = []
        for record in records {
          if let objection = oracle.objection(to: record) { objections.append("\(objection): \(record)") }
        }
        #expect(
          objections.isEmpty,
          "seed \(seed): \(objections.count) objections, the first: \(objections.prefix(8).joined(separator: "\n"))")

        // A run that tried little, or in which everything or nothing was allowed, proves nothing.
        #expect(records.count >= operationCount)
        #expect(rulesAfter.count > operationCount / 5_000, "rules changed \(rulesAfter.count) times")
        #expect(oracle.exactCount > operationCount / 4, "\(oracle.exactCount) operations met one world only")
        for kind in AttackRecord.Kind.allCases {
          let tried = records.filter { $0.kind == kind }
          #expect(tried.contains { $0.isDone } && tried.contains { !$0.isDone }, "\(kind): \(tried.count) tries went one way")
        }
        let doneCount = records.count { $0.isDone }
        print(
          "attack: \(records.count) operations, \(doneCount) allowed, \(oracle.exactCount) in one world, \(rulesAfter.count) changes of rules"
        )
      }
    }

    private static func command(_ what: String, _ vault: TestVault, _ seed: UInt64, _ count: Int, _ users: [TestUser]) -> [String]
    {
      [Programs.attacker, what, vault.mountpoint, vault.folder, "\(seed)", "\(count)"]
        + users.map { "\($0.uid):\($0.gid):\($0.groupList)" }
    }

    private static func person(_ user: TestUser) throws -> NaiveEvaluator.Person {
      let groups = user.groupList.split(separator: ",").compactMap { UInt32($0) }.compactMap { id in
        getgrgid(id).map { Principal(kind: .group, name: String(cString: $0.pointee.gr_name), id: id) }
      }
      return .init(user: Principal(kind: .user, name: user.name, id: user.uid), groups: groups)
    }

    /// Each attacker, and the group that one of them is in.
    private static func targets(_ attackers: [TestUser]) throws -> [Principal] {
      let group = try #require(getgrnam(Machine.groupName))
      return attackers.map { Principal(kind: .user, name: $0.name, id: $0.uid) }
        + [Principal(kind: .group, name: Machine.groupName, id: group.pointee.gr_gid)]
    }
  }
}
