/// StrongroomCLI: the command line. Knows people, terminals, files of configuration and secrets; what a vault is, the parts below know.
///
/// *Noun*, *verb* the two words of a command, together under `Commands/<Noun>/` · *context* what a command may use of the world · *connection* the
/// adapter to a running mount · *message* a text in both languages with its arguments · *failure* why a command ends without its work done ·
/// *setting* one thing that can be set about a mount · *secret source* where a passphrase or key comes from · *launcher*, *child* the two
/// sides of starting the process that mounts.
import ArgumentParser
import Foundation
import Platform

package enum StrongroomCLI {
  /// Runs the command of this process and ends it with the command's exit code.
  package static func main() -> Never {
    Interruption.install()
    #if STRONGROOM_BENCHMARK_UNCHECKED
      FileHandle.standardError.write(
        Data("strongroom: BENCHMARK BUILD: reads are neither checked nor recorded; for measuring only\n".utf8))
    #endif
    let environment = ProcessInfo.processInfo.environment
    let code = run(CommandLine.arguments, environment: environment) { CommandContext.process($0, environment: environment) }
    do throws(SystemError) {
      try OutputBuffer.standard.flush()
    } catch {
      let failure = CommandFailure(.error, .outputFailed, ["reason": error.description])
      Console.standard(OutputOptions(), environment: environment).report(failure)
      if code == .done { exit(failure.exitCode.rawValue) }
    }
    exit(code.rawValue)
  }

  /// - Parameter arguments: the program's name first. Called as `mount.fuse.strongroom` (or a link of that name), it is what mount(8) calls for fstab.
  package static func run(
    _ arguments: [String], environment: [String: String], context: (OutputOptions) -> CommandContext
  ) -> ExitCode {
    var words = GlobalOptions.movedBehindTheCommand(Array(arguments.dropFirst()))
    let program = arguments.first?.split(separator: "/").last ?? ""
    if program == "mount.fuse.strongroom" || program == "mount.strongroom" { words.insert(MountHelper.name, at: 0) }
    do {
      var command = try Strongroom.parseAsRoot(words)
      guard let runnable = command as? any StrongroomCommand else {
        // A noun without a verb: shows its help.
        try command.run()
        return .done
      }
      let context = context(runnable.global.output)
      do throws(CommandFailure) {
        return try runnable.run(in: context)
      } catch {
        context.console.report(error)
        return error.exitCode
      }
    } catch {
      return end(with: error, words: words, context: context)
    }
  }

  /// What the parser threw: help that was asked for, or a usage error.
  private static func end(with error: any Error, words: [String], context: (OutputOptions) -> CommandContext) -> ExitCode {
    // What was asked for could not be parsed, but how the error is to be read can be seen.
    let console = context(OutputOptions(json: words.prefix { $0 != "--" }.contains("--json"))).console
    guard Strongroom.exitCode(for: error) != .success else {
      console.print(Strongroom.fullMessage(for: error))
      return .done
    }
    // "Error: …", then "Usage: …" and how to ask for help.
    let lines = Strongroom.fullMessage(for: error).split(separator: "\n")
    let usage = lines.first { $0.hasPrefix("Usage: ") }?.dropFirst(7)
    var failure = CommandFailure(
      .usage, .usage, ["reason": sentence(Strongroom.message(for: error)), "usage": usage.map { String($0) } ?? ""])
    if usage != nil { failure.hint = Message(HintText.usage, failure.message.arguments) }
    console.report(failure)
    return failure.exitCode
  }

  /// In the form of our errors: one line, lower case, no full stop.
  private static func sentence(_ text: String) -> String {
    var line = text.split(separator: "\n").first.map { String($0) } ?? text
    if let end = line.range(of: ". ") { line.removeSubrange(end.lowerBound...) }
    if line.hasSuffix(".") { line.removeLast() }
    return line.prefix(1).lowercased() + line.dropFirst()
  }
}
