import ArgumentParser
import Sodium

/// The process of a mount, started by `DaemonLauncher` with the plan and the root key on descriptor 3.
struct MountDaemon: StrongroomCommand {
  static let name = "mount-daemon"
  static var configuration: CommandConfiguration { CommandConfiguration(name, .mountDaemon, shouldDisplay: false) }

  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    Signals.block()
    let child = try DaemonChild()
    DaemonChild.settle()
    let service: MountService
    do throws(CommandFailure) {
      let root: SecretBytes
      do throws(SodiumError) { root = try child.secret.copy() } catch {
        throw CommandFailure(.error, .memoryNotLocked, hint: .memoryLock)
      }
      service = try MountService(try MountPlan(parsing: child.plan), root: root, environment: context.environment)
    } catch {
      child.report(error)
      return error.exitCode
    }
    Signals.wait { service.end() }
    // Whoever started it has gone: so does the mount.
    if !child.reportReady() { service.end() }
    return service.waitUntilEnded()
  }
}
