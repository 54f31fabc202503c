import BlobStore
import Platform
import VaultFormat

/// One thread that opens, into the page cache, what sequential readers will want next, so that the second core works while the first
/// answers. It goes a few pages at a time and skips what readers have reached themselves: nobody waits for it.
///
/// `tasks` is guarded by `lock`.
final class ReadAhead: @unchecked Sendable {
  struct Task {
    let blob: OpenBlob
    let reference: BlobReference
    let pages: Range<Int>
    /// The blob that the document goes on with after this one.
    let next: BlobReference?
  }

  /// Tasks beyond this are not taken: readers do that work themselves.
  private static let taskCountMax = 64
  /// Pages opened between two looks at where the reader is.
  private static let stepPageCount = 4

  private let reader: PageReader
  private let worker = WorkerThreads()
  private var lock: Lock { worker.lock }
  private var tasks: [Task] = []
  /// The helper's own: the blob that it last had the disk bring for later.
  private var fetchedForLater: BlobID?

  init(_ reader: PageReader) {
    self.reader = reader
    worker.start("read-ahead") { [self] in run() }
  }

  func ask(_ task: Task) {
    lock.withLock {
      guard tasks.count < Self.taskCountMax, !worker.isEnding else { return }
      tasks.append(task)
      worker.wakeOne()
    }
  }

  /// Returns when all that was asked for is done.
  func drain() { worker.drain(while: !tasks.isEmpty) }

  /// Ends the thread after what it is at. What else was asked for is not done.
  func close() { worker.end() }

  private func run() {
    while let task = next() {
      startReading(task)
      var page = task.pages.lowerBound
      while page < task.pages.upperBound {
        let end = min(page + Self.stepPageCount, task.pages.upperBound)
        if !task.blob.isPassed(end - 1) { reader.prepare(task.blob, task.reference, page..<end) }
        page = end
      }
    }
  }

  private func next() -> Task? {
    lock.withLock {
      worker.wait(while: tasks.isEmpty)
      return worker.isEnding ? nil : tasks.removeFirst()
    }
  }

  /// Where a reader enters a blob file, has the disk bring all of it, and the one after it, so that the disk has work while this one is
  /// opened: the kernel does not know that another file is next.
  private func startReading(_ task: Task) {
    guard task.pages.lowerBound == 0 else { return }
    if task.reference.id != fetchedForLater { fetch(task.reference) }
    fetchedForLater = task.next?.id
    if let next = task.next { fetch(next) }
  }

  private func fetch(_ blob: BlobReference) {
    guard case .file = blob.place else { return }
    reader.store.prefetch(blob.object, at: 0, byteCount: blob.sealedByteCount)
  }
}
