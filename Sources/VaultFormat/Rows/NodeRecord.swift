/// A document, folder or symlink as its catalog row holds it.
package struct NodeRecord: Hashable, Sendable {
  /// Numbers are on disk; never renumbered.
  package enum Kind: UInt8, Sendable {
    case folder = 1
    case document = 2
    case symlink = 3

    // For itself, since the one of all raw values is generic.
    package static func == (left: Kind, right: Kind) -> Bool { left.rawValue == right.rawValue }

    /// As records name it.
    package var word: String {
      switch self {
      case .folder: "folder"
      case .document: "document"
      case .symlink: "symlink"
      }
    }
  }

  package static let targetByteCountMax = 4095
  package static let xattrNameByteCountMax = 255
  package static let xattrByteCountMax = 64 << 10
  package static let xattrTotalByteCountMax = 256 << 10

  package var kind: Kind
  /// `NodeID.none` for the root.
  package var parent: NodeID
  package var name: Name
  /// Permission bits 0o777 and the sticky bit; shown, not consulted.
  package var mode: UInt16
  package var uid: UInt32
  package var gid: UInt32
  /// Times in wall nanoseconds.
  package var modified: Int64
  package var accessed: Int64
  package var changed: Int64
  package var born: Int64
  /// Bytes of a document; 0 for folders; the target's length for symlinks.
  package var size: UInt64
  /// Of a symlink; empty otherwise.
  package var target: [UInt8]
  /// `user.*` attributes by full name, in byte order of the names.
  package var xattrs: [Xattr]
  /// All extents of the document, counted; the first stands in the row, further ones have rows of their own.
  package var extentCount: UInt64
  package var firstExtent: Extent?

  /// An extended attribute: bytes that mean something to whoever set it.
  package struct Xattr: Hashable, Sendable {
    package var name: [UInt8]
    package var value: [UInt8]
    package init(name: [UInt8], value: [UInt8]) {
      self.name = name
      self.value = value
    }
  }

  package init(
    kind: Kind, parent: NodeID, name: Name, mode: UInt16, uid: UInt32, gid: UInt32, time: Int64, target: [UInt8] = []
  ) {
    self.kind = kind
    self.parent = parent
    self.name = name
    self.mode = mode
    self.uid = uid
    self.gid = gid
    modified = time
    accessed = time
    changed = time
    born = time
    size = UInt64(target.count)
    self.target = target
    xattrs = []
    extentCount = 0
    firstExtent = nil
  }

  /// The plaintext of the sealed row. The id is the primary key, bound by the AAD, and not repeated.
  package func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: 192)
    writer.u8(1)
    writer.u8(kind.rawValue)
    writer.varint(parent.value)
    writer.counted(name.bytes)
    writer.varint(UInt64(mode))
    writer.varint(UInt64(uid))
    writer.varint(UInt64(gid))
    writer.i64(modified)
    writer.signedVarint(accessed &- modified)
    writer.signedVarint(changed &- modified)
    writer.signedVarint(born &- modified)
    writer.varint(size)
    writer.counted(target)
    writer.varint(xattrs.count)
    for xattr in xattrs {
      writer.counted(xattr.name)
      writer.counted(xattr.value)
    }
    writer.varint(extentCount)
    firstExtent?.encode(to: &writer)
    return writer.bytes
  }

  package init(parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    guard let kind = Kind(rawValue: try reader.u8()) else { throw .malformed("node kind") }
    self.kind = kind
    parent = NodeID(try reader.varint())
    guard parent <= NodeID.greatest else { throw .malformed("parent") }
    let nameBytes = try reader.counted(limit: Name.byteCountMax)
    if nameBytes.isEmpty, parent == .none, kind == .folder {
      name = .root
    } else if let name = Name(nameBytes), parent != .none {
      self.name = name
    } else {
      throw .malformed("name")
    }
    let mode = try reader.varint()
    guard mode <= 0o1777 else { throw .malformed("mode") }
    self.mode = UInt16(mode)
    let uid = try reader.varint()
    let gid = try reader.varint()
    guard uid <= UInt64(UInt32.max), gid <= UInt64(UInt32.max) else { throw .malformed("owner") }
    self.uid = UInt32(uid)
    self.gid = UInt32(gid)
    modified = try reader.i64()
    accessed = modified &+ (try reader.signedVarint())
    changed = modified &+ (try reader.signedVarint())
    born = modified &+ (try reader.signedVarint())
    size = try reader.varint()
    guard size <= UInt64(Int64.max) else { throw .malformed("size") }
    target = Array(try reader.counted(limit: Self.targetByteCountMax))
    guard (kind == .symlink) == !target.isEmpty else { throw .malformed("target") }
    xattrs = []
    for _ in 0..<(try reader.count(limit: 4096)) {
      let name = Array(try reader.counted(limit: Self.xattrNameByteCountMax))
      let value = Array(try reader.counted(limit: Self.xattrByteCountMax))
      guard !name.isEmpty, xattrs.last.map({ $0.name.lexicographicallyPrecedes(name) }) ?? true else {
        throw .malformed("attributes")
      }
      xattrs.append(Xattr(name: name, value: value))
    }
    extentCount = try reader.varint()
    guard kind == .document || extentCount == 0 else { throw .malformed("extents") }
    firstExtent = extentCount > 0 ? try Extent(from: &reader) : nil
    guard firstExtent.map({ $0.start == 0 }) ?? true else { throw .malformed("first extent") }
    try reader.end()
  }
}
