#if DEBUG
  import TestKit
  import Glibc
  import Platform
  import TestStores

  /// The files of a folder as they are and as they are on disk, by what was synced of them. SQLite's files are `DatabaseStates`.
  struct FileStates {
    /// A file keeps its number while somebody has it open, and this does.
    private typealias Number = UInt64

    private struct Held {
      let file: File
      /// The bytes that are on disk for certain.
      var synced: [UInt8] = []
    }

    /// What a sync covers, taken when it begins.
    enum Synced {
      case file(UInt64, [UInt8])
      case folder(String, [String: UInt64])
      case nothing
    }

    private static let folderNumber = Number.max
    private var held: [Number: Held] = [:]
    /// By the folder's path: its entries now, and on disk.
    private var present: [String: [String: Number]] = [:]
    private var synced: [String: [String: Number]] = [:]
    /// The file last seen under a path: whoever renamed it may still call it so.
    private var lastSeen: [String: Number] = [:]

    private static func isSQLite(_ name: String) -> Bool { name.hasPrefix("catalog.sqlite") }

    /// Brings what is there up to date.
    mutating func scan(_ folder: String) throws {
      guard let stream = opendir(folder) else { throw SystemError("opendir", errno) }
      defer { closedir(stream) }
      var entries: [String: Number] = [:]
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name == "." || name == ".." || Self.isSQLite(name) { continue }
        let path = folder + "/" + name
        if entry.pointee.d_type == UInt8(DT_DIR) {
          entries[name] = Self.folderNumber
          try scan(path)
          continue
        }
        let number = Number(entry.pointee.d_ino)
        if held[number] == nil {
          let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
          // Gone between the two calls.
          if descriptor < 0 { continue }
          held[number] = Held(file: File(adopting: descriptor, path: path + " as recorded"))
        }
        entries[name] = number
        lastSeen[path] = number
      }
      present[folder] = entries
    }

    mutating func allIsSynced() {
      synced = present
      for number in held.keys { held[number]!.synced = bytes(number) }
    }

    private func bytes(_ number: Number) -> [UInt8] {
      guard let file = held[number]?.file else { return [] }
      var status = stat()
      fstat(file.descriptor, &status)
      return [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, used in
        used = max(0, pread(file.descriptor, buffer.baseAddress, buffer.count, 0))
      }
    }

    func syncing(_ path: String) throws -> Synced {
      if let entries = present[path] { return .folder(path, entries) }
      guard let number = lastSeen[path] else { return .nothing }
      return .file(number, bytes(number))
    }

    mutating func synced(_ what: Synced) {
      switch what {
      case .file(let number, let bytes): held[number]?.synced = bytes
      case .folder(let path, let entries): synced[path] = entries
      case .nothing: break
      }
    }

    // MARK: What a cut leaves

    func leave(_ folder: String, at target: String, _ generator: inout SeededGenerator) throws {
      mkdir(target, 0o700)
      let (now, before) = (present[folder] ?? [:], synced[folder] ?? [:])
      for name in Set(now.keys).union(before.keys).sorted() {
        let number = now[name] == before[name] || Bool.random(using: &generator) ? now[name] : before[name]
        guard let number else { continue }
        guard number != Self.folderNumber else {
          try leave(folder + "/" + name, at: target + "/" + name, &generator)
          continue
        }
        let left = Sectors.mixed(held[number]?.synced ?? [], bytes(number), &generator)
        try File(target + "/" + name, O_WRONLY | O_CREAT | O_TRUNC).write(left, at: 0)
      }
    }
  }

  /// Sectors of 512 bytes, of which a disk writes each whole or not at all.
  enum Sectors {
    static let byteCount = 512

    /// Each sector from the one or the other, and as long as either or something in between.
    static func mixed(_ before: [UInt8], _ now: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
      if isSame(before, now) { return now }
      let (least, most) = (min(before.count, now.count), max(before.count, now.count))
      let between = (Int.random(in: least...most, using: &generator) / byteCount + 1) * byteCount
      let count = [before.count, now.count, min(most, between)].randomElement(using: &generator)!
      var bytes = [UInt8](repeating: 0, count: count)
      for start in stride(from: 0, to: count, by: byteCount) {
        let source = Bool.random(using: &generator) ? now : before
        let end = min(start + byteCount, count, source.count)
        if start < end { bytes.replaceSubrange(start..<end, with: source[start..<end]) }
      }
      return bytes
    }

    private static func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
      guard one.count == other.count, !one.isEmpty else { return one.count == other.count }
      return one.withUnsafeBytes { one in other.withUnsafeBytes { memcmp(one.baseAddress!, $0.baseAddress!, one.count) == 0 } }
    }
  }

  /// One of SQLite's files: what is on disk of it, and what was done to it since.
  struct DatabaseStates {
    enum Change {
      case write(Int, [UInt8])
      case truncate(Int)
    }

    private var synced: [UInt8]
    /// A new file's name is on disk with its first sync, as SQLite syncs the folder then, or with its folder's.
    var isNamed: Bool
    var changes: [Change] = []
    var isGone = false

    init(_ synced: [UInt8]) {
      self.synced = synced
      isNamed = true
    }

    init() {
      synced = []
      isNamed = false
    }

    mutating func isSynced() {
      for change in changes { Self.apply(change, to: &synced) { _ in true } }
      changes = []
      isNamed = true
    }

    /// Any of the changes since the last sync, each sector of a write by itself; nil where not even the name is there.
    func left(_ generator: inout SeededGenerator) -> [UInt8]? {
      if (!isNamed || isGone) && Bool.random(using: &generator) { return nil }
      var bytes = synced
      for change in changes {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: continue
        case 1: Self.apply(change, to: &bytes) { _ in Bool.random(using: &generator) }
        default: Self.apply(change, to: &bytes) { _ in true }
        }
      }
      return bytes
    }

    private static func apply(_ change: Change, to bytes: inout [UInt8], where isKept: (Int) -> Bool) {
      switch change {
      case .truncate(let count):
        guard isKept(0) else { return }
        if count < bytes.count { bytes.removeLast(bytes.count - count) }
        if count > bytes.count { bytes += [UInt8](repeating: 0, count: count - bytes.count) }
      case .write(let offset, let written):
        var start = offset
        let end = offset + written.count
        while start < end {
          let next = min(end, (start / Sectors.byteCount + 1) * Sectors.byteCount)
          if isKept(start / Sectors.byteCount) {
            if bytes.count < next { bytes += [UInt8](repeating: 0, count: next - bytes.count) }
            bytes.replaceSubrange(start..<next, with: written[(start - offset)..<(next - offset)])
          }
          start = next
        }
      }
    }
  }
#endif
