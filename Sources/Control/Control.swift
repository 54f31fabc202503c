/// Control: requests to a running mount over a Unix socket, judged by the uid at the other end. Knows no command line.
///
/// *Request* what is asked, one value of `ControlRequest` · *response* one value of an answer, which may have many · *failure* why
/// it was refused, with a code that never changes · *frame* the u32 length and the JSON of one of these · *peer* the process at the other end,
/// as the kernel names it (SO_PEERCRED) · *server* the side of the mount · *client* the side of the command · *address* where the socket
/// lies · *channel* one connected socket with deadlines.
///
/// One connection carries any number of requests, one after the other; each is answered by item frames and then exactly one end or
/// failure frame. What arrives is bounded before it is read: its length, its time, and how many connections one user may hold.
package enum Control {
  /// The version in every frame. A peer with a later one is told so and left alone.
  package static let version = 1
}

/// The bounds of one server. Everything a stranger can make it hold is counted here.
package struct ControlLimits: Sendable, Equatable {
  /// The JSON of one frame, in either direction.
  package var frameByteCountMax = 1 << 20
  /// Open connections altogether, and of one uid. The server's own uid does not count against the first, so that strangers cannot lock it out.
  package var connectionCountMax = 64
  package var connectionCountPerUserMax = 8
  /// How long a request may take to arrive whole, counted from the end of the one before; and how long a reader may leave one frame untaken.
  package var readDeadlineMilliseconds = 5_000
  package var writeDeadlineMilliseconds = 5_000

  package init() {}
}

/// Who asks: as the kernel says, at the time of connecting.
package struct ControlPeer: Sendable, Hashable {
  package let uid: UInt32
  package let gid: UInt32
  package let pid: Int32

  package init(uid: UInt32, gid: UInt32, pid: Int32) {
    self.uid = uid
    self.gid = gid
    self.pid = pid
  }
}
