import CSystem
import Glibc
import Platform
package import VaultFormat

/// What /proc says of the thread that sent a request: its process, program and login uid, "as seen" at that time.
final class ProcessFacts: @unchecked Sendable {
  struct Facts {
    var process: Int32
    var program: String?
    var loginUID: UInt32?
  }

  private struct Entry {
    let facts: Facts
    let until: Int64
  }

  /// Guards `entries`. A thread's facts are looked up anew after this time, since a program can become another.
  private static let freshNanoseconds: Int64 = 50_000_000
  private let lock = Lock()
  private var entries: [Int32: Entry] = [:]

  func facts(ofThread thread: Int32) -> Facts {
    guard thread > 0 else { return Facts(process: thread, program: nil, loginUID: nil) }
    let now = Clock.boot()
    if let known = lock.withLock({ entries[thread] }), now < known.until { return known.facts }
    let facts = Self.read(thread)
    lock.withLock {
      if entries.count > 4096 { entries = [:] }
      entries[thread] = Entry(facts: facts, until: now + Self.freshNanoseconds)
    }
    return facts
  }

  fileprivate static func read(_ thread: Int32) -> Facts {
    var facts = Facts(process: thread, program: nil, loginUID: nil)
    if let status = content("/proc/\(thread)/status") {
      for line in status.split(separator: "\n") {
        if line.hasPrefix("Name:\t") { facts.program = String(line.dropFirst(6)) }
        if line.hasPrefix("Tgid:\t") {
          facts.process = Int32(line.dropFirst(6)) ?? thread
          break
        }
      }
    }
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/\(thread)/exe", &path, path.count - 1)
    if count > 0 { facts.program = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    // 4294967295 is "no login": left out.
    if let text = content("/proc/\(thread)/loginuid"), let uid = UInt32(text), uid != UInt32.max { facts.loginUID = uid }
    return facts
  }

  private static func content(_ path: String) -> String? {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let count = Glibc.read(descriptor, buffer.baseAddress!, buffer.count)
      guard count > 0 else { return nil }
      return String(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<count]), as: UTF8.self)
    }
  }
}

extension Record.Actor {
  /// Whoever runs this program, for records of what it does by itself: mounting, and commands on a vault that is not mounted.
  package static func thisProcess(name: String) -> Record.Actor {
    let facts = ProcessFacts.read(getpid())
    return Record.Actor(uid: getuid(), name: name, pid: getpid(), program: facts.program, loginUID: facts.loginUID)
  }
}
