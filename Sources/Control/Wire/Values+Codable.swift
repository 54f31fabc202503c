package import VaultFormat

// How values of the vault's formats look in JSON: rights as a list of their names, duties by name, ids as numbers, vaults as 32 digits.

extension Rights: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    var rights: Rights = []
    for word in try container.decode([String].self) {
      guard let single = Rights.named.first(where: { $0.name == word }) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a right")
      }
      rights.insert(single.right)
    }
    self = rights
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Rights.named.filter { contains($0.right) }.map(\.name))
  }
}

extension Duty.Kind: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let kind = Self(name: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a duty")
    }
    self = kind
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

extension ReviewItem.Decision: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let decision = Self(name: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a decision")
    }
    self = decision
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

extension RuleID: Codable {
  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(UInt64.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

extension ID128: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let bytes = Hex.decode(try container.decode(String.self)), let id = ID128(bytes) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an id")
    }
    self = id
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// `user:NAME` or `group:NAME` as it was asked for; the mount finds out whether the system knows it.
package struct PrincipalName: Hashable, Sendable, Codable, CustomStringConvertible {
  package let kind: Principal.Kind
  package let name: String

  package init(kind: Principal.Kind, name: String) {
    self.kind = kind
    self.name = name
  }

  /// Nil unless it begins with `user:` or `group:` and names something of 1…255 bytes without control characters.
  package init?(_ text: String) {
    let kinds: [(String, Principal.Kind)] = [("user:", .user), ("group:", .group)]
    guard let (prefix, kind) = kinds.first(where: { text.hasPrefix($0.0) }) else { return nil }
    let name = String(text.dropFirst(prefix.count))
    guard (1...255).contains(name.utf8.count), name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
    self.init(kind: kind, name: name)
  }

  package var description: String { (kind == .user ? "user:" : "group:") + name }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = PrincipalName(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a principal")
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
