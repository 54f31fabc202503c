import CFuse3
import Glibc

// One type per shape of answer. Each is consumed by `send` or `fail`, on any thread, at the latest when the filesystem's function returns;
// `deferred()` of a `ReplyEmpty` or `ReplyWrite` is the way to answer later. `fail` takes an errno (positive). ENOSYS is for the operations whose description
// says so: for most the kernel takes it as "never ask again". A reply that is dropped answers EIO.

/// The right to answer one request.
public protocol Reply: ~Copyable {
  /// Whether the caller was signalled and would like the answer soon.
  var isInterrupted: Bool { get }

  /// Answers with an errno, 1…999.
  @discardableResult
  consuming func fail(_ code: Int32) -> Delivery
}

/// Answers with a node. If the delivery is discarded, the node was not counted for FORGET.
public struct ReplyEntry: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func send(_ entry: Entry) -> Delivery { request.send(entry.raw) }
}

/// Answers with attributes, which the kernel may use for `timeoutSeconds`, for every user.
public struct ReplyAttributes: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func send(_ attributes: Attributes, timeoutSeconds: Double = 0) -> Delivery {
    let timeout = Timeout(timeoutSeconds)
    return request.send(
      fuse_attr_out(attr_valid: timeout.seconds, attr_valid_nsec: timeout.nanoseconds, dummy: 0, attr: attributes.raw))
  }
}

/// Answers with a handle. If the delivery is discarded, no RELEASE will follow.
public struct ReplyOpen: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func send(_ handle: FileHandle, _ flags: OpenFlags = []) -> Delivery {
    request.send(fuse_open_out(fh: handle.rawValue, open_flags: flags.rawValue, padding: 0))
  }
}

/// Answers with a node and a handle on it. If the delivery is discarded, neither FORGET nor RELEASE will follow.
public struct ReplyCreate: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func send(_ entry: Entry, _ handle: FileHandle, _ flags: OpenFlags = []) -> Delivery {
    request.send((entry.raw, fuse_open_out(fh: handle.rawValue, open_flags: flags.rawValue, padding: 0)))
  }
}

/// Answers with bytes: the content of a file, or the target of a symlink.
public struct ReplyData: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  /// At most as many bytes as were asked for; fewer mean the end of the file. Copied once, by the kernel (one `writev`).
  @discardableResult
  public consuming func send(_ bytes: UnsafeRawBufferPointer) -> Delivery { request.send(bytes) }

  /// The same, for short answers.
  @discardableResult
  public consuming func send(_ bytes: [UInt8]) -> Delivery { request.send(bytes) }
}

/// Answers with the number of bytes that were written or copied.
public struct ReplyWrite: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func send(byteCount: Int) -> Delivery { request.send(fuse_write_out(size: UInt32(byteCount), padding: 0)) }

  /// An answer that outlives the function and holds no worker: for a write that is to be on disk first. To be given by `send(byteCount:)` or `fail`.
  public consuming func deferred() -> DeferredReply { DeferredReply(request) }
}

/// Answers that it is done. This and a write's are the replies that can wait: see `deferred`.
public struct ReplyEmpty: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func succeed() -> Delivery { request.succeed() }

  /// An answer that outlives the function and holds no worker: for locks that wait.
  public consuming func deferred() -> DeferredReply { DeferredReply(request) }
}

/// Answers statfs(2).
public struct ReplyStatfs: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func send(_ status: FilesystemStatus) -> Delivery { request.send(status.raw) }
}

/// Answers with the value of an extended attribute or the list of their names, each ended by a NUL; or with the size alone.
public struct ReplyXattr: ~Copyable, Reply {
  let request: PendingRequest
  /// The caller's room in bytes; 0 asks for the size.
  public let byteCountMax: Int
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  /// Answers with the bytes, with their count where only that was asked for, with ERANGE where they do not fit.
  @discardableResult
  public consuming func send(_ bytes: UnsafeRawBufferPointer) -> Delivery {
    if byteCountMax == 0 { return request.send(fuse_getxattr_out(size: UInt32(bytes.count), padding: 0)) }
    if bytes.count > byteCountMax { return request.fail(ERANGE) }
    return request.send(bytes)
  }

  /// The same, for short answers.
  @discardableResult
  public consuming func send(_ bytes: [UInt8]) -> Delivery {
    if byteCountMax == 0 { return request.send(fuse_getxattr_out(size: UInt32(bytes.count), padding: 0)) }
    if bytes.count > byteCountMax { return request.fail(ERANGE) }
    return request.send(bytes)
  }
}

/// Answers GETLK with a lock that stands in the way, or with kind `none`.
public struct ReplyLock: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func send(_ lock: FileLock) -> Delivery {
    request.send(
      fuse_lk_out(
        lk: fuse_file_lock(
          start: lock.start, end: lock.end, type: UInt32(lock.rawKind), pid: UInt32(bitPattern: lock.process))))
  }
}

/// Answers lseek(2) with the offset found.
public struct ReplySeek: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func send(offset: UInt64) -> Delivery { request.send(fuse_lseek_out(offset: offset)) }
}

/// Answers ioctl(2) with its result and the bytes it gives back.
public struct ReplyIoctl: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func send(result: Int32, _ bytes: UnsafeRawBufferPointer) -> Delivery {
    request.answer { fuse_reply_ioctl($0, result, bytes.baseAddress, bytes.count) }
  }
}

/// Answers poll(2) with the events that are there (`POLLIN` …).
public struct ReplyPoll: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func send(events: UInt32) -> Delivery { request.send(fuse_poll_out(revents: events, padding: 0)) }
}

/// Answers FIBMAP with the block's place on the device.
public struct ReplyBlock: ~Copyable, Reply {
  let request: PendingRequest
  public var isInterrupted: Bool { request.isInterrupted }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }

  @discardableResult
  public consuming func send(block: UInt64) -> Delivery { request.send(fuse_bmap_out(block: block)) }
}
