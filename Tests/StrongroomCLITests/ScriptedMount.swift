import Control
import Platform
import VaultFormat

@testable import StrongroomCLI

/// Gathers what a command prints.
final class Screen: @unchecked Sendable {
  private let lock = Lock()
  private var texts: [Console.Stream: String] = [:]

  var output: String { lock.withLock { texts[.output] ?? "" } }
  var errors: String { lock.withLock { texts[.error] ?? "" } }

  func console(_ options: OutputOptions = OutputOptions(), language: Language = .english) -> Console {
    var console = Console { [self] stream, text in lock.withLock { texts[stream, default: ""] += text } }
    console.isJSON = options.json
    console.isQuiet = options.quiet
    console.isVerbose = options.verbose
    console.language = language
    return console
  }
}

/// A mount that answers what the test says, and remembers what it was asked.
final class ScriptedMount: MountConnection, @unchecked Sendable {
  private let lock = Lock()
  private var asked: [ControlRequest] = []
  private let answers: [ControlResponse]
  private let failure: CommandFailure?

  init(_ answers: [ControlResponse] = [], failure: CommandFailure? = nil) {
    self.answers = answers
    self.failure = failure
  }

  var requests: [ControlRequest] { lock.withLock { asked } }

  func ask(_ request: ControlRequest, take: (ControlResponse) -> Void) throws(CommandFailure) {
    lock.withLock { asked.append(request) }
    for answer in answers { take(answer) }
    if let failure { throw failure }
  }
}

let vaultID = ID128(high: 0x0123_4567_89ab_cdef, low: 0x0011_2233_4455_6677)

/// A machine with one vault mounted on /mnt/档案 and a plain /home.
let mountInfo = """
  22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
  40 22 0:35 / /home rw shared:2 - tmpfs tmpfs rw
  41 22 0:36 / /mnt/档案 rw,nosuid,nodev shared:3 - fuse.strongroom strongroom:0123456789abcdef0011223344556677 rw,user_id=0,group_id=0,allow_other
  """

struct Ran {
  let code: ExitCode
  let output: String
  let errors: String
}

/// Runs a command line on that machine.
func run(
  _ words: [String], mount: ScriptedMount = ScriptedMount(), table: String = mountInfo, language: Language = .english,
  program: String = "strongroom"
) -> Ran {
  let screen = Screen()
  let code = StrongroomCLI.run([program] + words, environment: [:]) { options in
    CommandContext(
      console: screen.console(options, language: language), environment: [:],
      mountTable: { MountTable(parsing: Array(table.utf8)) }, connect: { _ in mount })
  }
  return Ran(code: code, output: screen.output, errors: screen.errors)
}
