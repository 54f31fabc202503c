/// Bytes that are nearly always UTF-8, as text that can be turned back.
package enum PathText {
  /// `\\` for a backslash, `\xhh` for each byte that is no UTF-8; all else as it is.
  package static func encode(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0x5c) { return text }
    var text = ""
    var index = 0
    while index < bytes.count {
      let count = scalarByteCount(bytes[index])
      if bytes[index] == 0x5c {
        text += #"\\"#
        index += 1
      } else if index + count <= bytes.count, let scalar = String(validating: bytes[index..<index + count], as: UTF8.self) {
        text += scalar
        index += count
      } else {
        text += #"\x"# + Hex.encode([bytes[index]])
        index += 1
      }
    }
    return text
  }

  /// The bytes of an encoded text; nil where a backslash begins neither form.
  package static func decode(_ text: String) -> [UInt8]? {
    let source = Array(text.utf8)
    var bytes: [UInt8] = []
    var index = 0
    while index < source.count {
      guard source[index] == 0x5c else {
        bytes.append(source[index])
        index += 1
        continue
      }
      guard index + 1 < source.count else { return nil }
      if source[index + 1] == 0x5c {
        bytes.append(0x5c)
        index += 2
      } else if source[index + 1] == 0x78, index + 4 <= source.count,
        let byte = Hex.decode(String(decoding: source[index + 2..<index + 4], as: UTF8.self))?.first
      {
        bytes.append(byte)
        index += 4
      } else {
        return nil
      }
    }
    return bytes
  }

  private static func scalarByteCount(_ lead: UInt8) -> Int {
    switch lead {
    case 0xf0...: 4
    case 0xe0...: 3
    case 0xc0...: 2
    default: 1
    }
  }
}
