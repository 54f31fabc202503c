import CFuse3
import Glibc

/// Answers READDIR with as many entries as the caller has room for; none means the end.
///
/// The entries gather in the worker's request buffer, which is free meanwhile: `Request.scratch` stays the filesystem's.
public struct ReplyDirectory: ~Copyable, Reply {
  let request: PendingRequest
  private let buffer: UnsafeMutableRawBufferPointer
  private var used = 0
  public var isInterrupted: Bool { request.isInterrupted }

  init(request: consuming PendingRequest, buffer: UnsafeMutableRawBufferPointer) {
    self.request = request
    self.buffer = buffer
  }

  /// Whether nothing has been added yet.
  public var isEmpty: Bool { used == 0 }

  /// Adds one entry, `name` being 1…1,024 bytes; `.` and `..` are entries like others, and may be left out. `nextOffset` comes back as
  /// the offset from which to go on after this entry; any number but 0.
  /// - Returns: false if it does not fit any more. Nothing was added then; send what there is.
  public mutating func add(_ name: UnsafeRawBufferPointer, _ node: NodeNumber, _ kind: FileKind, nextOffset: UInt64) -> Bool {
    precondition(1...1024 ~= name.count)
    let headerByteCount = 24
    let byteCount = (headerByteCount + name.count + 7) & ~7
    guard byteCount <= buffer.count - used else { return false }
    let start = buffer.baseAddress! + used
    start.storeBytes(of: node.rawValue, toByteOffset: 0, as: UInt64.self)
    start.storeBytes(of: nextOffset, toByteOffset: 8, as: UInt64.self)
    start.storeBytes(of: UInt32(name.count), toByteOffset: 16, as: UInt32.self)
    start.storeBytes(of: kind.rawValue, toByteOffset: 20, as: UInt32.self)
    memcpy(start + headerByteCount, name.baseAddress!, name.count)
    memset(start + headerByteCount + name.count, 0, byteCount - headerByteCount - name.count)
    used += byteCount
    return true
  }

  @discardableResult
  public consuming func send() -> Delivery { request.send(UnsafeRawBufferPointer(rebasing: buffer[..<used])) }

  @discardableResult
  public consuming func fail(_ code: Int32) -> Delivery { request.fail(code) }
}
