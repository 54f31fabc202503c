import Glibc
import Platform

/// System calls that fail or hang on command, for one trail: only calls on paths under `root` are touched. Removed when `body` ends.
final class Faults: @unchecked Sendable {
  private let root: String
  private let lock = Lock()
  private var failures: [String: Int32] = [:]
  private var hanging: Set<String> = []
  private var counts: [String: Int] = [:]
  /// Called before each call, on the calling thread.
  var observer: (@Sendable (String, String) -> Void)?
  /// Asked before each call, with the path as it will be without `.new`; what it returns is the call's outcome.
  var script: (@Sendable (_ call: String, _ path: String) -> Int32?)?

  init(under root: String) { self.root = root }

  /// `call` fails with `code` on every path that ends with `suffix`, until `mend`.
  func fail(_ call: String, _ code: Int32, on suffix: String = "") { lock.withLock { failures[call + " " + suffix] = code } }
  func mend() {
    lock.withLock {
      failures = [:]
      hanging = []
    }
  }
  /// `call` does not return until `mend`.
  func hang(_ call: String) { lock.withLock { _ = hanging.insert(call) } }
  func count(_ call: String, on suffix: String = "") -> Int {
    lock.withLock { counts.reduce(0) { $1.key.hasPrefix(call + " ") && $1.key.hasSuffix(suffix) ? $0 + $1.value : $0 } }
  }
  func resetCounts() { lock.withLock { counts = [:] } }

  func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    #if DEBUG
      Seam.fault = { [self] call, path in ask("\(call)", path) }
      defer { Seam.fault = nil }
    #endif
    return try body()
  }

  private func ask(_ call: String, _ path: String) -> Int32? {
    guard path.hasPrefix(root) else { return nil }
    observer?(call, path)
    let name = path.hasSuffix(".new") ? String(path.dropLast(4)) : path
    if let code = script?(call, name) { return code }
    while lock.withLock({ hanging.contains(call) }) { usleep(1_000) }
    return lock.withLock {
      counts[call + " " + name, default: 0] += 1
      return failures.first { key, _ in
        let parts = key.split(separator: " ", omittingEmptySubsequences: false)
        return parts[0] == call && name.hasSuffix(parts[1])
      }?.value
    }
  }
}
