import Sodium
import Testing
import VaultFormat

@testable import Keys

/// Two generations of one vault: the older opens with key files 1 and 2, the newer with 1 and 3.
private struct Generations {
  let root: SharedSecret
  let older: VaultFile
  let newer: VaultFile

  init() throws {
    root = SharedSecret(try VaultKeys.makeRoot())
    let first = try VaultFile.make(vault: .random(), root: root.bytes, secret: try keyFile(1), label: "a", reviewers: [], now: 0)
    older = try first.adding(try keyFile(2), label: "b", now: 0, root: root.bytes).file
    newer = try older.changing(KeySlotID(2), to: try keyFile(3), now: 0, root: root.bytes).file
  }
}

private func flipped(_ file: VaultFile, _ old: String, _ new: String) -> [UInt8] {
  var text = file.encode()
  let (old, new) = (Array(old.utf8), Array(new.utf8))
  let start = text.indices.first { text[$0...].starts(with: old) }!
  text.replaceSubrange(start..<start + old.count, with: new)
  return text
}

private struct Seen: Equatable {
  var generation: UInt64
  var slot: UInt64
  var first: UnlockedVaultFile.Copy
  var second: UnlockedVaultFile.Copy
}

private func unlock(_ first: [UInt8]?, _ second: [UInt8]?, _ byte: UInt8) throws -> Seen {
  let unlocked = try VaultFileCopies(first: first, second: second).unlock(with: try keyFile(byte))
  let isMendingNeeded = unlocked.isMendingNeeded
  #expect(isMendingNeeded == (unlocked.first != .current || unlocked.second != .current))
  return Seen(
    generation: unlocked.file.generation, slot: unlocked.slot.value, first: unlocked.first, second: unlocked.second)
}

@Test func equalCopiesNeedNoMending() throws {
  let made = try Generations()
  let text = made.newer.encode()
  #expect(try unlock(text, text, 1) == Seen(generation: 3, slot: 1, first: .current, second: .current))
  #expect(try unlock(text, text, 3) == Seen(generation: 3, slot: 3, first: .current, second: .current))
  let unlocked = try VaultFileCopies(first: text, second: text).unlock(with: try keyFile(1))
  let isMendingNeeded = unlocked.isMendingNeeded
  #expect(!isMendingNeeded)
  let (left, right) = (bytes(of: unlocked.root), bytes(of: made.root.bytes))
  #expect(left == right)
}

@Test func theHigherGenerationCounts() throws {
  let made = try Generations()
  let (old, new) = (made.older.encode(), made.newer.encode())
  #expect(try unlock(old, new, 1) == Seen(generation: 3, slot: 1, first: .older(generation: 2), second: .current))
  #expect(try unlock(new, old, 1) == Seen(generation: 3, slot: 1, first: .current, second: .older(generation: 2)))
  #expect(try unlock(old, new, 3).generation == 3)
}

/// A secret that was taken away does not come back through the copy that a crash left behind.
@Test func aRemovedSecretDoesNotOpenThroughTheOlderCopy() throws {
  let made = try Generations()
  let (old, new) = (made.older.encode(), made.newer.encode())
  #expect(throws: KeysError.wrongSecret) { try unlock(old, new, 2) }
  #expect(throws: KeysError.wrongSecret) { try unlock(new, old, 2) }
  #expect(try unlock(old, nil, 2).generation == 2, "the older copy alone still opens: docs/format/vault-file.md says so")
}

@Test func oneDamagedOrMissingCopyIsToldAndDoesNotStopTheVault() throws {
  let made = try Generations()
  let whole = made.newer.encode()
  let mac = UnlockedVaultFile.Copy.damaged("vault.json: its MAC does not fit")
  let cases: [([UInt8]?, UnlockedVaultFile.Copy)] = [
    (nil, .missing), ([], .damaged("vault.json: line 1")),
    (Array(whole.dropLast()), .damaged("vault.json: line \(whole.count { $0 == 0x0a })")),
    (flipped(made.newer, "\"a\"", "\"x\""), mac),
    (flipped(made.newer, "\"generation\": 3", "\"generation\": 9"), mac),
    (flipped(made.newer, "\"format\": 1", "\"format\": 7"), .newer(version: 7)),
    (flipped(made.newer, "\"suite\": 1", "\"suite\": 3"), .damaged("vault.json: suite")),
    // The slot of the other copy opens then.
    (flipped(made.newer, "\"id\": 1", "\"id\": 2"), mac),
  ]
  for (damaged, state) in cases {
    #expect(try unlock(damaged, whole, 1) == Seen(generation: 3, slot: 1, first: state, second: .current))
    #expect(try unlock(whole, damaged, 1) == Seen(generation: 3, slot: 1, first: .current, second: state))
  }
}

/// Whatever byte of one copy flips, the other one opens the vault, and the flipped one is told.
@Test func anyFlippedByteOfOneCopyIsToldWhileTheOtherOpens() throws {
  let made = try Generations()
  let whole = made.newer.encode()
  for index in stride(from: 0, to: whole.count, by: 3) {
    var damaged = whole
    damaged[index] ^= 0x02
    let first = try unlock(damaged, whole, 1)
    #expect(first.first != .current && first.second == .current && first.generation == 3, "byte \(index)")
    let second = try unlock(whole, damaged, 3)
    #expect(second.first == .current && second.second != .current && second.slot == 3, "byte \(index)")
  }
}

@Test func whatCannotBeReadIsNamed() throws {
  let made = try Generations()
  let newer = flipped(made.newer, "\"format\": 1", "\"format\": 7")
  let forged = flipped(made.newer, "\"a\"", "\"x\"")
  #expect(throws: KeysError.damaged("vault.json: missing")) { try unlock(nil, nil, 1) }
  #expect(throws: KeysError.newerVersion(7)) { try unlock(newer, nil, 1) }
  #expect(throws: KeysError.newerVersion(7)) { try unlock([1], newer, 1) }
  #expect(throws: KeysError.damaged("vault.json: line 1")) { try unlock([1], nil, 1) }
  #expect(throws: KeysError.damaged("vault.json: its MAC does not fit")) { try unlock(forged, nil, 1) }
  #expect(throws: KeysError.damaged("vault.json: its MAC does not fit")) { try unlock(forged, forged, 1) }
  #expect(throws: KeysError.wrongSecret) { try unlock(forged, made.newer.encode(), 9) }
}

@Test func changesMadeApartAreTold() throws {
  let made = try Generations()
  let other = try made.older.adding(try keyFile(4), label: "c", now: 0, root: made.root.bytes).file
  #expect(other.generation == made.newer.generation)
  let seen = try unlock(made.newer.encode(), other.encode(), 1)
  #expect(seen == Seen(generation: 3, slot: 1, first: .current, second: .diverged))
}

@Test func aFileOlderThanTheCatalogIsRefused() throws {
  let made = try Generations()
  let unlocked = try VaultFileCopies(first: made.newer.encode(), second: nil).unlock(with: try keyFile(1))
  try unlocked.require(generationAtLeast: 3)
  var refused = false
  do throws(KeysError) { try unlocked.require(generationAtLeast: 4) } catch { refused = name(of: error) == "damaged" }
  #expect(refused)
}

@Test func candidatesComeByGeneration() throws {
  let made = try Generations()
  let (old, new) = (made.older.encode(), made.newer.encode())
  #expect(try VaultFileCopies(first: old, second: new).candidates().map(\.generation) == [3, 2])
  #expect(try VaultFileCopies(first: new, second: old).candidates().map(\.generation) == [3, 2])
  #expect(try VaultFileCopies(first: nil, second: old).candidates().map(\.generation) == [2])
}
