import CSystem
import Glibc
import Platform

/// One connected socket: whole frames in and out, each within its time. Closed with the value. Used by one thread at a time, except `interrupt`.
///
/// A frame is the count of its bytes as u32, little-endian, then the bytes.
package final class ControlChannel: Sendable {
  package let descriptor: Int32

  /// Takes over a connected stream socket and makes it non-blocking.
  package init(adopting descriptor: Int32) {
    self.descriptor = descriptor
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  deinit { close(descriptor) }

  /// Who is at the other end: for a server who connected, for a client who listens.
  package func peer() throws(ControlError) -> ControlPeer {
    var uid = uid_t()
    var gid = gid_t()
    var pid = pid_t()
    guard csystem_peer_credentials(descriptor, &uid, &gid, &pid) == 0 else { throw .system(SystemError("getsockopt", errno)) }
    return ControlPeer(uid: uid, gid: gid, pid: pid)
  }

  /// Ends both directions, so that a thread that waits here wakes. From any thread, while the channel lives.
  package func interrupt() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// The next frame, or nil where the other side closed between frames. Memory grows only as bytes arrive.
  /// - Throws: `timedOut`, `tooLarge`, `disconnected` (in the middle of a frame), `system`.
  package func receive(limit: Int, milliseconds: Int) throws(ControlError) -> [UInt8]? {
    let deadline = Deadline(milliseconds: milliseconds)
    guard let header = try receive(count: 4, until: deadline, mayEnd: true) else { return nil }
    let count = header.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard count <= limit else { throw .tooLarge }
    return try receive(count: count, until: deadline, mayEnd: false)
  }

  /// Hands one frame to the kernel, whole.
  /// - Throws: `timedOut` when the other side does not take it in time, `tooLarge`, `disconnected`, `system`.
  package func send(_ bytes: [UInt8], limit: Int, milliseconds: Int) throws(ControlError) {
    guard bytes.count <= limit else { throw .tooLarge }
    let deadline = Deadline(milliseconds: milliseconds)
    let frame = withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { Array($0) } + bytes
    var done = 0
    while done < frame.count {
      let count = frame.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + done, $0.count - done, Int32(MSG_NOSIGNAL))
      }
      let code = errno
      if count > 0 {
        done += count
      } else if code == EAGAIN {
        try wait(for: POLLOUT, until: deadline)
      } else if code == EPIPE || code == ECONNRESET {
        throw .disconnected
      } else if code != EINTR {
        throw .system(SystemError("send", code))
      }
    }
  }

  private func receive(count: Int, until deadline: Deadline, mayEnd: Bool) throws(ControlError) -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let start = bytes.count
      let step = min(count - start, 1 << 16)
      bytes.append(contentsOf: repeatElement(0, count: step))
      let got = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress! + start, step, 0) }
      let code = errno
      bytes.removeLast(step - max(got, 0))
      if got == 0 {
        guard mayEnd, bytes.isEmpty else { throw .disconnected }
        return nil
      }
      if got < 0 {
        if code == EAGAIN {
          try wait(for: POLLIN, until: deadline)
        } else if code == ECONNRESET {
          throw .disconnected
        } else if code != EINTR {
          throw .system(SystemError("recv", code))
        }
      }
    }
    return bytes
  }

  private func wait(for events: Int32, until deadline: Deadline) throws(ControlError) {
    while true {
      let rest = deadline.milliseconds
      guard rest > 0 else { throw .timedOut }
      var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
      let count = poll(&entry, 1, rest)
      if count > 0 { return }
      if count < 0, errno != EINTR { throw .system(SystemError("poll", errno)) }
    }
  }
}

/// A moment on the boot clock, and what is left until then.
private struct Deadline {
  private let time: Int64
  init(milliseconds: Int) { time = Clock.boot() + Int64(milliseconds) * 1_000_000 }

  /// For `poll`: rounded up, so that it never spins; 0 when it is over.
  var milliseconds: Int32 { Int32(clamping: max(0, (time - Clock.boot() + 999_999) / 1_000_000)) }
}
