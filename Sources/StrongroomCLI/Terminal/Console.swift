import Foundation

/// How people want to read results.
package struct OutputOptions: Sendable, Equatable {
  package var json = false
  package var quiet = false
  package var verbose = false
  package var noColor = false

  package init(json: Bool = false, quiet: Bool = false, verbose: Bool = false, noColor: Bool = false) {
    self.json = json
    self.quiet = quiet
    self.verbose = verbose
    self.noColor = noColor
  }
}

/// Where a command writes: results to standard output, everything about them to standard error.
///
/// Rules for what people read here:
/// - An error is one line `strongroom: error: …`, lower case, no full stop, saying what is wrong in the reader's words; then, if there is
///   something to do, one line `strongroom: hint: …`. With `--json` both are one object on standard error.
/// - A note goes away with `--quiet`, a detail comes with `--verbose`; results and errors are never touched by either.
/// - Colours only on a terminal, without NO_COLOR (no-color.org) and without `--no-color`; nothing is told by colour alone.
/// - Names are escaped before they are shown (`Escaping`), never in JSON, which escapes by itself.
package struct Console: Sendable {
  /// Standard output or standard error.
  package enum Stream: Sendable {
    case output, error
  }

  package var isJSON = false
  package var isQuiet = false
  package var isVerbose = false
  package var outputColours = false
  package var errorColours = false
  package var isErrorTerminal = false
  package var language = Language.english
  private let write: @Sendable (Stream, String) -> Void
  /// Hands on what was gathered of the result, for those who watch it come.
  package var flush: @Sendable () -> Void = {}

  package init(write: @escaping @Sendable (Stream, String) -> Void) { self.write = write }

  /// Of this process.
  package static func standard(_ options: OutputOptions, environment: [String: String]) -> Console {
    let errors = OutputBuffer(descriptor: STDERR_FILENO)
    var console = Console { stream, text in
      if stream == .output {
        OutputBuffer.standard.write(text)
      } else {
        errors.write(text)
        // Standard error that cannot be written leaves nobody to tell.
        try? errors.flush()
      }
    }
    let mayColour = !options.noColor && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    console.flush = { try? OutputBuffer.standard.flush() }
    console.isJSON = options.json
    console.isQuiet = options.quiet
    console.isVerbose = options.verbose
    console.outputColours = mayColour && isatty(STDOUT_FILENO) == 1
    console.errorColours = mayColour && isatty(STDERR_FILENO) == 1
    console.isErrorTerminal = isatty(STDERR_FILENO) == 1
    console.language = Language(environment: environment)
    return console
  }

  /// One line of the result.
  package func print(_ line: String) { write(.output, line + "\n") }

  /// A piece of the result that brings its own end of line.
  package func print(raw text: String) { write(.output, text) }

  /// A table of the result, its titles in bold.
  package func print(_ table: TextTable) {
    for (index, line) in table.lines().enumerated() { print(index == 0 ? colour(line, .bold, on: .output) : line) }
  }

  /// One value of the result, on one line (JSON Lines).
  package func print(json value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { preconditionFailure("a result that cannot be encoded") }
    print(String(decoding: data, as: UTF8.self))
  }

  /// What was done, for people; not with `--quiet`, and not with `--json`, whose readers have the result.
  package func note(_ message: Message) {
    if !isQuiet && !isJSON { write(.error, message.text(in: language) + "\n") }
  }

  /// What may be wrong, without ending the command. With `--quiet` as well.
  package func warn(_ message: Message) {
    write(.error, "strongroom: \(colour("warning", .yellow, on: .error)): \(message.text(in: language))\n")
  }

  /// What must be told even with `--quiet`: how much of the truth is on display.
  package func remark(_ message: Message) { write(.error, message.text(in: language) + "\n") }

  /// One object for programs about the result, not part of it.
  package func remark(json line: String) { write(.error, line + "\n") }

  /// One line on a terminal that the next one writes over; empty to be rid of it.
  package func progress(_ text: String) { write(.error, "\r\u{1b}[K" + text) }

  /// What is being done; only with `--verbose`.
  package func detail(_ message: Message) {
    if isVerbose { write(.error, message.text(in: language) + "\n") }
  }

  /// In the language of this console.
  package func text(_ text: ReportText, _ arguments: [String: String] = [:]) -> String {
    Message(text, arguments).text(in: language)
  }

  /// The error and its hint.
  package func report(_ failure: CommandFailure) {
    let text = failure.message.text(in: language)
    let hint = failure.hint?.text(in: language)
    if isJSON {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let error = FailureObject.Body(code: failure.code, exit: failure.exitCode.rawValue, hint: hint, message: text)
      if let data = try? encoder.encode(FailureObject(error: error)) {
        write(.error, String(decoding: data, as: UTF8.self) + "\n")
      }
      return
    }
    write(.error, "strongroom: \(colour("error", .red, on: .error)): \(text)\n")
    if let hint { write(.error, "strongroom: \(colour("hint", .cyan, on: .error)): \(hint)\n") }
  }

  private struct FailureObject: Encodable {
    struct Body: Encodable {
      let code: String
      let exit: Int32
      let hint: String?
      let message: String
    }
    let error: Body
  }

  /// By the number of ECMA-48 (SGR).
  package enum Colour: String, Sendable {
    case bold = "1"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
  }

  /// The text in a colour where the stream shows colours.
  package func colour(_ text: String, _ colour: Colour, on stream: Stream) -> String {
    (stream == .output ? outputColours : errorColours) ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
  }
}
