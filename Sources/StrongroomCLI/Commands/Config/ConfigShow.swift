import ArgumentParser

struct ConfigShow: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("show", .configShow) }

  @Argument(help: ArgumentHelp(.configFile)) var file: String?
  @Option(name: .customShort("o"), help: ArgumentHelp(.options, value: "options")) var options: [String] = []
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var configuration = MountConfiguration()
    if let file { try ConfigurationFile.read(file, into: &configuration) }
    try MountOptionList(parsing: options).apply(to: &configuration)
    if context.console.isJSON {
      context.console.print(json: configuration.effective)
    } else {
      context.console.print(configuration.yaml(language: context.console.language).trimmingWhitespace)
    }
    return .done
  }
}
