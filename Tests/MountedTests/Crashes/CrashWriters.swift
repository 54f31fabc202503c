import Foundation
import Glibc
import Testing

/// Several users at work in a mount, each in a folder of their own, until it is cut off; and what is left of their work.
///
/// Each is a `strongroom-crash-writer` (Tests/CrashWriter): model.h says what it promises and how it checks.
final class CrashWriters {
  /// What a crash left of one writer's steps. `found` is the first step after which the folder was as it is now.
  struct Outcome {
    let promised, done, begun, found, latest: Int

    /// Whether there was something to lose: steps that no fsync had covered.
    var wasInFlight: Bool { begun > promised }
    /// Whether a call had not yet been answered.
    var wasInACall: Bool { begun > done }
    /// Whether steps that were done, and not promised, are gone.
    var lostSome: Bool { latest < done }
  }

  private let vault: TestVault
  private let users: [TestUser]
  private var running: [Process] = []
  private var seeds: [UInt64] = []
  private var round = 0
  /// Journals and what the folders held at the start of the round, outside the vault.
  private let notes: String

  /// Makes a folder for each user at the vault's root, and grants it. The vault is mounted.
  init(_ vault: TestVault) throws {
    self.vault = vault
    users = [vault.users.all, vault.users.partial, vault.users.none]
    notes = vault.folder + "/notes"
    mkdir(notes, 0o755)
    try vault.grant("editor", on: "/", to: vault.users.all)
    let maker = try vault.actor(vault.users.all)
    for (index, user) in users.enumerated() {
      try maker.does("mkdir", vault.path("/\(index)"))
      try vault.grant("editor", on: "/\(index)", to: user)
      mkdir(note(index), 0o755)
      chown(note(index), user.uid, user.gid)
    }
    let root = try maker.open(vault.mountpoint, "r,directory")
    try maker.does("fsync", root)
    try maker.close(root)
  }

  private func note(_ index: Int) -> String { "\(notes)/\(index)" }

  /// Sets them to work. `stepCount` ends them by themselves; otherwise a call that fails does.
  func start(_ dice: inout Dice, stepCount: Int = 0) throws {
    round += 1
    seeds = users.map { _ in dice.next() >> 1 }
    for (index, user) in users.enumerated() {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Programs.actor)
      process.arguments =
        ["\(user.uid)", "\(user.gid)", user.groupList] + words("write", index, vault.path("/\(index)")) + ["\(stepCount)"]
      process.currentDirectoryURL = URL(fileURLWithPath: "/")
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle(forWritingAtPath: "/dev/null")
      process.standardError = FileHandle(forWritingAtPath: "/dev/null")
      try process.run()
      running.append(process)
    }
  }

  /// Waits until all have ended: at the crash, or after their steps. Returns how they ended: 0 by themselves, 3 by a failed call.
  @discardableResult
  func wait() throws -> [Int32] {
    defer { running = [] }
    return try running.map { process in
      try #require(eventually(within: 60) { !process.isRunning }, "a writer hangs")
      return process.terminationStatus
    }
  }

  func stop() {
    for process in running where process.isRunning { kill(process.processIdentifier, SIGKILL) }
    for process in running { process.waitUntilExit() }
    running = []
  }

  /// Compares what `mountpoint` holds with what the writers did until `time` (CLOCK_MONOTONIC, nanoseconds; 0 for all of it).
  ///
  /// With `isKept` the next round begins with what was found. A difference is recorded as an issue, and what the vault was like is told.
  func check(mountpoint: String? = nil, time: Int = 0, isKept: Bool = true, _ context: String) throws -> [Outcome] {
    try users.indices.map { index in
      let folder = (mountpoint ?? vault.mountpoint) + "/\(index)"
      // Before the first round there is none: the folder is empty.
      let state = note(index) + "/state"
      let kept = FileManager.default.contents(atPath: state)
      defer {
        if !isKept {
          unlink(state)
          if let kept, FileManager.default.createFile(atPath: state, contents: kept) {
            chown(state, users[index].uid, users[index].gid)
          }
        }
      }
      let said = try Programs.run(words("check", index, folder) + ["\(time)"], as: users[index])
      let values = Actor.pairs(said.standardOutput.split(whereSeparator: \.isWhitespace).map(String.init))
      func value(_ name: String) -> Int { values[name].flatMap(Int.init) ?? -1 }
      if said.status != 0 {
        let more = try Programs.run(words("explain", index, folder) + ["\(time)", "\(value("nearest"))"], as: users[index])
        Issue.record("writer \(index), seed \(seeds[index]), \(context): \(said.all)\(more.all)")
        throw CommandFailed(command: words("check", index, folder), output: said)
      }
      return Outcome(
        promised: value("promised"), done: value("done"), begun: value("begun"), found: value("found"), latest: value("latest"))
    }
  }

  private func words(_ verb: String, _ index: Int, _ folder: String) -> [String] {
    [Programs.crashWriter, verb, folder, note(index) + "/state", note(index) + "/journal", "\(seeds[index])"]
  }
}

/// What a run of crashes came to.
struct CrashTally {
  var crashCount = 0
  var inFlightCount = 0
  var inACallCount = 0
  var lossCount = 0
  var stepCount = 0
  var promiseCount = 0

  mutating func add(_ outcomes: [CrashWriters.Outcome]) {
    crashCount += 1
    if outcomes.contains(where: \.wasInFlight) { inFlightCount += 1 }
    if outcomes.contains(where: \.wasInACall) { inACallCount += 1 }
    if outcomes.contains(where: \.lostSome) { lossCount += 1 }
    stepCount += outcomes.reduce(0) { $0 + $1.begun }
    promiseCount += outcomes.reduce(0) { $0 + $1.promised }
  }

  var text: String {
    "\(crashCount) crashes, \(inFlightCount) with changes in flight, \(inACallCount) inside a call, \(lossCount) took changes that nobody was promised; \(stepCount) steps, \(promiseCount) of them promised and all there"
  }
}
