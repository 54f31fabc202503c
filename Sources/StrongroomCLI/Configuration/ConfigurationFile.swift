import Glibc
import Platform
import Yams

/// Configuration files of mounts: YAML, one mapping of setting names to values. What is not understood is refused with file and line, never passed over.
package enum ConfigurationFile {
  private static let byteCountMax = 1 << 16

  /// Reads a file over the settings that are there.
  package static func read(_ path: String, into configuration: inout MountConfiguration) throws(CommandFailure) {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try File(path, O_RDONLY | O_NOCTTY).readAll(limit: byteCountMax)
    } catch {
      throw CommandFailure(.usage, .configUnreadable, ["place": path, "reason": error.description])
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure(.usage, .configSyntax, ["place": path, "reason": "not UTF-8"])
    }
    try parse(text, name: path, into: &configuration)
  }

  /// - Parameter name: of the file, for messages.
  package static func parse(_ text: String, name: String, into configuration: inout MountConfiguration) throws(CommandFailure) {
    guard let root = try compose(text, name) else { return }
    guard case .mapping(let mapping) = root else {
      // A file of comments alone composes to an empty scalar in some versions of YAML.
      if case .scalar(let scalar) = root, scalar.string.isEmpty { return }
      throw CommandFailure(.usage, .configNotAMapping, ["place": place(name, root)])
    }
    var seen: Set<String> = []
    for (key, value) in mapping {
      guard case .scalar(let label) = key else { throw CommandFailure(.usage, .configNotAMapping, ["place": place(name, key)]) }
      let here = place(name, key)
      let setting = try MountSetting.named(label.string, place: here)
      guard seen.insert(label.string).inserted else {
        throw CommandFailure(.usage, .configRepeated, ["place": here, "name": label.string])
      }
      for (text, node) in try values(value, of: setting, name: name) {
        try setting.apply(text, to: &configuration, place: place(name, node))
      }
    }
    try configuration.check(place: name)
  }

  private static func values(
    _ node: Node, of setting: MountSetting, name: String
  ) throws(CommandFailure) -> [(text: String, node: Node)] {
    switch (node, setting.kind) {
    case (.scalar(let scalar), _): return [(scalar.string, node)]
    case (.sequence(let items), .list):
      var values: [(String, Node)] = []
      for item in items {
        guard case .scalar(let scalar) = item else { throw notAValue(setting, place(name, item)) }
        values.append((scalar.string, item))
      }
      return values
    default: throw notAValue(setting, place(name, node))
    }
  }

  private static func notAValue(_ setting: MountSetting, _ place: String) -> CommandFailure {
    CommandFailure(.usage, .configNotAValue, ["place": place, "name": setting.name])
  }

  /// `staff.yaml:12`
  private static func place(_ name: String, _ node: Node) -> String { node.mark.map { "\(name):\($0.line)" } ?? name }

  private static func compose(_ text: String, _ name: String) throws(CommandFailure) -> Node? {
    do {
      return try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw failure(error, name, text)
    } catch {
      throw CommandFailure(.usage, .configSyntax, ["place": name, "reason": "\(error)"])
    }
  }

  /// The line on which a setting is given again: the parser tells only where the mapping begins.
  private static func secondLine(of name: String, in text: String) -> Int? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.indices.filter { lines[$0].hasPrefix(name + ":") }.dropFirst().first.map { $0 + 1 }
  }

  private static func failure(_ error: YamlError, _ name: String, _ text: String) -> CommandFailure {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
      return CommandFailure(.usage, .configSyntax, ["place": "\(name):\(mark.line)", "reason": problem])
    case .duplicatedKeysInMapping(let duplicates, let context):
      return CommandFailure(
        .usage, .configRepeated,
        [
          "place": "\(name):\(secondLine(of: duplicates.sorted().first ?? "", in: text) ?? context.mark.line)",
          "name": duplicates.sorted().joined(separator: ", "),
        ])
    default:
      return CommandFailure(.usage, .configSyntax, ["place": name, "reason": "\(error)".filter { !$0.isNewline }])
    }
  }
}
