import Glibc
import Platform
import VaultFormat

/// Reads a file of anchor lines from its beginning to the end that it had when it was opened, one line at a time.
///
/// The file may be one that a syslog daemon wrote: what stands before a message that is an anchor is passed over, as are all other lines, and a
/// line that came twice.
final class AnchorReader {
  /// The line to be met next; nil at the end.
  private(set) var line: AnchorLine?
  /// Where the epochs go back: the first line of those that a trail told that was put back from a copy. `line` is nil then.
  private(set) var nextRun: AnchorLine?
  /// Lines with an anchor's first word in them that are no whole anchor, or hold one where none is told: torn ones, and those of others.
  private(set) var skippedCount: UInt64 = 0

  private let file: File
  private let byteCount: Int
  private var position = 0
  private var buffer: [UInt8] = []
  private var begin = 0
  /// In errors.
  static let place = "anchor file"
  /// Of longer ones no more is looked at: an anchor is short.
  private static let lineByteCountMax = 16_384

  /// - Throws: `unreadable` where the file is missing or holds nothing like an anchor, `newerVersion` here and later.
  init(_ path: String) throws(TrailError) {
    do throws(SystemError) {
      file = try File(path, O_RDONLY)
      byteCount = try file.size()
    } catch { throw .unreadable("anchor file: \(error)") }
    try advance()
    if line == nil, nextRun == nil, byteCount > 0, skippedCount == 0 { throw .unreadable("anchor file: no anchor in it") }
  }

  func advance() throws(TrailError) {
    let before = line
    line = nil
    guard nextRun == nil else { return }
    while let text = try nextLine() {
      guard let next = try anchor(in: text), next != before else { continue }
      if let before, next.epoch <= before.epoch { nextRun = next } else { line = next }
      return
    }
  }

  /// Passes over the rest of the lines of what was left behind, if the epochs go back later (to `epoch`, where one is given); otherwise it stays where it is.
  /// Returns how many were passed over.
  func skipRun(to epoch: UInt64? = nil) throws(TrailError) -> UInt64 {
    let kept = (line, position, buffer, begin, skippedCount)
    var count: UInt64 = 0
    while line != nil {
      count += 1
      try advance()
    }
    let next = nextRun
    nextRun = nil
    if let next, epoch == nil || next.epoch == epoch {
      line = next
      return count
    }
    (line, position, buffer, begin, skippedCount) = kept
    return 0
  }

  /// - Throws: `newerVersion`, where a later program told it.
  private func anchor(in text: ArraySlice<UInt8>) throws(TrailError) -> AnchorLine? {
    if let found = AnchorText.find(in: text) {
      do throws(FormatError) { return try AnchorLine(parsing: String(decoding: found, as: UTF8.self)) } catch {
        if case .newerVersion = error { throw TrailError(error, Self.place) }
      }
    }
    if Self.looksLikeAnchor(text) { skippedCount += 1 }
    return nil
  }

  private static func looksLikeAnchor(_ text: ArraySlice<UInt8>) -> Bool {
    var rest = text
    while let place = rest.firstIndex(of: AnchorText.word[0]) {
      rest = rest[place...]
      if rest.starts(with: AnchorText.word) { return true }
      rest = rest.dropFirst()
    }
    return false
  }

  /// Without its newline, which the last one may lack; of one that is too long, its beginning.
  private func nextLine() throws(TrailError) -> ArraySlice<UInt8>? {
    var tooLong: ArraySlice<UInt8>?
    while true {
      if let end = buffer[begin...].firstIndex(of: 0x0a) {
        defer { begin = end + 1 }
        return tooLong ?? buffer[begin..<end]
      }
      if position == byteCount {
        defer { begin = buffer.count }
        return tooLong ?? (begin < buffer.count ? buffer[begin...] : nil)
      }
      if buffer.count - begin > Self.lineByteCountMax {
        tooLong = tooLong ?? buffer[begin..<(begin + Self.lineByteCountMax)]
        begin = buffer.count
      }
      try fill()
    }
  }

  private func fill() throws(TrailError) {
    let count = min(64 << 10, byteCount - position)
    var failure: SystemError?
    let more = [UInt8](unsafeUninitializedCapacity: count) { memory, used in
      do throws(SystemError) { used = try file.read(at: position, into: UnsafeMutableRawBufferPointer(memory)) } catch {
        failure = error
      }
    }
    if let failure { throw .unreadable("anchor file: \(failure)") }
    guard !more.isEmpty else { throw .unreadable("anchor file: shorter than its size") }
    buffer = Array(buffer[begin...]) + more
    begin = 0
    position += more.count
  }
}
