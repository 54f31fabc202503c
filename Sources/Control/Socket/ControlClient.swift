import Glibc
import Platform

/// A connection to a running mount, whose owner has been checked. Used by one thread.
package final class ControlClient {
  private let channel: ControlChannel
  private let limits: ControlLimits

  /// Who answers.
  package let server: ControlPeer

  /// Connects to the first address at which someone answers. The folder and the server must belong to root or to `mounter`, the user
  /// that the mount table names: else nothing is sent.
  /// - Throws: `notRunning`, `foreignOwner`, `pathTooLong`, `system`.
  package convenience init(
    trying addresses: [ControlAddress], mounter: UInt32, limits: ControlLimits = ControlLimits()
  ) throws(ControlError) {
    var foreign: ControlError?
    for address in addresses {
      do throws(ControlError) {
        try self.init(at: address, owners: [0, mounter], limits: limits)
        return
      } catch .notRunning {
        continue
      } catch .foreignOwner(let uid) {
        foreign = foreign ?? .foreignOwner(uid: uid)
      } catch {
        throw error
      }
    }
    throw foreign ?? .notRunning
  }

  /// Connects to one address.
  package init(at address: ControlAddress, owners: Set<UInt32>, limits: ControlLimits = ControlLimits()) throws(ControlError) {
    try address.checkFolder(owners: owners)
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .system(SystemError("socket", errno)) }
    do throws(ControlError) {
      try address.withSocketAddress { (name, length) throws(ControlError) in
        while connect(descriptor, name, length) != 0 {
          let code = errno
          if code == EINTR { continue }
          if code == ENOENT || code == ECONNREFUSED { throw .notRunning }
          throw .system(SystemError("connect", code))
        }
      }
    } catch {
      close(descriptor)
      throw error
    }
    let channel = ControlChannel(adopting: descriptor)
    let server = try channel.peer()
    guard owners.contains(server.uid) else { throw .foreignOwner(uid: server.uid) }
    self.channel = channel
    self.server = server
    self.limits = limits
  }

  /// Asks, and hands each piece of the answer to `take` as it comes; returns when the answer is whole.
  /// - Parameter milliseconds: how long each piece may take to come.
  /// - Throws: `refused` with the mount's reason; `timedOut`, `disconnected`, `malformed`, `newerVersion`, `system`.
  package func ask(
    _ request: ControlRequest, milliseconds: Int = 120_000, take: (ControlResponse) -> Void
  ) throws(ControlError) {
    do throws(ControlError) {
      try channel.send(
        ControlFrame.request(request).encode(), limit: limits.frameByteCountMax, milliseconds: limits.writeDeadlineMilliseconds)
    } catch .disconnected {
      // A server with too many connections answers before it reads, and closes: its answer can still be read.
    }
    while true {
      guard let bytes = try channel.receive(limit: limits.frameByteCountMax, milliseconds: milliseconds) else {
        throw .disconnected
      }
      let frame: ControlFrame
      do throws(ControlFailure) {
        frame = try ControlFrame(parsing: bytes)
      } catch {
        if error.code == ControlFailure.newerVersion(0).code, let version = error.arguments["version"].flatMap({ Int($0) }) {
          throw .newerVersion(version)
        }
        throw .malformed
      }
      switch frame {
      case .item(let response): take(response)
      case .end: return
      case .failure(let failure): throw .refused(failure)
      case .request: throw .malformed
      }
    }
  }
}
