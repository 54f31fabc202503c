/// The `-o` of mount commands and of fstab: `NAME=VALUE` separated by commas, with the same names as in configuration files.
package struct MountOptionList: Sendable, Equatable {
  /// `config=FILE`: read first, so that the other options win wherever they stand.
  package private(set) var configurationFile: String?
  package private(set) var settings: [(name: String, value: String)] = []

  package static func == (left: MountOptionList, right: MountOptionList) -> Bool {
    left.configurationFile == right.configurationFile && left.settings.elementsEqual(right.settings) { $0 == $1 }
  }

  /// Those of mount(8) that ask for what is so anyway, or speak to others who read fstab.
  private static let ignored: Set<String> = [
    "defaults", "rw", "auto", "noauto", "nofail", "nosuid", "nodev", "exec", "async", "nouser", "owner", "_netdev",
  ]
  /// Those that ask for what a vault's mount never does.
  private static let refused: Set<String> = ["ro", "suid", "dev", "noexec", "sync", "remount", "bind", "user", "users", "group"]

  /// - Throws: `bad-option`, `unsupported-option` (exit 2). Names and values of settings are judged when they are applied.
  package init(parsing texts: [String]) throws(CommandFailure) {
    for option in texts.flatMap({ $0.split(separator: ",") }) {
      guard let sign = option.firstIndex(of: "=") else {
        if Self.ignored.contains(String(option)) || Self.isForOthers(option) { continue }
        if Self.refused.contains(String(option)) { throw CommandFailure(.usage, .unsupportedOption, ["value": String(option)]) }
        // `strict-trail` alone is `strict-trail=true`.
        if let setting = MountSetting.all.first(where: { $0.name == option }), setting.kind == .flag {
          settings.append((String(option), "true"))
          continue
        }
        throw CommandFailure(.usage, .badOption, ["value": String(option)], hint: .settings)
      }
      let name = String(option[..<sign])
      let value = String(option[option.index(after: sign)...])
      if Self.isForOthers(option) { continue }
      if name == "config" { configurationFile = value } else { settings.append((name, value)) }
    }
  }

  /// Applies the file, if one is named, and then the settings. Later ones win; values of lists add up.
  package func apply(to configuration: inout MountConfiguration) throws(CommandFailure) {
    if let configurationFile { try ConfigurationFile.read(configurationFile, into: &configuration) }
    for (name, value) in settings { try MountSetting.named(name, place: "-o").apply(value, to: &configuration, place: "-o") }
    try configuration.check(place: "-o")
  }

  /// systemd.mount(5) and mount(8) keep these prefixes for comments to other programs.
  private static func isForOthers(_ option: Substring) -> Bool {
    option.hasPrefix("x-") || option.hasPrefix("X-") || option.hasPrefix("comment=")
  }
}

/// The arguments that mount(8) gives to `/sbin/mount.fuse.strongroom`: `VAULT MOUNTPOINT [-sfnv] [-o OPTIONS] [-t TYPE] [-N NAMESPACE]`.
package struct MountHelperArguments: Sendable, Equatable {
  package var vault: String
  package var mountpoint: String
  package var options: MountOptionList
  /// `-f`: everything but the mount itself.
  package var isDryRun = false
  package var isVerbose = false

  /// - Throws: `usage`, and as `MountOptionList`.
  package init(parsing arguments: [String]) throws(CommandFailure) {
    var operands: [String] = []
    var options: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "-o", "-t", "-N":
        guard let value = rest.popFirst() else { throw Self.usage("'\(argument)' needs a value") }
        if argument == "-o" { options.append(value) }
        if argument == "-N" { throw CommandFailure(.usage, .unsupportedOption, ["value": "-N"]) }
      case _ where argument.hasPrefix("-o"): options.append(String(argument.dropFirst(2)))
      case _ where argument.hasPrefix("-"):
        for letter in argument.dropFirst() {
          switch letter {
          case "f": isDryRun = true
          case "v": isVerbose = true
          case "s", "n", "w": break
          default: throw CommandFailure(.usage, .unsupportedOption, ["value": "-\(letter)"])
          }
        }
      default: operands.append(argument)
      }
    }
    guard operands.count == 2 else { throw Self.usage("expected VAULT and MOUNTPOINT") }
    vault = operands[0]
    mountpoint = operands[1]
    self.options = try MountOptionList(parsing: options)
  }

  private static func usage(_ reason: String) -> CommandFailure {
    CommandFailure(
      .usage, ErrorText.usage, ["reason": reason, "usage": "mount.fuse.strongroom VAULT MOUNTPOINT [-sfnv] [-o OPTIONS]"],
      hint: .usage)
  }
}
