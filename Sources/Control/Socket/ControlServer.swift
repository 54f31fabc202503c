import CSystem
import Glibc
import Platform

/// Answers a request. Called on the connection's own thread, several at once; may block. What it throws is sent as the failure.
package typealias ControlHandler = @Sendable (ControlRequest, ControlPeer, ControlReplies) throws(ControlFailure) -> Void

/// Where a handler puts the pieces of its answer.
package final class ControlReplies: Sendable {
  private let channel: ControlChannel
  private let limits: ControlLimits

  init(channel: ControlChannel, limits: ControlLimits) {
    self.channel = channel
    self.limits = limits
  }

  /// Sends one piece. False when nobody takes it any more, or it is over the limit: the handler should then return.
  @discardableResult
  package func send(_ response: ControlResponse) -> Bool { send(frame: .item(response)) }

  /// Sends a list in pieces of at most 512, so that each stays under the limit.
  package func send<Item>(_ items: [Item], as piece: ([Item]) -> ControlResponse) {
    var rest = items[...]
    repeat {
      guard send(piece(Array(rest.prefix(512)))) else { return }
      rest = rest.dropFirst(512)
    } while !rest.isEmpty
  }

  func send(frame: ControlFrame) -> Bool {
    do throws(ControlError) {
      try channel.send(frame.encode(), limit: limits.frameByteCountMax, milliseconds: limits.writeDeadlineMilliseconds)
      return true
    } catch {
      channel.interrupt()
      return false
    }
  }
}

/// The socket of one mount, and its threads: one that accepts, one for each connection. Nothing a client does holds more than its own thread.
package final class ControlServer: @unchecked Sendable {
  package let address: ControlAddress
  private let limits: ControlLimits
  private let handler: ControlHandler
  private let listener: Int32
  /// A pipe that wakes the accepting thread: a connection has ended, or the server is to stop.
  private let wakeReader: Int32
  private let wakeWriter: Int32

  /// Guards `connections`, `ended` and `isStopping`; never held over I/O.
  private let lock = Lock()
  private var connections: [Int: Connection] = [:]
  private var ended: [Int] = []
  private var isStopping = false
  private var nextID = 0
  private var acceptor: Thread?

  private struct Connection {
    let channel: ControlChannel
    let uid: UInt32
    var thread: Thread?
  }

  /// Makes the folder and the socket and serves until `stop`. A socket that nobody listens on is replaced, a live one is not.
  /// - Throws: `alreadyRunning`, `foreignOwner`, `pathTooLong`, `system`.
  package init(at address: ControlAddress, limits: ControlLimits = ControlLimits(), handler: @escaping ControlHandler)
    throws(ControlError)
  {
    try address.prepareFolder()
    var wake: [Int32] = [0, 0]
    guard csystem_pipe(&wake) == 0 else { throw .system(SystemError("pipe2", errno)) }
    do throws(ControlError) {
      listener = try Self.listen(at: address)
    } catch {
      close(wake[0])
      close(wake[1])
      throw error
    }
    wakeReader = wake[0]
    wakeWriter = wake[1]
    self.address = address
    self.limits = limits
    self.handler = handler
    acceptor = Thread(name: "control") { [unowned self] in accept() }
  }

  /// Removes the socket, ends every connection and joins every thread. Call once, from none of the server's own threads (a handler is one).
  package func stop() {
    lock.withLock { isStopping = true }
    wake()
    acceptor?.join()
    _ = unlink(address.path)
    close(listener)
    let threads = lock.withLock {
      for connection in connections.values { connection.channel.interrupt() }
      return connections.values.compactMap(\.thread)
    }
    for thread in threads { thread.join() }
    close(wakeReader)
    close(wakeWriter)
  }

  /// How many connections are open.
  package var connectionCount: Int { lock.withLock { connections.count - ended.count } }

  private static func listen(at address: ControlAddress) throws(ControlError) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw .system(SystemError("socket", errno)) }
    do throws(ControlError) {
      try address.withSocketAddress { (name, length) throws(ControlError) in
        if Glibc.bind(descriptor, name, length) != 0 {
          guard errno == EADDRINUSE else { throw .system(SystemError("bind", errno)) }
          try replaceStale(name, length, path: address.path)
          guard Glibc.bind(descriptor, name, length) == 0 else { throw .system(SystemError("bind", errno)) }
        }
      }
      // Between bind and listen nobody can connect, so the mode is right before the first client.
      guard chmod(address.path, 0o666) == 0 else { throw .system(SystemError("chmod", errno)) }
      guard Glibc.listen(descriptor, 64) == 0 else { throw .system(SystemError("listen", errno)) }
    } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  /// Unlinks a socket that refuses connections. Two servers of one vault cannot race here: the vault's lock lets one be.
  private static func replaceStale(_ name: UnsafePointer<sockaddr>, _ length: socklen_t, path: String) throws(ControlError) {
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard probe >= 0 else { throw .system(SystemError("socket", errno)) }
    defer { close(probe) }
    guard connect(probe, name, length) != 0, errno == ECONNREFUSED else { throw .alreadyRunning }
    guard unlink(path) == 0 || errno == ENOENT else { throw .system(SystemError("unlink", errno)) }
  }

  private func wake() {
    var byte: UInt8 = 0
    _ = write(wakeWriter, &byte, 1)
  }

  /// The accepting thread.
  private func accept() {
    while true {
      var entries = [
        pollfd(fd: listener, events: Int16(POLLIN), revents: 0), pollfd(fd: wakeReader, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&entries, 2, -1) >= 0 || errno == EINTR else { return }
      var drain = [UInt8](repeating: 0, count: 64)
      while read(wakeReader, &drain, drain.count) > 0 {}
      reap()
      if lock.withLock({ isStopping }) { return }
      let descriptor = csystem_accept(listener)
      if descriptor >= 0 {
        admit(ControlChannel(adopting: descriptor))
      } else if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM {
        // The connection stays in the queue; without a pause this thread would spin on it.
        usleep(100_000)
      }
    }
  }

  /// Joins the threads of connections that have ended.
  private func reap() {
    let threads = lock.withLock {
      let threads = ended.compactMap { connections.removeValue(forKey: $0)?.thread }
      ended.removeAll()
      return threads
    }
    for thread in threads { thread.join() }
  }

  /// Starts a thread for the connection, or says that there are too many.
  private func admit(_ channel: ControlChannel) {
    guard let peer = try? channel.peer() else { return }
    let own = geteuid()
    let id: Int? = lock.withLock {
      let live = connections.filter { !ended.contains($0.key) }.values
      guard live.count(where: { $0.uid == peer.uid }) < limits.connectionCountPerUserMax else { return nil }
      guard peer.uid == own || live.count(where: { $0.uid != own }) < limits.connectionCountMax else { return nil }
      nextID += 1
      connections[nextID] = Connection(channel: channel, uid: peer.uid, thread: nil)
      return nextID
    }
    guard let id else {
      // A fresh socket takes this at once; if not, closing says enough.
      try? channel.send(ControlFrame.failure(.busy).encode(), limit: limits.frameByteCountMax, milliseconds: 0)
      return
    }
    // Only this thread reaps, so the entry is still there when the thread is put into it.
    let thread = Thread(name: "control-\(id)") { [unowned self] in
      serve(channel, peer)
      channel.interrupt()
      lock.withLock { ended.append(id) }
      wake()
    }
    lock.withLock { connections[id]?.thread = thread }
  }

  /// One connection: requests, one after the other, until it closes or breaks a rule.
  private func serve(_ channel: ControlChannel, _ peer: ControlPeer) {
    let replies = ControlReplies(channel: channel, limits: limits)
    while true {
      let bytes: [UInt8]?
      do throws(ControlError) {
        bytes = try channel.receive(limit: limits.frameByteCountMax, milliseconds: limits.readDeadlineMilliseconds)
      } catch {
        if error == .tooLarge { _ = replies.send(frame: .failure(.tooLarge)) }
        return
      }
      guard let bytes else { return }
      do throws(ControlFailure) {
        guard case .request(let request) = try ControlFrame(parsing: bytes) else { throw .malformed }
        try handler(request, peer, replies)
        guard replies.send(frame: .end) else { return }
      } catch {
        // After bytes that are no frame nothing that follows can be trusted to be one.
        guard replies.send(frame: .failure(error)), error != .malformed else { return }
      }
    }
  }
}
