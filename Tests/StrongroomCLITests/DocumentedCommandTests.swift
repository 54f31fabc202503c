import ArgumentParser
import Foundation
import Testing

@testable import StrongroomCLI

/// What the pages show can be typed: every command in them, with its options, is one of the command line's.
@Suite struct DocumentedCommandTests {
  private static let pages = [
    "README.md", "mount-configs/README.md", "docs/crash-safety.md", "docs/design.md", "docs/log-fields.md", "docs/operations.md",
    "docs/performance.md", "docs/posix.md", "docs/rights.md", "docs/threat-model.md",
  ]

  @Test func everyCommandThatAPageShowsIsThere() throws {
    var known: [ObjectIdentifier: Set<String>] = [:]
    for page in Self.pages {
      let text = try String(contentsOfFile: project + "/" + page, encoding: .utf8)
      for shown in Self.fragments(of: text) {
        let wanted = Self.options(in: shown)
        guard let found = Self.command(shown), !wanted.isEmpty else { continue }
        let options = known[ObjectIdentifier(found)] ?? Set(Self.options(in: Strongroom.helpMessage(for: found)))
        known[ObjectIdentifier(found)] = options
        for option in wanted where !options.contains(option) { Issue.record("\(page): '\(shown)': there is no \(option)") }
      }
    }
  }

  /// That the test above reads what it should.
  @Test func commandsAreFoundInThePages() throws {
    let text = try String(contentsOfFile: project + "/docs/operations.md", encoding: .utf8)
    let shown = Self.fragments(of: text).compactMap { Self.command($0) }
    #expect(shown.count > 60 && shown.contains { $0 == GrantAdd.self } && shown.contains { $0 == LogPack.self })
    #expect(Self.options(in: "grant add / --to 'a --b' --rights x|--until") == ["--to", "--rights", "--until"])
  }

  /// Lines of code blocks, and what stands between back quotes.
  private static func fragments(of page: String) -> [String] {
    var fragments: [String] = []
    var isInBlock = false
    for line in page.split(separator: "\n") {
      if line.drop(while: \.isWhitespace).hasPrefix("```") {
        isInBlock.toggle()
      } else if isInBlock {
        // After the prompt, if there is one.
        let command = line.drop(while: \.isWhitespace).replacing(#/^\w[\w-]*\$ /#, with: "")
        if command.hasPrefix("strongroom ") { fragments.append(String(command)) }
      } else {
        let parts = line.split(separator: "`", omittingEmptySubsequences: false)
        fragments += stride(from: 1, to: parts.count, by: 2).map { String(parts[$0]) }
      }
    }
    return fragments
  }

  /// The command that a fragment begins with; nil where it is none. With the program's name before it, it has to be one.
  private static func command(_ fragment: String) -> (any ParsableCommand.Type)? {
    var words = fragment.split(separator: " ")
    let isWhole = words.first == "strongroom"
    if isWhole { words.removeFirst() }
    guard let noun = words.first, noun.allSatisfy({ $0.isLowercase || $0 == "-" }) else { return nil }
    func child(_ name: Substring, of parent: any ParsableCommand.Type) -> (any ParsableCommand.Type)? {
      parent.configuration.subcommands.first { $0.configuration.commandName == String(name) }
    }
    guard let found = child(noun, of: Strongroom.self) else {
      if isWhole { Issue.record("there is no command '\(fragment)'") }
      return nil
    }
    guard !found.configuration.subcommands.isEmpty, words.count > 1 else { return found }
    // `key add|change` names several.
    let verb = words[1].prefix { $0.isLowercase || $0 == "-" }
    if let command = child(verb, of: found) { return command }
    if isWhole || fragment.contains(" --") { Issue.record("there is no command '\(fragment)'") }
    return nil
  }

  /// Those outside of quotation marks.
  private static func options(in text: String) -> [String] {
    let bare = text.replacing(#/'[^']*'|"[^"]*"/#, with: "")
    return bare.matches(of: #/(?:^|[\s\[|(])(--[a-z][a-z-]*)/#).map { String($0.1) }
  }
}
