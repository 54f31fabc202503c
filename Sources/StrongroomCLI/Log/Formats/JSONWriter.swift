import Control
import VaultFormat

/// Writes one line of JSON straight into bytes: what `JSONValue` writes, without a value for each field. For records, of which there are millions.
///
/// Names are literals of ours and need no escape; each is given once. An object that is left empty is taken back, name and all.
struct JSONWriter {
  private(set) var bytes: [UInt8] = []
  private var isFirst = true

  init() { bytes.reserveCapacity(1_024) }

  /// `{…}` and a newline.
  mutating func line(_ body: (inout JSONWriter) -> Void) {
    isFirst = true
    bytes.append(0x7b)
    body(&self)
    bytes.append(0x7d)
    bytes.append(0x0a)
  }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
    let (before, wasFirst) = (bytes.count, isFirst)
    begin(name)
    bytes.append(0x7b)
    isFirst = true
    body(&self)
    if isFirst {
      bytes.removeLast(bytes.count - before)
      isFirst = wasFirst
    } else {
      bytes.append(0x7d)
    }
  }

  mutating func set(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    begin(name)
    put(value)
  }

  /// Of names that are not ours, such as those of details.
  mutating func set(named name: String, _ value: String) {
    comma()
    put(name)
    bytes.append(0x3a)
    put(value)
  }

  mutating func set(_ name: StaticString, _ value: UInt64?) {
    guard let value else { return }
    begin(name)
    bytes.append(decimal: value)
  }

  mutating func set(_ name: StaticString, signed value: Int64) {
    begin(name)
    if value < 0 { bytes.append(0x2d) }
    bytes.append(decimal: value.magnitude)
  }

  /// A number as text, which some schemas want.
  mutating func set(_ name: StaticString, quoted value: UInt64) {
    begin(name)
    bytes.append(0x22)
    bytes.append(decimal: value)
    bytes.append(0x22)
  }

  /// An array with one text.
  mutating func set(_ name: StaticString, one value: StaticString) {
    begin(name)
    bytes.append(0x5b)
    bytes.append(0x22)
    bytes.append(value)
    bytes.append(0x22)
    bytes.append(0x5d)
  }

  mutating func set(_ name: StaticString, word value: StaticString) {
    begin(name)
    bytes.append(0x22)
    bytes.append(value)
    bytes.append(0x22)
  }

  /// A vault path, or a part of one.
  mutating func set(_ name: StaticString, path: some Collection<UInt8>) {
    begin(name)
    let isPlain =
      path.withContiguousStorageIfAvailable { path in
        path.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }
      } ?? false
    if isPlain {
      bytes.append(0x22)
      bytes.append(contentsOf: path)
      bytes.append(0x22)
    } else {
      put(LogWords.path(Array(path)))
    }
  }

  mutating func set(_ name: StaticString, time wall: Int64) {
    begin(name)
    bytes.append(0x22)
    bytes.append(time: wall)
    bytes.append(0x22)
  }

  private mutating func comma() {
    if isFirst { isFirst = false } else { bytes.append(0x2c) }
  }

  private mutating func begin(_ name: StaticString) {
    comma()
    bytes.append(0x22)
    bytes.append(name)
    bytes.append(0x22)
    bytes.append(0x3a)
  }

  private mutating func put(_ text: String) {
    var text = text
    let isPlain = text.withUTF8 { utf8 in
      guard utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }) else { return false }
      bytes.append(0x22)
      bytes.append(contentsOf: utf8)
      bytes.append(0x22)
      return true
    }
    if !isPlain {
      var escaped = ""
      JSONValue.write(text, to: &escaped)
      bytes.append(contentsOf: escaped.utf8)
    }
  }
}

extension [UInt8] {
  mutating func append(_ text: StaticString) { text.withUTF8Buffer { append(contentsOf: $0) } }

  mutating func append(decimal value: UInt64) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var rest = value
      var begin = 20
      repeat {
        begin -= 1
        digits.initializeElement(at: begin, to: 0x30 + UInt8(rest % 10))
        rest /= 10
      } while rest > 0
      append(contentsOf: UnsafeBufferPointer(rebasing: digits[begin...]))
    }
  }

  private mutating func append(_ value: Int, digits: Int) {
    var divisor = 1
    for _ in 1..<digits { divisor *= 10 }
    while divisor > 0 {
      append(0x30 + UInt8(value / divisor % 10))
      divisor /= 10
    }
  }

  /// As `WallTime.utc` writes it: 30 characters.
  mutating func append(time wall: Int64) {
    let wall = LogWords.moment(wall).nanoseconds
    var seconds = wall / 1_000_000_000
    if wall % 1_000_000_000 < 0 { seconds -= 1 }
    var day = seconds / 86_400
    if seconds % 86_400 < 0 { day -= 1 }
    let second = Int(seconds - day * 86_400)
    let (year, month, dayOfMonth) = WallTime.civil(day: Int(day))
    append(year, digits: 4)
    append(0x2d)
    append(month, digits: 2)
    append(0x2d)
    append(dayOfMonth, digits: 2)
    append(0x54)
    append(second / 3_600, digits: 2)
    append(0x3a)
    append(second / 60 % 60, digits: 2)
    append(0x3a)
    append(second % 60, digits: 2)
    append(0x2e)
    append(Int(wall - seconds * 1_000_000_000), digits: 9)
    append(0x5a)
  }
}
