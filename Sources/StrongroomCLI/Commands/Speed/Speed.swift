import ArgumentParser
import Sodium

struct SpeedCommand: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("speed", .speed, discussion: .speedDiscussion) }

  @Flag(name: .customLong("no-mount"), help: ArgumentHelp(.speedNoMount)) var noMount = false
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    try run(in: context, stopwatch: Stopwatch(seconds: 0.4))
  }

  /// Findings (exit 3) where the mount floor cannot be measured here: a warning says why, and its rows are there without a value.
  func run(in context: CommandContext, stopwatch: Stopwatch) throws(CommandFailure) -> ExitCode {
    var rows: [SpeedRow] = []
    do throws(SodiumError) {
      try CipherSpeed(stopwatch: stopwatch).rows { rows.append($0) }
    } catch {
      throw CommandFailure(.error, .memoryNotLocked, hint: .memoryLock)
    }
    var code = ExitCode.done
    if !noMount {
      do throws(CommandFailure) {
        try MountFloor(stopwatch: stopwatch).rows { rows.append($0) }
      } catch {
        code = .findings
        context.console.warn(error.message)
        if let hint = error.hint { context.console.remark(hint) }
        let measured = rows.map(\.name)
        for (name, unit) in [
          (SpeedText.floorRead128K, SpeedRow.Unit.megabytesPerSecond), (.floorRead1M, .megabytesPerSecond),
          (.floorRandom4K, .microseconds),
        ]
        where !measured.contains(name) {
          rows.append(SpeedRow(name, unit, missing: error.code))
        }
      }
    }
    context.console.show(rows)
    return code
  }
}

extension Console {
  fileprivate func show(_ rows: [SpeedRow]) {
    if isJSON { return rows.forEach { print(json: $0) } }
    func text(_ text: SpeedText) -> String { Message(text).text(in: language) }
    var table = TextTable([(text(.columnWhat), .left), (text(.columnSpeed), .right), ("", .left)])
    for row in rows {
      table.add([text(row.name), row.value.map(Self.shown) ?? text(.notMeasured), row.value == nil ? "" : row.unit.rawValue])
    }
    print(table)
  }

  /// Three digits that count.
  private static func shown(_ value: Double) -> String {
    if value >= 100 { return String(Int(value.rounded())) }
    let scale = value >= 10 ? 10.0 : 100.0
    return String((value * scale).rounded() / scale)
  }
}
