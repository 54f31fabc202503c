import TestKit
import TestVectors
import Testing

@testable import VaultFormat

private let texts = VectorFile.all(in: "vaultfile").map { $0.bytes("text") }

@Test func whatParsesIsWrittenTheSame() {
  var parsedCount = 0
  for text in texts {
    guard let file = try? VaultFile(parsing: text) else { continue }
    parsedCount += 1
    #expect(file.encode() == text)
    #expect(text.starts(with: file.authenticatedBytes()))
    // `,` line feed, two spaces, `"mac": "`, 64 digits, `"`, line feed, `}`, line feed
    #expect(file.authenticatedBytes().count == text.count - 80)
  }
  #expect(parsedCount > 10)
}

/// No other text means the same: what a damaged text still parses to is written as that very text.
@Test func damagedTextsAreRefusedOrCanonical() {
  var random = SeededGenerator(seed: 6)
  var refusedCount = 0
  for _ in 0..<3000 {
    let text = damaged(texts.randomElement(using: &random)!, &random)
    do throws(FormatError) { #expect(try VaultFile(parsing: text).encode() == text) } catch { refusedCount += 1 }
  }
  #expect(refusedCount > 1500)
}

@Test func tooLongTextsAreNotParsed() {
  #expect(throws: FormatError.malformed("vault.json: too long")) {
    try VaultFile(parsing: [UInt8](repeating: 0x20, count: VaultFile.byteCountMax + 1))
  }
}

@Test func aSlotsAssociatedDataNamesEverythingItDependsOn() {
  var slot = KeySlot(
    id: KeySlotID(0x0102), kind: .passphrase, label: "x", created: 0,
    stretching: KeySlot.Stretching(passes: 3, memoryByteCount: 1 << 28, salt: [UInt8](repeating: 9, count: 16)), sealedRoot: [])
  let vault = VaultID(high: 1, low: 2)
  let head = Array("strongroom key slot 1".utf8) + [1] + vault.bytes + [2, 1, 0, 0, 0, 0, 0, 0]
  let salt = [UInt8](repeating: 9, count: 16)
  #expect(
    slot.associatedData(vault: vault, suite: .first) == head + [1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0] + salt)
  slot.kind = .credential
  slot.stretching = nil
  #expect(slot.associatedData(vault: vault, suite: .first) == head + [3])
}

@Test(
  arguments: [
    (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
    (951_868_800, "2000-03-01T00:00:00Z"), (1_772_366_400, "2026-03-01T12:00:00Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
    (253_402_300_799, "9999-12-31T23:59:59Z"),
  ] as [(Int64, String)])
func timesAreRFC3339(seconds: Int64, text: String) {
  #expect(UTCTime.text(seconds) == text)
  #expect(UTCTime.seconds(text) == seconds)
}

@Test(arguments: [
  "", "1969-12-31T23:59:59Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z",
  "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
  "2026-01-01 00:00:00Z", "2026-01-01T00:00:00z", "2026-01-01T00:00:00", "2026-1-01T00:00:000Z", "+026-01-01T00:00:00Z",
  "2026-01-01T00:00:00+",
])
func otherTimesAreRefused(text: String) { #expect(UTCTime.seconds(text) == nil) }

@Test func everyDayOfFourHundredYearsIsRead() {
  for day in stride(from: 0 as Int64, through: 146_097, by: 1) {
    let seconds = day * 86_400
    guard UTCTime.seconds(UTCTime.text(seconds)) == seconds else {
      Issue.record("day \(day)")
      return
    }
  }
}

@Test func timesOutsideTheRangeAreShownAsItsEnds() {
  #expect(UTCTime.text(-1) == "1970-01-01T00:00:00Z")
  #expect(UTCTime.text(.max) == "9999-12-31T23:59:59Z")
}
