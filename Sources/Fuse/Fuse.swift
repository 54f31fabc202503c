/// Fuse: a Swift binding of libfuse's low-level API (3.14), with its own worker loop.
///
/// *Filesystem* the class that answers · *session* one mount of a filesystem, with its connection to the kernel ·
/// *node number* what the kernel calls a file by, given in a reply to LOOKUP · *file handle* one open file or folder, a number that
/// the filesystem chose when it answered OPEN · *request* one question of the kernel: who asks, and scratch memory for the answer ·
/// *reply* the right to answer one request, consumed by answering · *worker* a thread that reads requests and calls the
/// filesystem · *notification* what the filesystem tells the kernel unasked: forget these pages, that name.
///
/// A session is several threads ("fuse-0" …, and "fuse-notify"), none of them Swift's own; the filesystem's functions run on them, at
/// once and in any order, and may block. Whatever a function is handed besides values (names, bytes, scratch) is gone when it returns.
///
/// Sources: /usr/include/fuse3/fuse_lowlevel.h, /usr/include/linux/fuse.h, and fs/fuse in the kernel.
import CFuse3
import Glibc
import Synchronization

/// Where this module says what has no caller to be thrown at: replies that were dropped, errors of `/dev/fuse`, what libfuse prints.
public enum FuseLog {
  private static let hook = Mutex<(@Sendable (String) -> Void)?>(nil)

  /// Sends messages to `receive`, which any thread may call; without it they go to standard error. Messages are one line, without
  /// names or content of files.
  public static func set(_ receive: @escaping @Sendable (String) -> Void) {
    hook.withLock { $0 = receive }
    fuse_set_log_func { _, format, arguments in
      guard let format, let arguments else { return }
      let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { line in
        vsnprintf(line.baseAddress!, line.count, format, arguments)
        return String(cString: line.baseAddress!)
      }
      FuseLog.write(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }
  }

  static func write(_ message: String) {
    if let receive = hook.withLock({ $0 }) {
      receive(message)
    } else {
      var line = "fuse: \(message)\n"
      line.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress!, $0.count) }
    }
  }
}
