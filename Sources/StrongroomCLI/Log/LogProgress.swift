/// How far it is, on a terminal alone, on one line that is written over.
final class LogProgress {
  private let console: Console
  private var isShown = false

  init(_ console: Console) { self.console = console }

  func show(_ done: UInt64, of total: UInt64) {
    guard console.isErrorTerminal, !console.isQuiet, !console.isJSON, total > 64 << 20 else { return }
    isShown = true
    console.progress(console.text(.verifying, ["done": String(done >> 20), "total": String(total >> 20)]))
  }

  func clear() {
    if isShown { console.progress("") }
    isShown = false
  }
}
