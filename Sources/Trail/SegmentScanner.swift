import Glibc
import Platform
import Sodium
import VaultFormat

/// Walks the frames of one segment file in constant memory and follows the chain. One thread at a time.
final class SegmentScanner {
  enum Step {
    /// A whole frame whose check is right. The body dies with the next step.
    case frame(Frame.Kind, UnsafeRawBufferPointer)
    /// The end, exactly.
    case end
    /// The rest is no whole frame: the file ends inside one, or one ends in zeros, as a crash leaves it.
    case torn
    /// The rest begins with a frame that cannot have been written.
    case bad(String)
  }

  let header: SegmentHeader
  /// The chain after the header.
  let startHead: ChainHead
  let headerByteCount: Int
  /// The file's size when it was opened, or when `refresh` was last called.
  private(set) var byteCount: Int
  /// Where the next frame begins.
  private(set) var offset: Int
  /// The frame returned last, and the chain before and after it.
  private(set) var sequence: UInt64
  private(set) var previousHead: ChainHead
  private(set) var head: ChainHead

  private let file: File
  /// Where the segment begins in its file.
  private let fileOffset: Int
  private let buffer: UnsafeMutableRawBufferPointer
  /// What is in the buffer and not yet walked.
  private var begin: Int
  private var filled: Int
  /// Up to where the file was read.
  private var readOffset: Int

  /// Before each frame the buffer has room for what the hash takes before it.
  private static let headroom = 64
  private static let bufferByteCount = 512 << 10

  var point: ChainPoint { ChainPoint(sequence: sequence, head: head) }

  /// Opens a segment and reads its header.
  /// - Throws: `missing` where there is no such file; `damaged`, `newerVersion` for a header that is not one.
  convenience init(_ folder: TrailFolder, number: UInt64, vault: VaultID?) throws(TrailError) {
    let (file, size) = try Self.open(folder, number)
    try self.init(file, at: 0, byteCount: size, number: number, vault: vault)
  }

  /// A segment, or the beginning of one, that lies in a part of a file.
  init(_ file: File, at fileOffset: Int, byteCount: Int, number: UInt64, vault: VaultID?) throws(TrailError) {
    self.file = file
    self.fileOffset = fileOffset
    self.byteCount = byteCount
    (header, startHead, headerByteCount) = try Self.readHeader(of: file, at: fileOffset, limit: byteCount, number: number)
    if let vault, header.vault != vault { throw .damaged("segment \(number): another vault's header") }
    offset = headerByteCount
    readOffset = headerByteCount
    sequence = header.firstSequence - 1
    head = startHead
    previousHead = startHead
    buffer = .allocate(byteCount: Self.bufferByteCount, alignment: 64)
    begin = Self.headroom
    filled = Self.headroom
  }

  /// The header alone, checked as when the segment is opened.
  static func header(_ folder: TrailFolder, number: UInt64) throws(TrailError) -> SegmentHeader {
    let (file, size) = try open(folder, number)
    return try readHeader(of: file, at: 0, limit: size, number: number).0
  }

  private static func open(_ folder: TrailFolder, _ number: UInt64) throws(TrailError) -> (File, Int) {
    do throws(SystemError) {
      let file = try File(folder.segmentPath(number), O_RDONLY | O_NOFOLLOW)
      return (file, try file.size())
    } catch {
      throw error.code == ENOENT ? .missing : .unreadable("segment \(number): \(error)")
    }
  }

  deinit { buffer.deallocate() }

  private static func readHeader(
    of file: File, at fileOffset: Int, limit: Int, number: UInt64
  ) throws(TrailError) -> (SegmentHeader, ChainHead, Int) {
    let name = "segment \(number)"
    var bytes = [UInt8](repeating: 0, count: min(SegmentHeader.byteCountMax, max(1, limit)))
    var count = 0
    var failure: SystemError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(SystemError) { count = try file.read(at: fileOffset, into: buffer) } catch { failure = error }
    }
    if let failure { throw .unreadable("\(name): \(failure)") }
    guard let total = SegmentHeader.byteCount(beginning: bytes[..<count]), total <= count else {
      throw .damaged("\(name): header")
    }
    let content = Array(bytes[..<(total - SegmentHeader.checkByteCount)])
    let start = Chain.start(header: content)
    guard start.bytes.prefix(SegmentHeader.checkByteCount).elementsEqual(bytes[content.count..<total]) else {
      throw .damaged("\(name): header check")
    }
    do throws(FormatError) {
      let header = try SegmentHeader(parsing: content)
      guard header.number == number else { throw .malformed("another segment's header") }
      return (header, start, total)
    } catch { throw TrailError(error, name) }
  }

  /// The next frame that begins before `limit`.
  /// - Throws: `unreadable` where the file cannot be read.
  func next(limit: Int? = nil) throws(TrailError) -> Step {
    let limit = min(limit ?? byteCount, byteCount)
    let rest = limit - offset
    if rest == 0 { return .end }
    guard rest >= Frame.overheadByteCount else { return .torn }
    if filled - begin < Frame.prefixByteCount { try fill(atLeast: Frame.prefixByteCount) }
    var start = buffer.baseAddress! + begin
    let bodyByteCount = Int(UInt16(littleEndian: start.loadUnaligned(as: UInt16.self)))
    let frameByteCount = bodyByteCount + Frame.overheadByteCount
    guard frameByteCount <= rest else { return .torn }
    if filled - begin < frameByteCount {
      try fill(atLeast: frameByteCount)
      start = buffer.baseAddress! + begin
    }

    // The bytes before the frame were walked already: the hash's head and sequence go there.
    let hashedFrom = start - Frame.chainPrefixByteCount
    head.store(to: hashedFrom)
    hashedFrom.storeBytes(of: (sequence + 1).littleEndian, toByteOffset: ChainHead.byteCount, as: UInt64.self)
    let hashed = Frame.chainPrefixByteCount + Frame.prefixByteCount + bodyByteCount
    Hash.unkeyed(
      UnsafeRawBufferPointer(start: hashedFrom, count: hashed),
      into: UnsafeMutableRawBufferPointer(start: hashedFrom, count: ChainHead.byteCount))
    let check = start.loadUnaligned(fromByteOffset: Frame.prefixByteCount + bodyByteCount, as: UInt64.self)
    guard check == hashedFrom.loadUnaligned(as: UInt64.self) else {
      return try isZero(from: offset + frameByteCount - 1) ? .torn : .bad("check")
    }
    guard let kind = Frame.Kind(rawValue: start.load(fromByteOffset: 2, as: UInt8.self)) else { return .bad("kind") }

    previousHead = head
    head = ChainHead(loading: hashedFrom)
    sequence += 1
    begin += frameByteCount
    offset += frameByteCount
    return .frame(kind, UnsafeRawBufferPointer(start: start + Frame.prefixByteCount, count: bodyByteCount))
  }

  /// Looks how long the file is now, while a writer is at work.
  /// - Throws: `damaged` where it became shorter than what was walked.
  func refresh() throws(TrailError) {
    do throws(SystemError) { byteCount = try file.size() } catch { throw .unreadable("segment \(header.number): \(error)") }
    guard byteCount >= offset else { throw .damaged("segment \(header.number) is cut") }
    // What was read past the last frame may have been half written.
    filled = begin
    readOffset = offset
  }

  /// Moves what is left to the front and reads on.
  private func fill(atLeast count: Int) throws(TrailError) {
    let left = filled - begin
    memmove(buffer.baseAddress! + Self.headroom, buffer.baseAddress! + begin, left)
    begin = Self.headroom
    filled = Self.headroom + left
    while filled - begin < count {
      let room = min(buffer.count - filled, byteCount - readOffset)
      guard room > 0 else { throw .damaged("segment \(header.number): shorter than its size") }
      do throws(SystemError) {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + room])
        let read = try file.read(at: fileOffset + readOffset, into: part)
        guard read > 0 else { throw SystemError("pread", EIO) }
        filled += read
        readOffset += read
      } catch { throw .unreadable("segment \(header.number): \(error)") }
    }
  }

  /// Whether the file holds only zeros from there to its end. A crash can leave a file longer than what was written into it, so that a frame ends
  /// in zeros; anything else was put there.
  private func isZero(from start: Int) throws(TrailError) -> Bool {
    var position = start
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
    defer { scratch.deallocate() }
    while position < byteCount {
      let part = UnsafeMutableRawBufferPointer(rebasing: scratch[..<min(scratch.count, byteCount - position)])
      do throws(SystemError) {
        let count = try file.read(at: fileOffset + position, into: part)
        guard count > 0 else { return true }
        if part[..<count].contains(where: { $0 != 0 }) { return false }
        position += count
      } catch { throw .unreadable("segment \(header.number): \(error)") }
    }
    return true
  }
}
