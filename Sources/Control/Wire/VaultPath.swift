package import VaultFormat

/// The place of a node in its vault: `/`, or `/` before each name. Names are bytes, not always text.
///
/// In JSON and on the command line a backslash is written `\\` and a byte that is not part of UTF-8 `\xHH`; there is one way to write each path.
package struct VaultPath: Hashable, Sendable {
  package let names: [Name]

  package static let root = VaultPath(names: [])

  package init(names: [Name]) { self.names = names }

  /// Absolute, without empty names, `.` or `..`; one slash at the end is allowed. Nil for anything else.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.first == 0x2f else { return nil }
    var names: [Name] = []
    var parts = bytes.dropFirst().split(separator: 0x2f, omittingEmptySubsequences: false)
    if parts.last?.isEmpty == true { parts.removeLast() }
    for part in parts {
      guard let name = Name(part) else { return nil }
      names.append(name)
    }
    self.names = names
  }

  /// The raw bytes.
  package var bytes: [UInt8] { names.isEmpty ? [0x2f] : names.flatMap { [0x2f] + $0.bytes } }

  /// The text with its escapes.
  package var text: String { PathText.encode(bytes) }

  /// Reads `text`; nil where an escape is none, or it is no path.
  package init?(text: String) {
    guard let bytes = PathText.decode(text) else { return nil }
    self.init(bytes: bytes)
  }
}

extension VaultPath: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let path = VaultPath(text: text), path.text == text else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a vault path")
    }
    self = path
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
