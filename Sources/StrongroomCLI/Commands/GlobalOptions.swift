import ArgumentParser

/// The options that every command has.
package struct GlobalOptions: ParsableArguments {
  @Flag(name: .long, help: ArgumentHelp(.json)) package var json = false
  @Flag(name: .shortAndLong, help: ArgumentHelp(.quiet)) package var quiet = false
  @Flag(name: .shortAndLong, help: ArgumentHelp(.verbose)) package var verbose = false
  @Flag(name: .customLong("no-color"), help: ArgumentHelp(.noColor)) package var noColor = false

  package init() {}

  package var output: OutputOptions { OutputOptions(json: json, quiet: quiet, verbose: verbose, noColor: noColor) }

  /// `--json`, `--quiet`, `--verbose` and `--no-color` that stand before the command's name are moved behind it, where the parser expects them.
  static func movedBehindTheCommand(_ arguments: [String]) -> [String] {
    let known: Set<String> = ["--json", "--quiet", "-q", "--verbose", "-v", "--no-color"]
    let leading = arguments.prefix { known.contains($0) }
    let rest = arguments.dropFirst(leading.count)
    let end = rest.firstIndex(of: "--") ?? rest.endIndex
    return Array(rest[..<end]) + leading + Array(rest[end...])
  }
}

extension ArgumentHelp {
  init(_ text: HelpText, value: String? = nil) { self.init(text(), valueName: value) }
}

extension CommandConfiguration {
  /// With texts from the tables.
  init(
    _ name: String, _ abstract: HelpText, discussion: HelpText? = nil, shouldDisplay: Bool = true,
    _ subcommands: [any ParsableCommand.Type] = []
  ) {
    self.init(
      commandName: name, abstract: abstract(), discussion: discussion.map { $0() } ?? "", shouldDisplay: shouldDisplay,
      subcommands: subcommands)
  }
}

/// How people say when, at options for times: `--since -2h` is a value, not an option.
extension Option where Value == String? {
  init(time name: NameSpecification, _ help: HelpText) {
    self.init(name: name, parsing: .unconditional, help: ArgumentHelp(help, value: "time"))
  }
}
