import ArgumentParser
import Control
import Glibc
import Platform
import VaultFormat

struct UnmountCommand: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("unmount", .unmount) }

  @Argument(help: ArgumentHelp(.mountpointArgument)) var mountpoint: String
  @Option(help: ArgumentHelp(.unmountWait, value: "duration")) var wait = "30s"
  @OptionGroup var global: GlobalOptions

  /// Asks the mount to commit and end, and returns when it is gone from the mount table.
  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    guard let nanoseconds = TimeSpan.nanoseconds(wait) else {
      throw CommandFailure(.usage, .badTime, ["value": wait, "option": "--wait"], hint: .durations)
    }
    let place = PathBytes.resolved(PathBytes.absolute(mountpoint))
    let table = try context.mountTable()
    guard let vault = table.top(on: place)?.vault else { throw CommandFailure(.noVault, .notAMountpoint, ["path": mountpoint]) }
    let found = try VaultFinder(table: table).find(folder: PathBytes.text(place))
    var process: Int32 = 0
    do throws(CommandFailure) {
      let connection = try context.connect(found)
      try connection.ask(.status) { if case .status(let status) = $0 { process = status.pid } }
      try connection.ask(.unmount) { _ in }
    } catch {
      if error.code == ErrorText.notMounted.rawValue, MountTable.isDead(place) {
        guard umount2(PathBytes.text(place), Int32(MNT_DETACH)) == 0 else { throw CommandFailure(SystemError("umount2", errno)) }
        context.console.note(Message(ReportText.unmounted, ["path": mountpoint]))
        return .done
      }
      // A mount that ends quickly may be gone before its answer has arrived.
      guard error.code == ErrorText.mountWentAway.rawValue else { throw error }
    }
    let deadline = Clock.boot() + nanoseconds
    // Gone from the table, and its process ended: only then is everything committed and the vault free.
    while true {
      let isMounted = try isMounted(vault, place, context)
      guard isMounted || RunningProcess.isThere(process) else { break }
      guard Clock.boot() < deadline else {
        throw CommandFailure(
          .inUse, .unmountUnfinished, ["path": mountpoint, "seconds": String(nanoseconds / 1_000_000_000)], hint: .openFiles)
      }
      usleep(20_000)
    }
    context.console.note(Message(ReportText.unmounted, ["path": mountpoint]))
    return .done
  }

  private func isMounted(_ vault: VaultID, _ place: [UInt8], _ context: CommandContext) throws(CommandFailure) -> Bool {
    try context.mountTable().ours.contains { $0.vault == vault && $0.entry.mountpoint == place }
  }
}
