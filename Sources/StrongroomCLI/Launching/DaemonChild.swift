import Control
import Glibc
import Platform
package import Sodium

/// The other side of `DaemonLauncher`: the process that was started.
package struct DaemonChild: ~Copyable {
  private let channel: LaunchChannel

  /// What the launching process wants.
  package let plan: [UInt8]
  package let secret: SecretBytes

  /// Takes the payload. The socket is no longer inherited by what this process starts.
  /// - Throws: `launch-damaged` where this process was not started by a launcher; `memory-not-locked`.
  package init(descriptor: Int32 = DaemonLauncher.channel) throws(CommandFailure) {
    guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw CommandFailure(.usage, .launchDamaged) }
    let channel = LaunchChannel(adopting: descriptor)
    guard let plan = try? channel.receive(limit: DaemonLauncher.frameByteCountMax) else {
      throw CommandFailure(.usage, .launchDamaged)
    }
    let secret = try Self.receiveSecret(channel)
    self.channel = channel
    self.plan = plan
    self.secret = secret
  }

  private static func receiveSecret(_ channel: LaunchChannel) throws(CommandFailure) -> SecretBytes {
    do throws(SecretReader.Failure) {
      return try channel.receiveSecret(limit: SecretSource.keyFileByteCounts.upperBound)
    } catch {
      let failure =
        error == .memoryNotLocked
        ? CommandFailure(.error, .memoryNotLocked, hint: .memoryLock) : CommandFailure(.usage, .launchDamaged)
      try? channel.send(ControlFrame.failure(ControlFailure(failure)).encode())
      throw failure
    }
  }

  /// Lets go of the folder that the command was started in, and makes new files private.
  package static func settle() {
    _ = chdir("/")
    _ = umask(0o077)
  }

  /// Tells the launching process that all is well; it ends now. False where it has gone: the person has interrupted it, and this process should undo
  /// what it did and end.
  package consuming func reportReady() -> Bool { (try? channel.send([UInt8]())) != nil }

  /// Tells the launching process why not.
  package consuming func report(_ failure: CommandFailure) {
    try? channel.send(ControlFrame.failure(ControlFailure(failure)).encode())
  }
}
