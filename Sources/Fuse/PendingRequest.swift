import CFuse3
import Glibc

/// The duty to answer one request, exactly once. Dropped unanswered, it answers EIO and says so in the log.
struct PendingRequest: ~Copyable {
  private let raw: OpaquePointer
  let unique: UInt64

  init(_ raw: OpaquePointer, unique: UInt64) {
    self.raw = raw
    self.unique = unique
    Connection.of(raw).statistics.began()
  }

  deinit {
    FuseLog.write("a reply was dropped; answered EIO")
    _ = PendingRequest.answer(raw) { fuse_reply_err($0, EIO) }
  }

  var isInterrupted: Bool { fuse_req_interrupted(raw) != 0 }

  /// Hands over the request: whoever takes it answers it.
  consuming func take() -> OpaquePointer {
    let taken = raw
    discard self
    return taken
  }

  consuming func fail(_ code: Int32) -> Delivery { answer { fuse_reply_err($0, code) } }

  consuming func succeed() -> Delivery { answer { fuse_reply_err($0, 0) } }

  /// Answers with the bytes of one value, as the kernel lays it out.
  consuming func send<Value: BitwiseCopyable>(_ value: Value) -> Delivery {
    let raw = take()
    return withUnsafeBytes(of: value) { bytes in PendingRequest.answer(raw) { PendingRequest.send(bytes, to: $0) } }
  }

  consuming func send(_ bytes: UnsafeRawBufferPointer) -> Delivery { answer { PendingRequest.send(bytes, to: $0) } }

  consuming func send(_ bytes: [UInt8]) -> Delivery {
    let raw = take()
    return bytes.withUnsafeBytes { bytes in PendingRequest.answer(raw) { PendingRequest.send(bytes, to: $0) } }
  }

  /// `reply` makes libfuse's call, which frees the request and returns 0 or −errno.
  consuming func answer(_ reply: (OpaquePointer) -> Int32) -> Delivery { PendingRequest.answer(take(), reply) }

  static func answer(_ raw: OpaquePointer, _ reply: (OpaquePointer) -> Int32) -> Delivery {
    Connection.of(raw).statistics.ended()
    return reply(raw) == 0 ? .delivered : .discarded
  }

  private static func send(_ bytes: UnsafeRawBufferPointer, to raw: OpaquePointer) -> Int32 {
    fuse_reply_buf(raw, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
  }
}
