/// A JSON value whose fields keep their order, so that a format has one way to write each record.
package indirect enum JSONValue: Sendable, Equatable {
  case string(String)
  case signed(Int64)
  case unsigned(UInt64)
  case bool(Bool)
  case array([JSONValue])
  case object(JSONObject)

  /// On one line. All controls, line separators and characters that steer (bidi marks, zero-width ones) are written `\uXXXX`: what is shown of
  /// the line as it is cannot be reordered or hide.
  package func write(to text: inout String) {
    switch self {
    case .string(let value): Self.write(value, to: &text)
    case .signed(let value): text += String(value)
    case .unsigned(let value): text += String(value)
    case .bool(let value): text += value ? "true" : "false"
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += "," }
        value.write(to: &text)
      }
      text += "]"
    case .object(let object):
      text += "{"
      for (index, field) in object.fields.enumerated() {
        if index > 0 { text += "," }
        Self.write(field.name, to: &text)
        text += ":"
        field.value.write(to: &text)
      }
      text += "}"
    }
  }

  package static func write(_ value: String, to text: inout String) {
    text += "\""
    if value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }) {
      text += value
    } else {
      for scalar in value.unicodeScalars {
        switch scalar {
        case "\"": text += #"\""#
        case "\\": text += #"\\"#
        case "\n": text += #"\n"#
        case "\r": text += #"\r"#
        case "\t": text += #"\t"#
        case _ where Escaping.isSteering(scalar): for unit in UTF16.encode(scalar)! { text += Self.escape(unit) }
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
    text += "\""
  }

  private static func escape(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
  }

  package var line: String {
    var text = ""
    write(to: &text)
    return text
  }
}

/// Fields in order. A name is given once.
package struct JSONObject: Sendable, Equatable {
  package private(set) var fields: [(name: String, value: JSONValue)] = []

  package init() {}

  package mutating func set(_ name: String, _ value: String?) { if let value { fields.append((name, .string(value))) } }
  package mutating func set(_ name: String, _ value: UInt64?) { if let value { fields.append((name, .unsigned(value))) } }
  package mutating func set(_ name: String, _ value: UInt32?) { if let value { fields.append((name, .unsigned(UInt64(value)))) } }
  package mutating func set(_ name: String, _ value: Int64?) { if let value { fields.append((name, .signed(value))) } }
  package mutating func set(_ name: String, _ value: Int32?) { if let value { fields.append((name, .signed(Int64(value)))) } }
  package mutating func set(_ name: String, _ value: Bool) { fields.append((name, .bool(value))) }
  package mutating func set(_ name: String, _ values: [String]) { fields.append((name, .array(values.map { .string($0) }))) }
  package mutating func set(_ name: String, _ value: JSONObject) { fields.append((name, .object(value))) }
  package mutating func set(_ name: String, value: JSONValue) { fields.append((name, value)) }

  package var line: String { JSONValue.object(self).line }

  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.fields.count == right.fields.count
      && zip(left.fields, right.fields).allSatisfy { $0.name == $1.name && $0.value == $1.value }
  }
}
