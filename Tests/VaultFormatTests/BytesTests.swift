import Testing
import VaultFormat

@Test(
  arguments: [
    (0 as UInt64, [0]), (1, [1]), (127, [0x7f]), (128, [0x80, 1]), (16383, [0xff, 0x7f]), (16384, [0x80, 0x80, 1]),
    (UInt64(Int64.max), [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    (1 << 63, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]),
    (.max, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
  ] as [(UInt64, [UInt8])])
func varintsAreShortestLEB128(value: UInt64, bytes: [UInt8]) throws {
  var writer = ByteWriter()
  writer.varint(value)
  #expect(writer.bytes == bytes)
  var reader = ByteReader(bytes)
  #expect(try reader.varint() == value)
  try reader.end()
}

@Test(
  arguments: [
    [], [0x80], [0x80, 0], [0xff, 0x80, 0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
  ] as [[UInt8]])
func otherVarintsAreRefused(bytes: [UInt8]) {
  #expect(throws: FormatError.self) {
    var reader = ByteReader(bytes)
    _ = try reader.varint()
  }
}

@Test(arguments: [0, -1, 1, -2, 63, -64, 64, .max, .min] as [Int64])
func signedVarintsAreZigzag(value: Int64) throws {
  var writer = ByteWriter()
  writer.signedVarint(value)
  var reader = ByteReader(writer.bytes)
  #expect(try reader.signedVarint() == value)
  #expect((writer.bytes.count == 1) == (-64...63).contains(value))
}

@Test func fixedNumbersAreLittleEndian() throws {
  var writer = ByteWriter()
  writer.u8(1)
  writer.u16(0x0203)
  writer.u32(0x0405_0607)
  writer.u64(0x0809_0a0b_0c0d_0e0f)
  writer.i64(-2)
  #expect(
    writer.bytes == [1, 3, 2, 7, 6, 5, 4, 0xf, 0xe, 0xd, 0xc, 0xb, 0xa, 9, 8, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
  var reader = ByteReader(writer.bytes)
  #expect(try reader.u8() == 1)
  #expect(try reader.u16() == 0x0203)
  #expect(try reader.u32() == 0x0405_0607)
  #expect(try reader.u64() == 0x0809_0a0b_0c0d_0e0f)
  #expect(try reader.i64() == -2)
  try reader.end()
  #expect(throws: FormatError.malformed("ends early")) { _ = try reader.u8() }
}

@Test func countsHaveLimits() throws {
  var writer = ByteWriter()
  writer.counted([1, 2, 3])
  var reader = ByteReader(writer.bytes)
  #expect(try Array(reader.counted(limit: 3)) == [1, 2, 3])
  #expect(throws: FormatError.malformed("count over its limit")) {
    var reader = ByteReader(writer.bytes)
    _ = try reader.counted(limit: 2)
  }
  #expect(throws: FormatError.malformed("ends early")) {
    var reader = ByteReader(Array(writer.bytes.dropLast()))
    _ = try reader.counted(limit: 3)
  }
}

/// A reader of a part of an array begins where the part does.
@Test func slicesAreReadInTheirPlace() throws {
  var reader = ByteReader([9, 9, 1, 2, 9][2..<4])
  #expect(reader.remaining == 2)
  #expect(try reader.u16() == 0x0201)
  try reader.end()
  #expect(throws: FormatError.self) { _ = try reader.u8() }
}

@Test func hexIsLowerCaseAndWhole() {
  #expect(Hex.encode([0, 0x9f, 0xff]) == "009fff")
  #expect(Hex.decode("009fff") == [0, 0x9f, 0xff])
  #expect(Hex.decode("") == [])
  for text in ["0", "0g", "FF", "0x", " 00", "é"] { #expect(Hex.decode(text) == nil, "\(text)") }
}
