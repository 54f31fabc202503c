import ArgumentParser
import Control
import Glibc
import Platform

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
    do throws(CommandFailure) {
      try context.connect(found).ask(.unmount) { _ in }
    } catch {
      // A mount that ends quickly may be gone before its answer has arrived.
      guard error.code == ErrorText.mountWentAway.rawValue else { throw error }
    }
    let deadline = Clock.boot() + nanoseconds
    while try context.mountTable().ours.contains(where: { $0.vault == vault && $0.entry.mountpoint == place }) {
      guard Clock.boot() < deadline else {
        throw CommandFailure(
          .inUse, .unmountUnfinished, ["path": mountpoint, "seconds": String(nanoseconds / 1_000_000_000)], hint: .openFiles)
      }
      usleep(20_000)
    }
    context.console.note(Message(ReportText.unmounted, ["path": mountpoint]))
    return .done
  }
}
