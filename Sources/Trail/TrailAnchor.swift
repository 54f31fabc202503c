import Glibc
package import Platform
package import VaultFormat

/// A place elsewhere that is told of every checkpoint, so that a trail put back or rewritten as a whole is noticed.
package protocol TrailAnchor: Sendable {
  /// Called from a thread of its own, one line after the other; may block. A line that throws is not tried again.
  func tell(_ line: AnchorLine) throws(SystemError)
}

/// An anchor that adds a line to a file in another folder; on disk on return.
package struct FileAnchor: TrailAnchor {
  private let file: LineFile

  /// - Parameter path: the file; made when it is missing. Best on another machine or another disk.
  package init(path: String) { file = LineFile(path: path) }

  package func tell(_ line: AnchorLine) throws(SystemError) { try file.add(Array(line.encode().utf8)) }
}

/// Hands checkpoints to the anchors from a thread of its own: an anchor that hangs is never in the way of the trail.
final class AnchorTeller: @unchecked Sendable {
  private let anchors: [any TrailAnchor]
  /// Guards what follows.
  private let lock = Lock()
  private let changed = Condition()
  private var waiting: [AnchorLine] = []
  private var isEnding = false
  private var hasEnded = false
  private var missed: UInt64 = 0
  /// Lines missed since some anchor last took none: 0 while all take them.
  private var missedInARow: UInt64 = 0
  /// Told when lines begin to be missed, and how many were when that is over. Set before the first line.
  var noteGap: (@Sendable (_ isOver: Bool, _ count: UInt64) -> Void)?
  private let waitingCountMax = 1_024

  init(_ anchors: [any TrailAnchor]) {
    self.anchors = anchors
    guard !anchors.isEmpty else {
      hasEnded = true
      return
    }
    _ = Thread(name: "trail-anchors") { self.run() }
  }

  /// Lines that some anchor was not told.
  var missCount: UInt64 { lock.withLock { missed } }

  func tell(_ line: AnchorLine) {
    guard !anchors.isEmpty else { return }
    lock.withLock {
      if waiting.count < waitingCountMax {
        waiting.append(line)
      } else {
        missed += 1
        missedInARow += 1
      }
      changed.broadcast()
    }
  }

  /// Returns when every line was told or tried, or after `nanoseconds`.
  func end(within nanoseconds: Int64) {
    let until = Clock.boot() + nanoseconds
    lock.withLock {
      isEnding = true
      changed.broadcast()
      while !hasEnded {
        let rest = until - Clock.boot()
        if rest <= 0 { return }
        changed.wait(lock, nanoseconds: Int(rest))
      }
    }
  }

  private func noteResult(_ isMissed: Bool) {
    let gap = lock.withLock { () -> (isOver: Bool, count: UInt64)? in
      if isMissed {
        missed += 1
        missedInARow += 1
        return missedInARow == 1 && !isEnding ? (false, 1) : nil
      }
      defer { missedInARow = 0 }
      return missedInARow > 0 && !isEnding ? (true, missedInARow) : nil
    }
    if let gap { noteGap?(gap.isOver, gap.count) }
  }

  private func run() {
    lock.lock()
    while true {
      while waiting.isEmpty && !isEnding { changed.wait(lock) }
      if waiting.isEmpty { break }
      let line = waiting.removeFirst()
      lock.unlock()
      var isMissed = false
      for anchor in anchors {
        do throws(SystemError) { try anchor.tell(line) } catch { isMissed = true }
      }
      noteResult(isMissed)
      lock.lock()
    }
    hasEnded = true
    changed.broadcast()
    lock.unlock()
  }
}
