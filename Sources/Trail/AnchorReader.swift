import Glibc
import Platform
import VaultFormat

/// Reads a file of anchor lines from its beginning to the end that it had when it was opened, one line at a time.
///
/// The file may be one that a syslog daemon wrote: what stands before an anchor in its line is passed over, as are lines without one, and a line
/// that came twice.
final class AnchorReader {
  /// The line to be met next; nil at the end.
  private(set) var line: AnchorLine?
  /// Where the epochs go back: the first line of those that a trail told that was put back from a copy. `line` is nil then.
  private(set) var nextRun: AnchorLine?

  private let file: File
  private let byteCount: Int
  private var position = 0
  private var number = 0
  private var buffer: [UInt8] = []
  private var begin = 0
  private static let lineByteCountMax = 16_384

  /// - Throws: `unreadable` where the file is missing or holds no anchor, and later where one is none.
  init(_ path: String) throws(TrailError) {
    do throws(SystemError) {
      file = try File(path, O_RDONLY)
      byteCount = try file.size()
    } catch { throw .unreadable("anchor file: \(error)") }
    try advance()
    if line == nil, nextRun == nil, number > 1 { throw .unreadable("anchor file: no anchor in it") }
  }

  func advance() throws(TrailError) {
    let before = line
    line = nil
    guard nextRun == nil else { return }
    while true {
      number += 1
      guard let text = try nextLine() else { return }
      guard let word = Self.anchor(in: text) else { continue }
      let next: AnchorLine
      do throws(FormatError) { next = try AnchorLine(parsing: word) } catch { throw .unreadable("anchor file: line \(number)") }
      if next == before { continue }
      if let before, next.epoch <= before.epoch { nextRun = next } else { line = next }
      return
    }
  }

  /// Passes over the rest of the lines of what was left behind, if the epochs go back later (to `epoch`, where one is given); otherwise it stays where it is.
  /// Returns how many were passed over.
  func skipRun(to epoch: UInt64? = nil) throws(TrailError) -> UInt64 {
    let kept = (line, position, number, buffer, begin)
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
    (line, position, number, buffer, begin) = kept
    return 0
  }

  /// From the anchor's first word on; nil where there is none.
  private static func anchor(in text: String) -> Substring? {
    let word = "strongroom-anchor "
    if text.hasPrefix(word) { return text[...] }
    // Behind a syslog header there is a space before it.
    guard let found = text.firstRange(of: " " + word) else { return nil }
    return text[text.index(after: found.lowerBound)...]
  }

  private func nextLine() throws(TrailError) -> String? {
    while true {
      if let end = buffer[begin...].firstIndex(of: 0x0a) {
        defer { begin = end + 1 }
        return String(decoding: buffer[begin..<end], as: UTF8.self)
      }
      guard position < byteCount else {
        guard begin == buffer.count else { throw .unreadable("anchor file: line \(number) has no end") }
        return nil
      }
      guard buffer.count - begin < Self.lineByteCountMax else { throw .unreadable("anchor file: line \(number)") }
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
