import ArgumentParser

/// Options of every command that asks a running mount.
struct VaultOptions: ParsableArguments {
  /// The vault's folder or mountpoint. Nil where a path says which vault it is, or only one is mounted.
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions
}

/// A command that asks a running mount.
protocol MountedCommand: StrongroomCommand {
  var mount: VaultOptions { get }
}

extension MountedCommand {
  var global: GlobalOptions { mount.global }
}
