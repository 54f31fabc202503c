extension VaultFile {
  /// The whole text, MAC included.
  package func encode() -> [UInt8] {
    var json = authenticatedJSON()
    json.string("mac", Hex.encode(mac))
    json.endObject()
    return json.finish()
  }

  /// Every byte before the member `mac`: what the MAC is made over.
  package func authenticatedBytes() -> [UInt8] { authenticatedJSON().bytes }

  private func authenticatedJSON() -> CanonicalJSONWriter {
    var json = CanonicalJSONWriter()
    json.beginObject()
    json.number("format", vaultFormatVersion)
    json.string("vault", vault.description)
    json.number("suite", UInt64(suite.rawValue))
    json.number("generation", generation)
    json.string("created", UTCTime.text(created))
    json.number("nextSlot", nextSlot)
    json.beginArray("slots")
    for slot in slots {
      json.beginObject()
      slot.encode(to: &json)
      json.endObject()
    }
    json.endArray()
    json.beginArray("reviewers")
    for reviewer in reviewers {
      json.beginObject()
      reviewer.encode(to: &json)
      json.endObject()
    }
    json.endArray()
    return json
  }

  /// Reads the whole text.
  /// - Throws: `newerVersion` where the first member says so, whatever follows; `malformed` for anything that `encode` does not write.
  package init(parsing bytes: [UInt8]) throws(FormatError) {
    guard bytes.count <= Self.byteCountMax else { throw .malformed("vault.json: too long") }
    var json = CanonicalJSONReader(bytes)
    try json.beginObject()
    let format = try json.number("format")
    guard format >= 1 else { throw .malformed("vault.json: format") }
    guard format <= vaultFormatVersion else { throw .newerVersion(format) }
    vault = ID128(try json.hex("vault", byteCount: 16))!
    guard let suite = Suite(exactly: try json.number("suite")) else { throw .malformed("vault.json: suite") }
    self.suite = suite
    generation = try json.number("generation")
    created = try json.time("created")
    nextSlot = try json.number("nextSlot")
    slots = []
    try json.beginArray("slots")
    while try json.nextElement() {
      try json.beginObject()
      slots.append(try KeySlot(from: &json))
      try json.endObject()
    }
    reviewers = []
    try json.beginArray("reviewers")
    while try json.nextElement() {
      try json.beginObject()
      reviewers.append(try Reviewer(from: &json))
      try json.endObject()
    }
    mac = try json.hex("mac", byteCount: Self.macByteCount)
    try json.endObject()
    try json.end()
    try checkLimits()
  }

  private func checkLimits() throws(FormatError) {
    guard generation > 0 else { throw .malformed("vault.json: generation") }
    guard (1...Self.slotCountMax).contains(slots.count) else { throw .malformed("vault.json: number of slots") }
    guard reviewers.count <= Self.reviewerCountMax else { throw .malformed("vault.json: number of reviewers") }
    guard slots[0].id.value > 0, zip(slots, slots.dropFirst()).allSatisfy({ $0.id < $1.id }), slots.last!.id.value < nextSlot
    else {
      throw .malformed("vault.json: slot ids")
    }
    guard Set(reviewers.map(\.publicKey)).count == reviewers.count else { throw .malformed("vault.json: a reviewer twice") }
  }
}

extension KeySlot {
  fileprivate static let stretchingName = "argon2id"
  fileprivate static let keyFileHashName = "blake2b"
  fileprivate static let wrappingName = "xchacha20-poly1305"

  fileprivate func encode(to json: inout CanonicalJSONWriter) {
    json.number("id", id.value)
    json.string("kind", kind.name)
    json.string("label", label)
    json.string("created", UTCTime.text(created))
    if let stretching {
      json.string("kdf", Self.stretchingName)
      json.number("passes", stretching.passes)
      json.number("memory", stretching.memoryByteCount)
      json.string("salt", Hex.encode(stretching.salt))
    } else {
      json.string("kdf", Self.keyFileHashName)
    }
    json.string("wrapping", Self.wrappingName)
    json.string("sealed", Hex.encode(sealedRoot))
  }

  fileprivate init(from json: inout CanonicalJSONReader) throws(FormatError) {
    id = KeySlotID(try json.number("id"))
    let kindName = try json.string("kind")
    guard let kind = Kind.allCases.first(where: { $0.name == kindName }) else { throw .malformed("vault.json: kind of slot") }
    self.kind = kind
    label = try json.label("label")
    created = try json.time("created")
    let kdf = try json.string("kdf")
    guard kdf == (kind == .passphrase ? Self.stretchingName : Self.keyFileHashName) else { throw .malformed("vault.json: kdf") }
    if kind == .passphrase {
      stretching = Stretching(
        passes: try json.number("passes"), memoryByteCount: try json.number("memory"),
        salt: try json.hex("salt", byteCount: Self.saltByteCount))
    } else {
      stretching = nil
    }
    guard try json.string("wrapping") == Self.wrappingName else { throw .malformed("vault.json: wrapping") }
    sealedRoot = try json.hex("sealed", byteCount: Self.sealedRootByteCount)
  }
}

extension Reviewer {
  fileprivate func encode(to json: inout CanonicalJSONWriter) {
    json.string("key", Hex.encode(publicKey))
    json.string("label", label)
    json.string("added", UTCTime.text(added))
  }

  fileprivate init(from json: inout CanonicalJSONReader) throws(FormatError) {
    publicKey = try json.hex("key", byteCount: Self.publicKeyByteCount)
    label = try json.label("label")
    added = try json.time("added")
  }
}

extension CanonicalJSONReader {
  fileprivate mutating func hex(_ name: StaticString, byteCount: Int) throws(FormatError) -> [UInt8] {
    guard let bytes = Hex.decode(try string(name)), bytes.count == byteCount else { throw .malformed("vault.json: \(name)") }
    return bytes
  }

  fileprivate mutating func time(_ name: StaticString) throws(FormatError) -> Int64 {
    guard let seconds = UTCTime.seconds(try string(name)) else { throw .malformed("vault.json: \(name)") }
    return seconds
  }

  fileprivate mutating func label(_ name: StaticString) throws(FormatError) -> String {
    let text = try string(name)
    guard VaultFile.isLabel(text) else { throw .malformed("vault.json: \(name)") }
    return text
  }
}

extension Suite {
  fileprivate init?(exactly number: UInt64) {
    guard let byte = UInt8(exactly: number) else { return nil }
    self.init(rawValue: byte)
  }
}
