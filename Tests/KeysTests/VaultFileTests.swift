import Glibc
import Sodium
import TestVectors
import Testing
import VaultFormat

@testable import Keys

private func slotSecret(_ vector: VectorFile) throws -> SlotSecret {
  let kind = KeySlot.Kind.allCases.first { $0.name == vector.text("kind") }!
  return try SlotSecret(kind, try secret(vector.bytes("secret")))
}

private let now: Int64 = 1_772_366_400

/// Argon2id takes 64 MiB a try: these run one after the other.
@Suite(.serialized) struct VaultFileVectorTests {
  @Test(arguments: VectorFile.all(in: "vaultfile"))
  func vector(vector: VectorFile) throws {
    let text = vector.bytes("text")
    let secret = try slotSecret(vector)
    var found: (slot: UInt64, root: [UInt8])?
    var result: String
    do throws(FormatError) {
      let file = try VaultFile(parsing: text)
      #expect(file.encode() == text)
      result = outcome { () throws(KeysError) in found = try opened(file, secret) }
    } catch {
      switch error {
      case .malformed: result = "malformed"
      case .newerVersion(let version): result = "newerVersion \(version)"
      }
    }
    #expect(result == vector.expect)
    guard vector.expect == "ok" else { return }
    #expect(found?.root == vector.bytes("root"))
    #expect(found?.slot == vector.number("slot"))
  }

  @Test func aPassphraseSlotIsMadeAndTried() throws {
    let root = try VaultKeys.makeRoot()
    let passphrase = try SlotSecret(.passphrase, try secret(Array("open sesame".utf8)))
    let file = try VaultFile.make(
      vault: .random(), root: root, secret: passphrase, label: "first", reviewers: [], now: now, strength: .interactive)
    #expect(file.slots[0].stretching?.memoryByteCount == 64 << 20)
    #expect(try opened(file, passphrase).root == bytes(of: root))
    let other = try SlotSecret(.passphrase, try secret(Array("open sesame ".utf8)))
    #expect(throws: KeysError.wrongSecret) { _ = try opened(file, other) }
  }

  @Test func newSlotsTakeTheProgramsParametersAndNoneBeyondTheLimits() throws {
    let root = try VaultKeys.makeRoot()
    let passphrase = try SlotSecret(.passphrase, try secret([1]))
    for strength in [PasswordHash(passes: 1, memoryByteCount: 64 << 20), PasswordHash(passes: 2, memoryByteCount: 2 << 30)] {
      #expect(throws: KeysError.badParameters) {
        try VaultFile.make(
          vault: .random(), root: root, secret: passphrase, label: "", reviewers: [], now: now, strength: strength)
      }
    }
    let file = try VaultFile.make(vault: .random(), root: root, secret: passphrase, label: "", reviewers: [], now: now)
    #expect(file.slots[0].stretching?.passes == 3)
    #expect(file.slots[0].stretching?.memoryByteCount == 256 << 20)
  }
}

/// Every flipped byte is noticed: by the parser, by the slot, or by the MAC. Three flips of each byte.
@Test func everyFlippedByteOfVaultFileIsNoticed() throws {
  let vector = VectorFile.named("vaultfile/three-slots-keyfile.txt")
  let text = vector.bytes("text")
  let secret = try slotSecret(vector)
  var counts: [String: Int] = [:]
  for index in text.indices {
    for mask: UInt8 in [0x01, 0x04, 0x80] {
      var damaged = text
      damaged[index] ^= mask
      guard let file = try? VaultFile(parsing: damaged) else {
        counts["structure", default: 0] += 1
        continue
      }
      #expect(file.encode() == damaged)
      let result = outcome { () throws(KeysError) in _ = try opened(file, secret) }
      #expect(result == "damaged" || result == "wrongSecret", "byte \(index)")
      counts[result, default: 0] += 1
    }
  }
  #expect(counts.values.allSatisfy { $0 > 100 })
  #expect(counts.count == 3)
}

@Test func slotsComeAndGo() throws {
  let root = try VaultKeys.makeRoot()
  let first = try keyFile(1)
  let second = try keyFile(2)
  let third = try keyFile(3)
  let one = try VaultFile.make(vault: .random(), root: root, secret: first, label: "first", reviewers: [], now: now)
  #expect(one.generation == 1)
  #expect(throws: KeysError.lastSlot) { try one.removing(KeySlotID(1), root: root) }
  #expect(throws: KeysError.noSuchSlot) { try one.removing(KeySlotID(2), root: root) }
  let (two, slot) = try one.adding(second, label: "second", now: now, root: root)
  #expect(slot == KeySlotID(2))
  #expect(two.generation == 2)
  #expect(try opened(two, second).slot == 2)
  #expect(try opened(two, first).slot == 1)
  let removed = try two.removing(slot, root: root)
  #expect(throws: KeysError.wrongSecret) { _ = try opened(removed, second) }
  let (again, next) = try removed.adding(second, label: "again", now: now, root: root)
  #expect(next == KeySlotID(3), "ids are never used again")
  let (changed, changedSlot) = try again.changing(KeySlotID(1), to: third, now: now, root: root)
  #expect(changedSlot == KeySlotID(4))
  #expect(changed.generation == 5)
  #expect(changed.slots.map(\.label) == ["again", "first"])
  #expect(throws: KeysError.wrongSecret) { _ = try opened(changed, first) }
  #expect(try opened(changed, third).root == bytes(of: root))
  #expect(throws: KeysError.noSuchSlot) { _ = try changed.changing(KeySlotID(1), to: third, now: now, root: root) }
}

@Test func onlySlotCannotGoButCanChange() throws {
  let root = try VaultKeys.makeRoot()
  let file = try VaultFile.make(vault: .random(), root: root, secret: try keyFile(1), label: "only", reviewers: [], now: now)
  let (changed, slot) = try file.changing(KeySlotID(1), to: try keyFile(2), now: now, root: root)
  #expect(changed.slots.map(\.id) == [slot])
  #expect(throws: KeysError.wrongSecret) { _ = try opened(changed, try keyFile(1)) }
}

@Test func slotsAndReviewersHaveTheirLimits() throws {
  let root = try VaultKeys.makeRoot()
  var file = try VaultFile.make(vault: .random(), root: root, secret: try keyFile(1), label: "", reviewers: [], now: now)
  for number in 2...16 { file = try file.adding(try keyFile(UInt8(number)), label: "", now: now, root: root).file }
  #expect(throws: KeysError.badParameters) { _ = try file.adding(try keyFile(17), label: "", now: now, root: root) }
  for label in [String(repeating: "l", count: 129), "two\nlines", "\u{7f}", "\u{85}", "\u{2029}"] {
    #expect(throws: KeysError.badParameters) {
      _ = try file.changing(KeySlotID(1), to: try keyFile(9), now: now, root: root).file.adding(
        try keyFile(8), label: label, now: now, root: root)
    }
    let short = try file.removing(KeySlotID(16), root: root)
    #expect(throws: KeysError.badParameters) { _ = try short.adding(try keyFile(8), label: label, now: now, root: root) }
  }
  for number in 0..<64 as Range<UInt8> {
    file = try file.addingReviewer(
      Reviewer(publicKey: [UInt8](repeating: number, count: 32), label: "r", added: now), root: root)
  }
  #expect(file.encode().count <= VaultFile.byteCountMax)
  #expect(throws: KeysError.badParameters) {
    try file.addingReviewer(Reviewer(publicKey: [UInt8](repeating: 99, count: 32), label: "r", added: now), root: root)
  }
  let fewer = try #require(try file.removingReviewer(publicKey: [UInt8](repeating: 3, count: 32), root: root))
  #expect(fewer.reviewers.count == 63)
  #expect(fewer.generation == file.generation + 1)
  #expect(try fewer.removingReviewer(publicKey: [UInt8](repeating: 3, count: 32), root: root) == nil)
  #expect(throws: KeysError.badParameters) {
    try fewer.addingReviewer(Reviewer(publicKey: [UInt8](repeating: 4, count: 32), label: "twice", added: now), root: root)
  }
  #expect(throws: KeysError.badParameters) {
    try fewer.addingReviewer(Reviewer(publicKey: [1, 2, 3], label: "short", added: now), root: root)
  }
}

@Test func theLongestFileFits() throws {
  let root = try VaultKeys.makeRoot()
  let label = String(repeating: "\"", count: VaultFile.labelByteCountMax)
  var file = try VaultFile.make(
    vault: .random(), root: root, secret: try keyFile(1), label: label,
    reviewers: (0..<64).map { Reviewer(publicKey: [UInt8](repeating: $0, count: 32), label: label, added: UTCTime.secondsMax) },
    now: UTCTime.secondsMax)
  file.generation = .max - 20
  file.nextSlot = .max - 20
  try file.authenticate(root)
  for _ in 2...16 { file = try file.adding(try keyFile(1), label: label, now: UTCTime.secondsMax, root: root).file }
  // What passphrase slots would add to each: passes and memory of 20 digits, and the salt.
  #expect(file.encode().count + 16 * 150 < VaultFile.byteCountMax)
}

@Test func damageIsNotCarriedIntoTheNextGeneration() throws {
  let root = try VaultKeys.makeRoot()
  var file = try VaultFile.make(vault: .random(), root: root, secret: try keyFile(1), label: "first", reviewers: [], now: now)
  file.slots[0].label = "forged"
  #expect(throws: KeysError.damaged("vault.json: its MAC does not fit")) {
    _ = try file.adding(try keyFile(2), label: "", now: now, root: root)
  }
  #expect(try file.isAuthentic(root) == false)
  #expect(throws: KeysError.damaged("vault.json: its MAC does not fit")) {
    _ =
      try file.removingReviewer(publicKey: [], root: root)
      ?? file.addingReviewer(
        Reviewer(publicKey: [UInt8](repeating: 1, count: 32), label: "", added: now), root: root)
  }
}

@Test(arguments: [
  (KeySlot.Kind.passphrase, 0, false), (.passphrase, 1, true), (.passphrase, 4096, true), (.passphrase, 4097, false),
  (.keyFile, 31, false), (.keyFile, 32, true), (.keyFile, 1 << 20, true), (.keyFile, 1 << 20 + 1, false),
  (.credential, 31, false),
  (.credential, 32, true),
])
func secretsHaveLimits(kind: KeySlot.Kind, count: Int, isFine: Bool) throws {
  let bytes = [UInt8](repeating: 1, count: count)
  let result = outcome { () throws(KeysError) in
    _ = try SlotSecret(kind, try sodium { () throws(SodiumError) in try secret(bytes) })
  }
  #expect(result == (isFine ? "ok" : "badParameters"))
}

/// A key file's slot key depends on every byte of it and on the vault.
@Test func keyFilesAreBoundToTheVault() throws {
  let content = try keyFile(7)
  let (first, second) = (VaultID(high: 1, low: 1), VaultID(high: 1, low: 2))
  let other = try keyFile(8)
  let keys = [
    bytes(of: try content.key(vault: first)), bytes(of: try content.key(vault: second)), bytes(of: try other.key(vault: first)),
  ]
  #expect(Set(keys).count == 3)
}

@Test func aRootKeyOfAnotherLengthIsRefused() throws {
  #expect(throws: KeysError.badParameters) {
    _ = try VaultKeys(vault: .random(), root: try secret([UInt8](repeating: 1, count: 31)))
  }
  let wrong = try secret([1])
  #expect(throws: KeysError.badParameters) {
    _ = try VaultFile.make(vault: .random(), root: wrong, secret: try keyFile(1), label: "", reviewers: [], now: now)
  }
}

/// Where keys cannot be locked, nothing starts. In a process of its own, since the limit is the process's.
@Test func refusesMemoryThatCannotBeLocked() async {
  await #expect(processExitsWith: .success) {
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    // Root may lock beyond the limit, so become nobody.
    guard setrlimit(__rlimit_resource_t(8), &limit) == 0, getuid() != 0 || setuid(65534) == 0 else { exit(2) }
    do throws(KeysError) {
      _ = try VaultKeys.makeRoot()
      exit(3)
    } catch { exit(error == .memoryNotLocked ? 0 : 4) }
  }
}
