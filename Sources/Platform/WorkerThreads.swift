/// Threads that wait for work and end in order: one, or several that share the work.
///
/// The work is its owner's, guarded by `lock`, and so is the loop: the body given to `start` takes a piece of work under the lock, waiting for it
/// where there is none, does it without the lock, and returns once `isEnding` says so. Whether what still waits then is done or dropped, that
/// body decides.
///
/// Only for threads whose end can be waited for. Those of the trail's anchors and sinks and of the user database may hang in somebody else's
/// call; they are waited for so long and then left (`AnchorTeller`, `RecordForwarder`, `LookupPool`). The trail's keeper and checkpointer share
/// one lock, which their callers wait for so long as well. `Fuse` does without this part, and has its own.
package final class WorkerThreads: @unchecked Sendable {
  /// Guards the owner's work, and all fields here.
  package let lock = Lock()
  private let wake = Condition()
  private let idle = Condition()
  private var threads: [Thread] = []
  /// Threads that found nothing to do.
  private var sleeperCount = 0

  /// The owner wants the threads to return. Under the lock.
  package private(set) var isEnding = false

  /// No thread yet.
  package init() {}

  /// Starts one more thread, at once. `name` as `Thread` has it. Without the lock.
  package func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(name: name, body)
    lock.withLock { threads.append(thread) }
  }

  /// Whether there are threads, and nobody has asked them to end. Under the lock.
  package var areAtWork: Bool { !threads.isEmpty && !isEnding }

  /// There is work for one thread. It looks at what it waits for again; where none waits nothing happens. Under the lock.
  package func wakeOne() { wake.signal() }

  /// Waits while there is nothing to do, or until the end; at once where either is so already. By one of the threads, under the lock, which is
  /// let go meanwhile.
  package func wait(while isNothingToDo: @autoclosure () -> Bool) {
    while !isEnding, isNothingToDo() {
      sleeperCount += 1
      idle.broadcast()
      wake.wait(lock)
      sleeperCount -= 1
    }
  }

  /// Waits until woken, until the time is up, or until the end; at once where that is so already. May return earlier. By one of the threads,
  /// under the lock, which is let go meanwhile.
  package func wait(nanoseconds: Int) {
    if !isEnding { wake.wait(lock, nanoseconds: nanoseconds) }
  }

  /// Returns when there is no work left and every thread waits in `wait(while:)`, or the threads have ended and none is left. By anybody else,
  /// without the lock, under which the condition is looked at.
  package func drain(while isWorkLeft: @autoclosure () -> Bool) {
    lock.withLock {
      while isWorkLeft() || sleeperCount < threads.count { idle.wait(lock) }
    }
  }

  /// Has the threads end, and returns when they have. Without the lock, and not by one of them. A second call does nothing.
  package func end() {
    let ending = lock.withLock { () -> [Thread] in
      isEnding = true
      wake.broadcast()
      return threads
    }
    for thread in ending { thread.join() }
    lock.withLock {
      threads = []
      idle.broadcast()
    }
  }
}
