package import ArgumentParser
package import Control
import Glibc
import Platform
import VaultFormat

/// What a command may use of the world; tests give it their own.
package struct CommandContext: Sendable {
  package var console: Console
  package var environment: [String: String]
  package var mountTable: @Sendable () throws(CommandFailure) -> MountTable
  package var connect: @Sendable (FoundVault) throws(CommandFailure) -> any MountConnection
  /// Before a key comes into this process: no core dumps, no swap.
  package var secure: @Sendable () throws(CommandFailure) -> Void

  package init(
    console: Console, environment: [String: String], mountTable: @escaping @Sendable () throws(CommandFailure) -> MountTable,
    connect: @escaping @Sendable (FoundVault) throws(CommandFailure) -> any MountConnection,
    secure: @escaping @Sendable () throws(CommandFailure) -> Void = {}
  ) {
    self.console = console
    self.environment = environment
    self.mountTable = mountTable
    self.connect = connect
    self.secure = secure
  }

  /// Of this process.
  package static func process(_ options: OutputOptions, environment: [String: String]) -> CommandContext {
    CommandContext(
      console: .standard(options, environment: environment), environment: environment,
      mountTable: { () throws(CommandFailure) in
        do throws(SystemError) { return try MountTable.current() } catch { throw CommandFailure(error) }
      },
      connect: { (found) throws(CommandFailure) in try SocketConnection(to: found, environment: environment) },
      secure: { () throws(CommandFailure) in try ProcessSafety.secure() })
  }

  /// Finds the vault of a path and connects to its mount.
  package func open(
    _ path: String, vaultFolder: String?
  ) throws(CommandFailure) -> (connection: any MountConnection, path: VaultPath) {
    let (found, place) = try VaultFinder(table: try mountTable()).find(path, vaultFolder: vaultFolder)
    return (try connected(found), place)
  }

  /// Connects to the mount of a vault's folder or mountpoint, or of the only vault that is mounted.
  package func open(vaultFolder: String?) throws(CommandFailure) -> any MountConnection {
    let finder = VaultFinder(table: try mountTable())
    guard let vaultFolder else { return try connected(finder.only()) }
    return try connected(finder.find(folder: vaultFolder))
  }

  private func connected(_ found: FoundVault) throws(CommandFailure) -> any MountConnection {
    console.detail(Message(ReportText.asking, ["vault": found.vault.description]))
    return try connect(found)
  }
}

/// A command that works in a context and says how it ended.
package protocol StrongroomCommand: ParsableCommand {
  var global: GlobalOptions { get }

  /// - Throws: what `Console.report` prints, with the exit code.
  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode
}

/// The adapter to a running mount: one request, and the pieces of its answer as they come.
package protocol MountConnection {
  func ask(_ request: ControlRequest, take: (ControlResponse) -> Void) throws(CommandFailure)
}

/// A connection over the mount's socket.
package final class SocketConnection: MountConnection {
  private let client: ControlClient

  package init(to found: FoundVault, environment: [String: String]) throws(CommandFailure) {
    let addresses = ControlAddress.candidates(
      vault: found.vault, mounter: found.mounter, caller: geteuid(), environment: environment)
    do throws(ControlError) {
      client = try ControlClient(trying: addresses, mounter: found.mounter)
    } catch {
      throw CommandFailure(error)
    }
  }

  package func ask(_ request: ControlRequest, take: (ControlResponse) -> Void) throws(CommandFailure) {
    do throws(ControlError) { try client.ask(request, take: take) } catch { throw CommandFailure(error) }
  }
}
