import ArgumentParser
import Control
import Trail
import VaultFormat

struct LogVerify: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("verify", .logVerify) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @Option(help: ArgumentHelp(.genesis, value: "key")) var genesis: String?
  @Option(help: ArgumentHelp(.end)) var end: String?
  @Option(help: ArgumentHelp(.anchor, value: "file")) var anchor: String?
  @Option(help: ArgumentHelp(.identity, value: "file")) var identity: String?
  @Option(help: ArgumentHelp(.identityPassphraseFile, value: "file")) var identityPassphraseFile: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let place = try TrailPlace.find(trail, isExpected: genesis != nil || end != nil || anchor != nil)
    var verifier = TrailVerifier(place.folder)
    if let genesis {
      guard let key = Hex.decode(genesis), key.count == 32 else {
        throw CommandFailure(.usage, .badGenesis, ["value": genesis], hint: .genesis)
      }
      verifier.genesis = key
    }
    if let end {
      guard let point = ChainPoint(end) else { throw CommandFailure(.usage, .badEnd, ["value": end]) }
      verifier.end = point
    }
    verifier.anchorPath = anchor
    if let identity {
      let reviewer = try IdentityFileReader.open(identity, passphraseFile: identityPassphraseFile)
      try place.tellMount("verify", reviewer.fingerprint, [:], in: context)
      verifier.identity = reviewer
    }
    let progress = LogProgress(context.console)
    verifier.progress = { progress.show($0, of: $1) }
    let report: TrailReport
    do throws(TrailError) { report = try verifier.verify() } catch {
      progress.clear()
      throw CommandFailure(error, trail: trail)
    }
    progress.clear()
    return try LogVerdict(console: context.console, report: report, options: verifier).show()
  }
}
