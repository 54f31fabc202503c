import Foundation
import Glibc

/// What an actor answered: `ok` with words, or an errno by its name.
enum Answer {
  case ok([String])
  case refused(String)

  /// `ok` or the errno's name: what tests compare.
  var outcome: String {
    switch self {
    case .ok: "ok"
    case .refused(let name): name
    }
  }
}

struct ActorFailed: Error, CustomStringConvertible {
  let description: String
}

/// Bytes that an actor read, without the bytes: how many, a hash, and the first 64.
struct Content: Equatable, CustomStringConvertible {
  let count: Int
  let hash: String
  let prefix: [UInt8]

  init(_ words: [String]) throws {
    guard words.count == 3, let count = Int(words[0]) else { throw ActorFailed(description: "not content: \(words)") }
    self.count = count
    hash = words[1]
    let digits = Array(words[2].utf8)
    prefix = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
  }

  init(of bytes: [UInt8]) {
    count = bytes.count
    var value: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = String(repeating: "0", count: max(0, 16 - String(value, radix: 16).count)) + String(value, radix: 16)
    prefix = Array(bytes.prefix(64))
  }

  init(of text: String) { self.init(of: Array(text.utf8)) }

  /// The content as text, as far as it was told.
  var text: String { String(decoding: prefix, as: UTF8.self) }
  var description: String { "\(count) bytes “\(text)”" }

  /// The pattern that the actor's `fill` writes.
  static func pattern(at offset: Int, count: Int, seed: Int) -> Content {
    let asked = [offset, count, seed]
    if let known = patterns[asked] { return known }
    let made = Content(of: (offset..<offset + count).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 251 + seed) })
    patterns[asked] = made
    return made
  }

  /// Those asked for before: unoptimised as tests are, a megabyte takes longer to make than to read. The mounted tests run one after the other.
  nonisolated(unsafe) private static var patterns: [[Int]: Content] = [:]
}

/// A process that stands for one user: `strongroom-actor`. It ends with the object that speaks for it.
final class Actor {
  let user: TestUser
  let id: pid_t
  private let process = Process()
  private let commands = Pipe()
  private let answers = Pipe()
  private var buffer: [UInt8] = []

  init(_ user: TestUser) throws {
    self.user = user
    process.executableURL = URL(fileURLWithPath: Programs.actor)
    process.arguments = ["\(user.uid)", "\(user.gid)", user.groupList]
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardInput = commands
    process.standardOutput = answers
    try process.run()
    id = process.processIdentifier
  }

  deinit { end() }

  /// Ends the process, as a crash would: all that it has open is closed by the kernel.
  func end() {
    try? commands.fileHandleForWriting.close()
    if process.isRunning { kill(id, SIGKILL) }
    process.waitUntilExit()
  }

  // MARK: Commands

  /// Sends one command and returns its answer.
  func ask(_ words: [String]) throws -> Answer {
    try send(words)
    guard let answer = try answer(to: words, within: 60) else {
      throw ActorFailed(description: "\(user.name): no answer to \(words) within a minute")
    }
    return answer
  }

  /// Sends one command without waiting for its answer, which `answer` takes.
  func send(_ words: [String]) throws {
    let line = words.map(Actor.escape).joined(separator: " ") + "\n"
    try commands.fileHandleForWriting.write(contentsOf: Data(line.utf8))
  }

  /// The answer to the command that was sent; nil where there is none within so many seconds.
  func answer(to words: [String], within seconds: Double) throws -> Answer? {
    guard let line = try readLine(for: words, within: seconds) else { return nil }
    let answer = line.split(separator: " ", omittingEmptySubsequences: false).map { Actor.unescape(String($0)) }
    switch answer.first {
    case "ok": return .ok(Array(answer.dropFirst()))
    case "err" where answer.count == 3: return .refused(answer[1])
    default: throw ActorFailed(description: "\(user.name): \(words) was answered \(answer)")
    }
  }

  /// The outcome of a command: `ok`, or the errno's name.
  func tries(_ words: any CustomStringConvertible...) throws -> String { try ask(words.map(\.description)).outcome }

  /// The words of a command that has to succeed.
  @discardableResult
  func does(_ words: any CustomStringConvertible...) throws -> [String] {
    let command = words.map(\.description)
    switch try ask(command) {
    case .ok(let words): return words
    case .refused(let name): throw ActorFailed(description: "\(user.name): \(command.joined(separator: " ")): \(name)")
    }
  }

  private func readLine(for command: [String], within seconds: Double) throws -> String? {
    let descriptor = answers.fileHandleForReading.fileDescriptor
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        defer { buffer.removeSubrange(...end) }
        return String(decoding: buffer[..<end], as: UTF8.self)
      }
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, Int32(seconds * 1000)) > 0 else { return nil }
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      guard count > 0 else { throw ActorFailed(description: "\(user.name): ended during \(command)") }
      buffer += chunk[..<count]
    }
  }

  private static func escape(_ word: String) -> String {
    guard !word.isEmpty else { return "%" }
    var result = ""
    for byte in word.utf8 {
      if byte <= 0x20 || byte == UInt8(ascii: "%") || byte >= 0x7f {
        result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      } else {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      }
    }
    return result
  }

  private static func unescape(_ word: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(word.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      if let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) { bytes.append(value) }
      rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: Sentences

  func open(_ path: String, _ flags: String = "r") throws -> Int { Int(try does("open", path, flags)[0])! }
  func close(_ descriptor: Int) throws { try does("close", descriptor) }
  func reads(_ descriptor: Int, at offset: Int = 0, count: Int = 4096) throws -> Content {
    try Content(does("pread", descriptor, offset, count))
  }

  /// Opens, reads up to a MiB, closes.
  func reads(_ path: String) throws -> Content {
    let descriptor = try open(path)
    defer { try? close(descriptor) }
    return try reads(descriptor, count: 1 << 20)
  }

  /// Makes or overwrites a document.
  func writes(_ text: String, to path: String) throws {
    let descriptor = try open(path, "w,create,trunc")
    if !text.isEmpty { try does("write", descriptor, text) }
    try close(descriptor)
  }

  func names(in path: String) throws -> [String] { try does("list", path).sorted() }

  /// Attributes by name, as `stat` tells them.
  func attributes(of path: String) throws -> [String: String] { try Actor.pairs(does("lstat", path)) }
  func attributes(of descriptor: Int) throws -> [String: String] { try Actor.pairs(does("fstat", descriptor)) }

  static func pairs(_ words: [String]) -> [String: String] {
    Dictionary(
      words.map { word in
        let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
        return (parts[0], parts.count > 1 ? parts[1] : "")
      }
    ) { $1 }
  }
}
