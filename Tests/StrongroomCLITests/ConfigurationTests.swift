import ArgumentParser
import Foundation
import TestKit
import Testing

@testable import StrongroomCLI

private func parse(_ text: String) throws(CommandFailure) -> MountConfiguration {
  var configuration = MountConfiguration()
  try ConfigurationFile.parse(text, name: "staff.yaml", into: &configuration)
  return configuration
}

@Test func aFileSetsWhatItNames() throws {
  let configuration = try parse(
    """
    # comment
    workers: 3
    page-cache: 128MiB
    "commit-interval": '250ms'
    strict-trail: true
    anchors: [syslog, "folder:/mnt/锚"]
    log-level: warning
    """)
  var expected = MountConfiguration()
  expected.workerCount = 3
  expected.pageCacheByteCount = 128 << 20
  expected.commitIntervalNanoseconds = 250_000_000
  expected.isTrailStrict = true
  expected.anchors = ["syslog", "folder:/mnt/锚"]
  expected.logLevel = "warning"
  #expect(configuration == expected)
}

@Test(arguments: ["", "\n", "# nothing\n", "---\n", "{}"])
func aFileMaySetNothing(_ text: String) throws { #expect(try parse(text) == MountConfiguration()) }

@Test(
  arguments: [
    ("# a\nworkrs: 3", "config-unknown", "staff.yaml:2: unknown setting 'workrs'"),
    ("zebra: 3", "config-unknown", "staff.yaml:1: unknown setting 'zebra'"),
    ("poll: 1ms\n\nworkers: many", "config-bad-count", "staff.yaml:3: 'workers' is 'many', expected a whole number from 0 to 64"),
    ("workers: 65", "config-bad-count", "staff.yaml:1: 'workers' is '65', expected a whole number from 0 to 64"),
    ("workers: -1", "config-bad-count", "staff.yaml:1: 'workers' is '-1', expected a whole number from 0 to 64"),
    ("workers: 0x3", "config-bad-count", "staff.yaml:1: 'workers' is '0x3', expected a whole number from 0 to 64"),
    ("poll: 1s", "config-bad-duration", "staff.yaml:1: 'poll' is '1s', expected a duration from 0 to 10ms"),
    ("commit-interval: 5", "config-bad-duration", "staff.yaml:1: 'commit-interval' is '5', expected a duration from 10ms to 1m"),
    ("page-cache: 4KiB", "config-bad-size", "staff.yaml:1: 'page-cache' is '4KiB', expected a size from 1MiB to 64GiB"),
    ("strict-trail: yes", "config-bad-flag", "staff.yaml:1: 'strict-trail' is 'yes', expected true or false"),
    (
      "log-level: loud", "config-bad-word",
      "staff.yaml:1: 'log-level' is 'loud', expected one of: debug, info, notice, warning, error"
    ),
    (
      "anchors: [syslog, ftp]", "config-bad-text",
      "staff.yaml:1: 'anchors' is 'ftp', expected syslog, syslog:unix:/path, syslog:tcp:HOST:PORT, syslog:tls:HOST:PORT or folder:/path"
    ),
    (
      "anchors:\n  - syslog\n  - syslog", "config-bad-text",
      "staff.yaml:3: 'anchors' is 'syslog', expected syslog, syslog:unix:/path, syslog:tcp:HOST:PORT, syslog:tls:HOST:PORT or folder:/path"
    ),
    ("user: a:b", "config-bad-text", "staff.yaml:1: 'user' is 'a:b', expected a user's name"),
    ("key-file: k", "config-bad-text", "staff.yaml:1: 'key-file' is 'k', expected an absolute path"),
    ("workers: [1]", "config-not-a-value", "staff.yaml:1: 'workers' needs a single value"),
    ("workers:\n  count: 1", "config-not-a-value", "staff.yaml:2: 'workers' needs a single value"),
    ("anchors:\n  - [syslog]", "config-not-a-value", "staff.yaml:2: 'anchors' needs a single value"),
    ("workers: 1\nworkers: 2", "config-repeated", "staff.yaml:2: 'workers' is given twice"),
    ("- workers", "config-not-a-mapping", "staff.yaml:1: expected lines of 'name: value'"),
    ("workers", "config-not-a-mapping", "staff.yaml:1: expected lines of 'name: value'"),
    ("[a]: 1", "config-not-a-mapping", "staff.yaml:1: expected lines of 'name: value'"),
    ("workers: 1\n---\nworkers: 2", "config-syntax", nil), ("a: [", "config-syntax", nil), ("a: 'b", "config-syntax", nil),
    ("\tworkers: 1", "config-syntax", nil),
    ("workers:", "config-bad-count", "staff.yaml:1: 'workers' is '', expected a whole number from 0 to 64"),
    (
      "passphrase-file: /a\nkey-file: /b", "config-conflict",
      "staff.yaml: 'passphrase-file' and 'key-file' cannot be used together"
    ),
  ] as [(String, String, String?)])
func whatIsWrongIsRefusedWithFileAndLine(_ text: String, _ code: String, _ message: String?) {
  do throws(CommandFailure) {
    _ = try parse(text)
    Issue.record("accepted: \(text)")
  } catch {
    #expect(error.exitCode == .usage)
    #expect(error.code == code)
    let shown = error.message.text(in: .english)
    if let message { #expect(shown == message) } else { #expect(shown.hasPrefix("staff.yaml:"), "\(shown)") }
  }
}

@Test func theNearestNameIsSuggested() {
  #expect(
    throws: CommandFailure(
      .usage, .configUnknown, ["place": "-o", "name": "strict-trial", "suggestion": "strict-trail"], hint: .didYouMean)
  ) {
    try MountSetting.named("strict-trial", place: "-o")
  }
  #expect(throws: CommandFailure(.usage, .configUnknown, ["place": "-o", "name": "colour"], hint: .settings)) {
    try MountSetting.named("colour", place: "-o")
  }
}

@Test func everyBoundIsItselfAllowed() throws {
  for setting in MountSetting.all {
    let values: [String] =
      switch setting.kind {
      case .count(let range): [String(range.lowerBound), String(range.upperBound)]
      case .duration(let range): [TimeSpan.shown(range.lowerBound), TimeSpan.shown(range.upperBound)]
      case .size(let range): [ByteSize.shown(range.lowerBound), ByteSize.shown(range.upperBound)]
      case .flag: ["true", "false"]
      case .word(let words): words
      case .text, .list: []
      }
    for value in values {
      var configuration = MountConfiguration()
      try setting.apply(value, to: &configuration, place: "test")
      #expect(setting.show(configuration) == value, "\(setting.name)")
    }
  }
}

@Test func everyDefaultIsAValueOfItsSetting() throws {
  for setting in MountSetting.all {
    let text = setting.show(MountConfiguration())
    guard !text.isEmpty else { continue }
    var configuration = MountConfiguration()
    try setting.apply(text, to: &configuration, place: "test")
    #expect(configuration == MountConfiguration(), "\(setting.name)")
  }
}

@Test func namesAreUnique() { #expect(Set(MountSetting.all.map(\.name)).count == MountSetting.all.count) }

@Test func theEffectiveConfigurationComesBack() throws {
  var configuration = MountConfiguration()
  configuration.anchors = ["syslog", "folder:/b"]
  configuration.privateUser = "张伟"
  configuration.keyFile = "/etc/k"
  configuration.pollNanoseconds = 0
  #expect(try MountConfiguration(effective: configuration.effective, place: "mount") == configuration)
  #expect(configuration.effective.count == MountSetting.all.count)
  let plan = MountPlan(vault: "/nonexistent/v", mountpoint: "/nonexistent/../m", configuration: configuration)
  let same = try MountPlan(parsing: plan.encode())
  #expect(same == plan)
  #expect(same.vault == "/nonexistent/v" && same.mountpoint == "/m")
  #expect(try same.configuration() == configuration)
}

@Test func whatIsPrintedCanBeReadBack() throws {
  var configuration = MountConfiguration()
  configuration.anchors = ["syslog"]
  configuration.trailGroup = "review"
  for language in Language.allCases {
    #expect(try parse(configuration.yaml(language: language)) == configuration)
    #expect(try parse(MountConfiguration().yaml(language: language)) == MountConfiguration())
  }
}

@Test func aPrivateMountIsNeverShared() {
  var configuration = MountConfiguration()
  #expect(configuration.isShared)
  configuration.privateUser = "zhang"
  #expect(!configuration.isShared)
}

@Test func optionsWinOverTheFile() throws {
  let folder = TemporaryFolder()
  let file = folder.write("c.yaml", "workers: 3\nread-ahead: 64KiB\n")
  var configuration = MountConfiguration()
  try MountOptionList(parsing: ["workers=5,strict-trail", "config=\(file),anchors=syslog,anchors=folder:/a"]).apply(
    to: &configuration)
  #expect(configuration.workerCount == 5)
  #expect(configuration.readAheadByteCount == 64 << 10)
  #expect(configuration.isTrailStrict)
  #expect(configuration.anchors == ["syslog", "folder:/a"])
}

@Test(arguments: [
  ("ro", "unsupported-option"), ("suid", "unsupported-option"), ("frob", "bad-option"), ("user", "unsupported-option"),
])
func optionsThatCannotBeHonouredAreRefused(_ option: String, _ code: String) {
  do throws(CommandFailure) {
    _ = try MountOptionList(parsing: ["rw,nofail,x-systemd.requires=a.service,\(option)"])
    Issue.record("accepted: \(option)")
  } catch {
    #expect(error.code == code)
    #expect(error.exitCode == .usage)
  }
}

@Test func mountCallsItsHelperLikeThis() throws {
  let arguments = try MountHelperArguments(
    parsing: ["/srv/v", "/archive", "-s", "-v", "-o", "rw,nosuid,nodev,workers=2", "-t", "fuse.strongroom"])
  #expect(arguments.vault == "/srv/v" && arguments.mountpoint == "/archive")
  #expect(arguments.isVerbose && !arguments.isDryRun)
  #expect(arguments.options.settings.map(\.name) == ["workers"])
  #expect(try MountHelperArguments(parsing: ["-fn", "/v", "/m"]).isDryRun)
  for bad in [[], ["/v"], ["/v", "/m", "/x"], ["/v", "/m", "-o"], ["/v", "/m", "-z"], ["/v", "/m", "-N", "x"]] {
    #expect(throws: CommandFailure.self) { try MountHelperArguments(parsing: bad) }
  }
}

@Test func theMountCommandPutsItsSettingsTogether() throws {
  let folder = TemporaryFolder()
  let file = folder.write("c.yaml", "user: a\nworkers: 3\nkey-file: /etc/k\n")
  let command = try MountCommand.parse(
    ["/v", "/m", "--config", file, "-o", "workers=4", "-o", "poll=0", "--user", "zhang", "--passphrase-file", "-"])
  let configuration = try command.settings()
  #expect(configuration.privateUser == "zhang")
  #expect(configuration.workerCount == 4)
  #expect(configuration.pollNanoseconds == 0)
  #expect(configuration.passphraseFile == "-" && configuration.keyFile == nil)
}

// mount-configs/

private let examples = project + "/mount-configs"

@Test func everyExampleIsUnderstood() throws {
  let files = try FileManager.default.contentsOfDirectory(atPath: examples)
  let yaml = files.filter { $0.hasSuffix(".yaml") }
  #expect(yaml.count >= 3)
  for name in yaml {
    var configuration = MountConfiguration()
    try ConfigurationFile.read(examples + "/" + name, into: &configuration)
    #expect(configuration != MountConfiguration(), "\(name)")
  }
  // A file that is added here is looked at by one of these tests.
  #expect(Set(files).subtracting(yaml) == ["README.md", "fstab", "strongroom-staff.service"])
}

@Test func theLinesForFstabAreUnderstood() throws {
  let lines = try String(contentsOfFile: examples + "/fstab", encoding: .utf8).split(separator: "\n").filter {
    !$0.hasPrefix("#")
  }
  #expect(lines.count == 2)
  for line in lines {
    let fields = line.split(separator: " ").map { String($0) }
    #expect(fields.count == 6 && fields[2] == MountTable.type)
    let arguments = try MountHelperArguments(parsing: [fields[0], fields[1], "-o", fields[3]])
    let name = try #require(arguments.options.configurationFile?.split(separator: "/").last)
    let options = fields[3].replacingOccurrences(of: "/etc/strongroom/\(name)", with: "\(examples)/\(name)")
    var configuration = MountConfiguration()
    try MountOptionList(parsing: [options]).apply(to: &configuration)
    #expect(configuration.keyFile != nil)
  }
}

@Test func theUnitCallsCommandsThatExist() throws {
  let unit = try String(contentsOfFile: examples + "/strongroom-staff.service", encoding: .utf8)
  func words(_ key: String) throws -> [String] {
    let line = try #require(unit.split(separator: "\n").first { $0.hasPrefix(key + "=") })
    return line.dropFirst(key.count + 1).split(separator: " ").map { String($0) }
  }
  let start = try words("ExecStart")
  #expect(start[1] == "mount")
  let mount = try MountCommand.parse(Array(start.dropFirst(2)))
  #expect(mount.foreground && mount.mountpoint == "/archive")
  #expect(FileManager.default.fileExists(atPath: examples + "/" + (try #require(mount.config?.split(separator: "/").last))))
  let stop = try words("ExecStop")
  #expect(stop[1] == "unmount")
  #expect(try UnmountCommand.parse(Array(stop.dropFirst(2))).mountpoint == mount.mountpoint)
  #expect(unit.contains("LoadCredentialEncrypted=\(SecretSource.keyCredential):"))
  // These would hide the mount from the machine (README.md).
  for key in [
    "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateMounts", "ReadWritePaths", "ProtectKernelTunables", "PrivateDevices",
  ] {
    #expect(!unit.split(separator: "\n").contains { $0.hasPrefix(key + "=") }, "\(key)")
  }
}
