import Foundation

/// One line of an attacker's log (Tests/Attacker/attacker.h, `Record`).
struct AttackRecord {
  enum Kind: UInt8, CaseIterable {
    case statDocument = 1
    case statFolder, access, read, list, keep, handleRead, handleWrite, handleSeek, handleLock, getAttribute, listAttributes, why
    case readLink, setMode, write, map, copy, reopen, parent, heldFolder
    case create = 30
    case unlink, moveDocument, moveFolder
  }

  struct Flags: OptionSet {
    let rawValue: UInt16
    static let foreign = Flags(rawValue: 1)
    static let bare = Flags(rawValue: 2)
    static let link = Flags(rawValue: 4)
    static let unknownName = Flags(rawValue: 8)
    static let creator = Flags(rawValue: 16)
    static let writing = Flags(rawValue: 32)
    static let reading = Flags(rawValue: 64)
    static let kept = Flags(rawValue: 128)
  }

  static let byteCount = 152

  let kind: Kind
  let user, opener: Int
  /// An errno, 0 for success.
  let error: Int32
  let flags: Flags
  let document, otherDocument, folder, otherFolder: Int
  /// Folders from the root down.
  let chain, otherChain: [Int]
  let change, before, after: Int
  let began, ended: Int64
  private(set) var folders: Set<Int> = []
  private(set) var documents: Set<Int> = []

  var isDone: Bool { error == 0 }

  init?(_ bytes: UnsafeRawBufferPointer) {
    func load<Value: FixedWidthInteger>(_ offset: Int, _ type: Value.Type) -> Value {
      bytes.loadUnaligned(fromByteOffset: offset, as: type)
    }
    guard let kind = Kind(rawValue: load(0, UInt8.self)) else { return nil }
    self.kind = kind
    user = Int(load(1, UInt8.self))
    opener = Int(load(2, UInt8.self))
    error = Int32(load(4, Int16.self))
    flags = Flags(rawValue: load(6, UInt16.self))
    document = Int(load(8, Int16.self))
    otherDocument = Int(load(10, Int16.self))
    folder = Int(load(12, Int16.self))
    otherFolder = Int(load(14, Int16.self))
    chain = (0..<Int(load(3, UInt8.self))).map { Int(load(16 + $0, Int8.self)) }
    otherChain = (0..<Int(load(32, UInt8.self))).map { Int(load(24 + $0, Int8.self)) }
    change = Int(load(40, UInt64.self))
    before = Int(load(48, UInt64.self))
    after = Int(load(56, UInt64.self))
    began = load(64, Int64.self)
    ended = load(72, Int64.self)
    guard kind == .list else { return }
    let seen = load(80, UInt64.self)
    folders = Set((0..<AttackWorld.folderCountMax).filter { seen >> UInt64($0) & 1 == 1 })
    for word in 0..<AttackWorld.documentCountMax / 64 {
      let seen = load(88 + 8 * word, UInt64.self)
      if seen != 0 { documents.formUnion((0..<64).filter { seen >> UInt64($0) & 1 == 1 }.map { word * 64 + $0 }) }
    }
  }

  static func all(in path: String) throws -> [AttackRecord] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return data.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count - byteCount + 1, by: byteCount).compactMap {
        AttackRecord(UnsafeRawBufferPointer(rebasing: bytes[$0..<$0 + byteCount]))
      }
    }
  }
}
