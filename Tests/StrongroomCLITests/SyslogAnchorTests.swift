import Foundation
import Glibc
import Platform
import TestKit
import Testing
import Trail
import VaultFormat

@testable import StrongroomCLI

@Test func syslogTargetsAreReadStrictly() {
  #expect(SyslogTarget("syslog:unix:/run/x") == .unix("/run/x"))
  #expect(SyslogTarget("syslog:tcp:collector.example:601") == .tcp(host: "collector.example", port: 601))
  #expect(SyslogTarget("syslog:tcp:[::1]:601") == .tcp(host: "::1", port: 601))
  #expect(SyslogTarget("syslog:tls:collector.example:6514") == .tls(host: "collector.example", port: 6514))
  for bad in [
    "syslog", "syslog:tls:host", "syslog:unix:x", "syslog:tcp:host", "syslog:tcp::1", "syslog:tcp:h:0", "syslog:tcp:h:70000",
    "syslog:udp:h:1",
  ] {
    #expect(SyslogTarget(bad) == nil, "\(bad)")
  }
}

@Test func messagesAreAsRFC5424HasThem() {
  #expect(
    SyslogConnection.message(
      priority: 85, kind: "checkpoint", "strongroom-anchor 1 x", wall: 1_780_000_000_123_456_789, host: "h", pid: 7)
      == "<85>1 2026-05-28T20:26:40.123456Z h strongroom 7 checkpoint - strongroom-anchor 1 x")
}

extension SyslogDaemon {
  fileprivate func eventually(_ condition: () -> Bool) throws {
    for _ in 0..<2_000 {
      if condition() { return }
      usleep(5_000)
    }
    Issue.record("rsyslog did not get there: \(lines)")
  }
}

@Suite(.serialized) struct SyslogAnchorTests {
  @Test(arguments: [true, false]) func rsyslogKeepsWhatVerifyComparesWith(_ isUnix: Bool) throws {
    let daemon = try SyslogDaemon()
    let fixture = try TrailFixture([])
    var settings = TrailSettings()
    settings.anchors = [
      SyslogAnchor(isUnix ? .unix(daemon.socketPath) : .tcp(host: "127.0.0.1", port: daemon.port))
    ]
    try fixture.write(TrailFixture.records, settings: settings)
    try fixture.write([], settings: settings)
    try daemon.eventually { daemon.lines.count == 4 }
    #expect(daemon.lines.allSatisfy { $0.contains("strongroom \(getpid()) checkpoint authpriv.notice strongroom-anchor 1 ") })
    let verify = ["log", "verify", fixture.trail, "--genesis", Hex.encode(fixture.genesis), "--anchor", daemon.output]
    let whole = run(verify)
    #expect(whole.code == .done, "\(whole.output)\(whole.errors)")
    // An older trail put back is told by what rsyslog has.
    unlink(fixture.segmentPath(3))
    #expect(run(verify).code == .trailBroken)
  }

  @Test func aDaemonThatIsGoneIsOnRecordAndInNobodysWay() throws {
    let daemon = try SyslogDaemon()
    let fixture = try TrailFixture([])
    var settings = TrailSettings()
    settings.activeCheckpointNanoseconds = 20_000_000
    settings.idleCheckpointNanoseconds = 20_000_000
    settings.anchors = [SyslogAnchor(.unix(daemon.socketPath))]
    let writer = try fixture.writer(settings)
    try daemon.eventually { daemon.lines.count >= 2 }
    daemon.stop()
    unlink(daemon.socketPath)
    try daemon.eventually { writer.status.anchorMissCount >= 3 }
    // Records are taken all the while.
    for record in TrailFixture.records { try writer.append(record) }
    try daemon.start()
    let before = daemon.lines.count
    try daemon.eventually { daemon.lines.count >= before + 2 }
    try writer.close()
    let alerts = fixture.log(["query", "--action", "ALERT", "--json"]).output.split(separator: "\n").dropLast()
    #expect(alerts.count == 2)
    #expect(alerts.first?.contains(#""kind":"anchor-missed""#) == true)
    #expect(alerts.last?.contains(#""kind":"anchors-resumed""#) == true)
    // What did reach it still fits.
    let verified = run(["log", "verify", fixture.trail, "--genesis", Hex.encode(fixture.genesis), "--anchor", daemon.output])
    #expect(verified.code == .done || verified.code == .findings, "\(verified.output)\(verified.errors)")
  }

  enum Way: CaseIterable, Sendable { case unix, tcp, tls }

  /// Records of two documents, one of them with a name that an attacker chose, to a daemon from Debian.
  @Test(arguments: Way.allCases) func rsyslogIsGivenTheRecordsAsTheTrailHoldsThem(_ way: Way) throws {
    let daemon = try SyslogDaemon(isTLS: way == .tls)
    let fixture = try TrailFixture([])
    var settings = TrailSettings()
    let target: SyslogTarget =
      switch way {
      case .unix: .unix(daemon.socketPath)
      case .tcp: .tcp(host: "127.0.0.1", port: daemon.port)
      case .tls: .tls(host: "localhost", port: daemon.port)
      }
    settings.sinks = [SyslogSink(target, authorities: daemon.authority)]
    try fixture.write(TrailFixture.records, settings: settings)
    let expected = fixture.log(["query", "--raw", "--json"]).output.split(separator: "\n").dropLast()
    try daemon.eventually { daemon.lines.count == expected.count }
    #expect(expected.count >= TrailFixture.records.count)
    let told = daemon.lines.map { $0[($0.firstIndex(of: "{") ?? $0.startIndex)...] }
    #expect(told == Array(expected))
    #expect(daemon.lines.allSatisfy { $0.contains("strongroom \(getpid()) record authpriv.") })
  }

  enum Wrong: CaseIterable, Sendable { case authority, name }

  @Test(arguments: Wrong.allCases) func aDaemonThatIsNotTheOneIsGivenNothingAndItIsOnRecord(_ wrong: Wrong) throws {
    let daemon = try SyslogDaemon(isTLS: true)
    let fixture = try TrailFixture([])
    var settings = TrailSettings()
    let host = wrong == .name ? "127.0.0.1" : "localhost"
    let authorities = wrong == .authority ? daemon.folder.path + "/other.pem" : daemon.authority
    // So long does the end wait for a place that takes nothing.
    settings.patienceNanoseconds = 1_000_000_000
    settings.sinks = [SyslogSink(.tls(host: host, port: daemon.port), authorities: authorities)]
    try fixture.write(TrailFixture.records, settings: settings)
    #expect(daemon.lines.isEmpty)
    let alerts = fixture.log(["query", "--action", "ALERT", "--json"]).output
    #expect(alerts.contains("the server's certificate is not trusted"), "\(alerts)")
    #expect(alerts.contains(#""kind":"records-not-forwarded""#), "\(alerts)")
  }

  @Test func recordsGoOnWhenTheDaemonIsBack() throws {
    let daemon = try SyslogDaemon(isTLS: true)
    let fixture = try TrailFixture([])
    var settings = TrailSettings()
    settings.retryNanoseconds = 20_000_000
    settings.sinks = [SyslogSink(.tls(host: "localhost", port: daemon.port), authorities: daemon.authority)]
    let writer = try fixture.writer(settings)
    try writer.append(TrailFixture.records[0])
    try daemon.eventually { daemon.lines.count == 1 }
    daemon.stop()
    // More than one, so that the end of the connection is met while it is down.
    for record in TrailFixture.records {
      try writer.append(record)
      try writer.sync()
      usleep(20_000)
    }
    try daemon.eventually { fixture.log(["query", "--action", "ALERT", "--json"]).output.contains("forwarding-failed") }
    try daemon.start()
    try daemon.eventually { fixture.log(["query", "--action", "ALERT", "--json"]).output.contains("forwarding-resumed") }
    try writer.close()
    try daemon.eventually { daemon.lines.last?.contains("forwarding-resumed") == true }
  }

  @Test func aFolderIsGivenTheRecordsAsLines() throws {
    let fixture = try TrailFixture([])
    let folder = TemporaryFolder()
    var settings = TrailSettings()
    settings.sinks = [FileSink(path: folder.path + "/records")]
    try fixture.write(TrailFixture.records, settings: settings)
    let expected = fixture.log(["query", "--raw", "--json"]).output.split(separator: "\n").dropLast()
    let lines = try String(contentsOfFile: folder.path + "/records", encoding: .utf8).split(separator: "\n")
    #expect(lines == Array(expected))
  }
}
