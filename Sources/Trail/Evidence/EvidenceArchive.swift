import Glibc
import Platform
import Sodium
import VaultFormat

/// The container of an evidence pack: a ustar archive that any tar reads, written in one way only, so that every byte of it can be checked.
enum EvidenceArchive {
  static let blockByteCount = 512
  static let endByteCount = 1_024

  /// The header of a member: mode 0444, owner 0, no time.
  static func header(name: String, byteCount: UInt64) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: blockByteCount)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
    }
    func octal(_ value: UInt64, digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
    precondition(name.utf8.count < 100 && byteCount < 1 << 33)
    put(name, at: 0)
    put("0000444", at: 100)
    put("0000000", at: 108)
    put("0000000", at: 116)
    put(octal(byteCount, digits: 11), at: 124)
    put("00000000000", at: 136)
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar", at: 257)
    put("00", at: 263)
    put(octal(block.reduce(0) { $0 + UInt64($1) }, digits: 6), at: 148)
    block[154] = 0
    return block
  }

  /// The size that a member's header says; nil where it is no number.
  static func byteCount(in block: [UInt8]) -> UInt64? {
    let digits = block[124..<135]
    guard digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 << 3 | UInt64($1 - 0x30) }
  }

  static func name(in block: [UInt8]) -> String? { String(validating: block[..<100].prefix { $0 != 0 }, as: UTF8.self) }

  /// Zeros up to the next block.
  static func padding(_ byteCount: UInt64) -> Int { Int((512 - byteCount % 512) % 512) }
}

/// Writes members one after the other; what a member holds need not be known before.
final class EvidenceArchiveWriter {
  private let file: File
  private var position = 0
  private var begin = 0
  private var name = ""
  private var hash = Hash()
  private(set) var members: [EvidenceManifest.Member] = []

  /// - Throws: the errno of open; EEXIST where there is such a file.
  init(_ path: String) throws(SystemError) { file = try File(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600) }

  func begin(_ name: String) {
    self.name = name
    begin = position
    position += EvidenceArchive.blockByteCount
    hash = Hash()
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    try file.write(bytes, at: position)
    position += bytes.count
    hash.update(bytes)
  }

  func write(_ bytes: [UInt8]) throws(SystemError) {
    try file.write(bytes, at: position)
    position += bytes.count
    hash.update(bytes)
  }

  func end() throws(SystemError) {
    let byteCount = UInt64(position - begin - EvidenceArchive.blockByteCount)
    try file.write(EvidenceArchive.header(name: name, byteCount: byteCount), at: begin)
    let padding = EvidenceArchive.padding(byteCount)
    if padding > 0 { try file.write([UInt8](repeating: 0, count: padding), at: position) }
    position += padding
    members.append(EvidenceManifest.Member(name: name, byteCount: byteCount, hash: hash.current()))
  }

  func add(_ name: String, _ bytes: [UInt8]) throws(SystemError) {
    begin(name)
    if !bytes.isEmpty { try write(bytes) }
    try end()
  }

  /// Ends the archive; on disk on return.
  func finish() throws(SystemError) {
    try file.write([UInt8](repeating: 0, count: EvidenceArchive.endByteCount), at: position)
    try file.sync()
  }
}

/// Finds the members of an archive and checks that it is written in the one way there is.
struct EvidenceArchiveReader {
  struct Place {
    var name: String
    var offset: Int
    var byteCount: Int
  }

  let file: File
  private(set) var places: [Place] = []
  private static let memberCountMax = 1 << 20

  /// - Throws: `unreadable`; `damaged` where it is no such archive.
  init(_ path: String) throws(TrailError) {
    let size: Int
    do throws(SystemError) {
      file = try File(path, O_RDONLY)
      size = try file.size()
    } catch { throw .unreadable("\(error)") }
    var position = 0
    let zeros = [UInt8](repeating: 0, count: EvidenceArchive.blockByteCount)
    while true {
      let block = try read(at: position, count: EvidenceArchive.blockByteCount)
      if block == zeros { break }
      guard let name = EvidenceArchive.name(in: block), let byteCount = EvidenceArchive.byteCount(in: block),
        name.utf8.count < 100, block == EvidenceArchive.header(name: name, byteCount: byteCount),
        places.count < Self.memberCountMax
      else { throw .damaged("byte \(position): not a member of an evidence pack") }
      position += EvidenceArchive.blockByteCount
      guard byteCount <= UInt64(size - position) else { throw .damaged("\(name): ends early") }
      places.append(Place(name: name, offset: position, byteCount: Int(byteCount)))
      position += Int(byteCount)
      let padding = EvidenceArchive.padding(byteCount)
      guard try read(at: position, count: padding).allSatisfy({ $0 == 0 }) else { throw .damaged("\(name): not zeros behind it") }
      position += padding
    }
    guard position + EvidenceArchive.endByteCount == size,
      try read(at: position, count: EvidenceArchive.endByteCount).allSatisfy({ $0 == 0 })
    else { throw .damaged("byte \(position): more behind the end") }
  }

  func read(at offset: Int, count: Int) throws(TrailError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      do throws(SystemError) {
        used =
          count == 0
          ? 0
          : try file.read(
            at: offset, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
      } catch { failure = error }
    }
    if let failure { throw .unreadable("\(failure)") }
    guard bytes.count == count else { throw .damaged("byte \(offset): the file ends early") }
    return bytes
  }

  /// A member whole, of at most `limit` bytes.
  func bytes(of place: Place, limit: Int) throws(TrailError) -> [UInt8] {
    guard place.byteCount <= limit else { throw .damaged("\(place.name): too long") }
    return try read(at: place.offset, count: place.byteCount)
  }

  func hash(of place: Place) throws(TrailError) -> [UInt8] {
    var hash = Hash()
    var done = 0
    while done < place.byteCount {
      let part = try read(at: place.offset + done, count: min(1 << 20, place.byteCount - done))
      hash.update(part)
      done += part.count
    }
    return hash.finish()
  }
}
