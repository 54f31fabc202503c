/// Everything that can be set about a mount, with its defaults. One table, `MountSetting.all`, gives each its name, its bounds and its help; configuration
/// files, `-o` and fstab all go through it, and what results goes into the MOUNT record.
package struct MountConfiguration: Sendable, Equatable {
  /// Threads that read /dev/fuse; 0 is as many as there are cores, from 2 to 8.
  package var workerCount = 0
  /// How long one worker keeps looking for the next request before it sleeps; 0 is never. Off on a single core whatever stands here.
  package var pollNanoseconds: Int64 = 1_000_000
  /// Decrypted pages in locked memory.
  package var pageCacheByteCount = 64 << 20
  /// Per handle that reads in order.
  package var readAheadByteCount = 1 << 20
  /// Requests that the kernel may send ahead.
  package var backgroundRequestCountMax = 128
  /// Changes are committed after this time or this many documents, whichever comes first.
  package var commitIntervalNanoseconds: Int64 = 1_000_000_000
  package var commitDocumentCount = 5_000
  /// Every record is synced before the reply, and kernel pages are dropped at once.
  package var isTrailStrict = false
  /// The group that may read the trail folder; nil leaves it to the daemon's account.
  package var trailGroup: String?
  /// Records a second for one user; beyond it that user waits.
  package var recordRatePerUser = 100_000
  /// Where checkpoint heads go as well: `syslog`, `folder:/path`.
  package var anchors: [String] = []
  /// Where every record goes as well, in the clear.
  package var recordSinks: [String] = []
  /// Who may sign the certificates of syslog daemons that are reached by TLS; nil for the system's.
  package var tlsAuthorities: String?
  /// The one user of a private mount; nil is a shared one.
  package var privateUser: String?
  /// Whether users other than the mounter may come in. A private mount never lets them.
  package var allowsOthers = true
  /// How long a user's groups are remembered.
  package var identityCacheNanoseconds: Int64 = 5_000_000_000
  package var logLevel = "info"
  /// `stderr`, `syslog` or `file:/path`.
  package var logTarget = "syslog"
  package var syslogIdentifier = "strongroom"
  /// Where the secret is read that unlocks the vault; nil asks, or takes a systemd credential.
  package var passphraseFile: String?
  package var keyFile: String?

  package init() {}

  /// Whether others are let in, all settings taken together.
  package var isShared: Bool { allowsOthers && privateUser == nil }

  /// All settings as they are in force, for the MOUNT record and for the process that mounts; `init(effective:)` reads them.
  package var effective: [String: String] {
    Dictionary(uniqueKeysWithValues: MountSetting.all.map { ($0.name, $0.show(self)) })
  }

  /// - Throws: as for a file, with `place` in place of file and line.
  package init(effective: [String: String], place: String) throws(CommandFailure) {
    for (name, value) in effective.sorted(by: { $0.key < $1.key }) where value != "" {
      let setting = try MountSetting.named(name, place: place)
      for part in setting.parts(value) { try setting.apply(part, to: &self, place: place) }
    }
    try check(place: place)
  }

  /// What no single setting can know.
  package func check(place: String) throws(CommandFailure) {
    if passphraseFile != nil, keyFile != nil {
      throw CommandFailure(.usage, .configConflict, ["place": place, "name": "passphrase-file", "other": "key-file"])
    }
  }

  /// As a configuration file, with what each setting means.
  package func yaml(language: Language) -> String {
    MountSetting.all.map { setting in
      let value = setting.show(self)
      let line =
        switch setting.kind {
        case .list where value.isEmpty: "\(setting.name): []"
        case .list: "\(setting.name): [\(value)]"
        default: value.isEmpty ? "# \(setting.name):" : "\(setting.name): \(value)"
        }
      return "# \(setting.help.texts.text(in: language))\n\(line)\n"
    }.joined(separator: "\n")
  }
}
