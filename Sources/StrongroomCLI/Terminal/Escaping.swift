import VaultFormat

/// Names as people may safely see them: nothing in a name can move the cursor, reorder the line or hide.
package enum Escaping {
  /// Controls, line and paragraph separators, and characters that only steer (bidi marks, zero-width ones, tags) become `\n`, `\t`, `\r`, `\e` or
  /// `\u{202E}`; a backslash is `\\`, so that what is shown is never ambiguous. The joiners inside emoji and Indic words stay.
  package static func shown(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != 0x5c }) { return text }
    guard text.unicodeScalars.contains(where: { $0 == "\\" || isSteering($0) }) else { return text }
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": shown.append(contentsOf: #"\\"#.unicodeScalars)
      case "\n": shown.append(contentsOf: #"\n"#.unicodeScalars)
      case "\t": shown.append(contentsOf: #"\t"#.unicodeScalars)
      case "\r": shown.append(contentsOf: #"\r"#.unicodeScalars)
      case "\u{1b}": shown.append(contentsOf: #"\e"#.unicodeScalars)
      case _ where isSteering(scalar):
        shown.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
      default: shown.append(scalar)
      }
    }
    return String(shown)
  }

  /// Bytes that may not be UTF-8; those that are not become `\xHH`.
  package static func shown(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return shown(text) }
    var text = ""
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = (1...4).last {
        $0 <= rest.count && String(validating: rest.prefix($0), as: UTF8.self)?.unicodeScalars.count == 1
      }
      if let count {
        text += shown(String(decoding: rest.prefix(count), as: UTF8.self))
        rest = rest.dropFirst(count)
      } else {
        text += #"\x"# + Hex.encode(rest.prefix(1))
        rest = rest.dropFirst()
      }
    }
    return text
  }

  /// Whether it moves, reorders or hides instead of showing something.
  package static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
    // Letters of most names, in which Unicode has nothing that steers.
    switch scalar.value {
    case 0x20..<0x7f, 0xae..<0x600, 0x2e80..<0xd800: return false
    default: break
    }
    return switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
    case .format: scalar.value != 0x200c && scalar.value != 0x200d
    default: scalar.value == 0x2800 || (0xfff0...0xfffb).contains(scalar.value)
    }
  }
}
