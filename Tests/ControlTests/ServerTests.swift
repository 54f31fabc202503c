import Glibc
import Platform
import TestKit
import Testing
import VaultFormat

@testable import Control

/// Answers as the tests need it.
@Sendable private func answer(_ request: ControlRequest, _ peer: ControlPeer, _ replies: ControlReplies) throws(ControlFailure) {
  switch request {
  case .reviewerList:
    replies.send(.reviewers([ReviewerReport(label: "\(peer.uid)", publicKey: "\(peer.pid)", fingerprint: "\(peer.gid)")]))
  case .keyList:
    let slots = (0..<UInt64(1300)).map { KeySlotReport(number: $0, kind: "passphrase", label: "", created: nil) }
    replies.send(slots) { .keySlots($0) }
  case .accessWho:
    // Far more than a socket's buffer holds.
    while replies.send(
      .reviewers([ReviewerReport(label: String(repeating: "x", count: 100_000), publicKey: "", fingerprint: "")]))
    {}
  case .unmount:
    throw ControlFailure(code: "not-permitted", arguments: ["path": "/张伟"], hint: "ask-administrator", exitCode: 4)
  default:
    break
  }
}

/// A server in a fresh folder, stopped at the end.
private final class Fixture {
  let folder = TemporaryFolder()
  let address: ControlAddress
  let server: ControlServer

  init(_ change: (inout ControlLimits) -> Void = { _ in }) throws {
    var limits = ControlLimits()
    change(&limits)
    address = ControlAddress(folder: folder.path + "/strongroom", vault: ID128(high: 1, low: 2))
    server = try ControlServer(at: address, limits: limits, handler: answer)
  }

  deinit { server.stop() }

  func client() throws -> ControlClient { try ControlClient(at: address, owners: [geteuid()]) }

  /// A connection that keeps to no rules.
  func raw() throws -> ControlChannel {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try address.withSocketAddress { (name, length) throws(ControlError) in #expect(connect(descriptor, name, length) == 0) }
    return ControlChannel(adopting: descriptor)
  }

  /// Waits until the server holds so many connections.
  func settle(at count: Int) {
    for _ in 0..<2_000 where server.connectionCount != count { usleep(5_000) }
    #expect(server.connectionCount == count)
  }
}

private func labels(_ client: ControlClient) throws -> [String] {
  var labels: [String] = []
  try client.ask(.reviewerList) { if case .reviewers(let reviewers) = $0 { labels += reviewers.map(\.label) } }
  return labels
}

@Suite struct ServerTests {
  @Test func thePeerIsWhoTheKernelSays() throws {
    let fixture = try Fixture()
    let client = try fixture.client()
    #expect(client.server == ControlPeer(uid: geteuid(), gid: getegid(), pid: getpid()))
    var answers: [ControlResponse] = []
    try client.ask(.reviewerList) { answers.append($0) }
    #expect(
      answers == [.reviewers([ReviewerReport(label: "\(geteuid())", publicKey: "\(getpid())", fingerprint: "\(getegid())")])])
  }

  @Test func anyoneMayConnectAndOnlyTheOwnerMayChangeTheFolder() throws {
    let fixture = try Fixture()
    var status = stat()
    #expect(lstat(fixture.address.path, &status) == 0 && status.st_mode & 0o777 == 0o666)
    #expect(lstat(fixture.address.folder, &status) == 0 && status.st_mode & 0o777 == 0o755)
  }

  @Test func oneConnectionCarriesManyRequestsAndRefusalsBetween() throws {
    let fixture = try Fixture()
    let client = try fixture.client()
    for _ in 0..<100 { #expect(try labels(client) == ["\(geteuid())"]) }
    #expect(
      throws: ControlError.refused(
        ControlFailure(code: "not-permitted", arguments: ["path": "/张伟"], hint: "ask-administrator", exitCode: 4))
    ) {
      try client.ask(.unmount) { _ in }
    }
    #expect(try labels(client).count == 1)
  }

  @Test func aLongListComesInPieces() throws {
    let fixture = try Fixture()
    var pieces: [Int] = []
    var numbers: [UInt64] = []
    try fixture.client().ask(.keyList) {
      guard case .keySlots(let slots) = $0 else { return }
      pieces.append(slots.count)
      numbers += slots.map(\.number)
    }
    #expect(pieces == [512, 512, 276])
    #expect(numbers == Array(0..<1300))
  }

  @Test func anUnknownKindIsAnsweredAndTheConnectionGoesOn() throws {
    let fixture = try Fixture()
    let channel = try fixture.raw()
    for text in [
      #"{"version":1,"request":{"kind":"brew-tea"}}"#, #"{"version":9,"request":{}}"#,
      #"{"version":1,"request":{"kind":"status"}}"#,
    ] {
      try channel.send(Array(text.utf8), limit: 1 << 20, milliseconds: 5_000)
    }
    var frames: [ControlFrame] = []
    for _ in 0..<3 {
      frames.append(try ControlFrame(parsing: try #require(try channel.receive(limit: 1 << 20, milliseconds: 5_000))))
    }
    #expect(frames == [.failure(.unknownRequest("brew-tea")), .failure(.newerVersion(9)), .end])
  }

  @Test(arguments: ["", "{", #"{"version":1,"end":true}"#, String(repeating: "x", count: 70_000)])
  func bytesThatAreNoRequestEndOnlyTheirOwnConnection(_ text: String) throws {
    let fixture = try Fixture()
    let other = try fixture.client()
    let channel = try fixture.raw()
    try channel.send(Array(text.utf8), limit: 1 << 20, milliseconds: 5_000)
    let answer = try #require(try channel.receive(limit: 1 << 20, milliseconds: 5_000))
    #expect(try ControlFrame(parsing: answer) == .failure(.malformed))
    #expect(try channel.receive(limit: 1 << 20, milliseconds: 5_000) == nil)
    #expect(try labels(other).count == 1)
  }

  @Test func anOversizedRequestIsRefusedBeforeItIsRead() throws {
    let fixture = try Fixture()
    let channel = try fixture.raw()
    var header = UInt32(1 << 20 + 1).littleEndian
    #expect(send(channel.descriptor, &header, 4, 0) == 4)
    let answer = try #require(try channel.receive(limit: 1 << 20, milliseconds: 5_000))
    #expect(try ControlFrame(parsing: answer) == .failure(.tooLarge))
    fixture.settle(at: 0)
  }

  @Test func aRequestOfExactlyTheLimitIsRead() throws {
    let fixture = try Fixture { $0.frameByteCountMax = 4096 }
    let channel = try fixture.raw()
    let text = #"{"version":1,"request":{"kind":"status"}"#
    try channel.send(
      Array((text + String(repeating: " ", count: 4095 - text.utf8.count) + "}").utf8), limit: 1 << 20, milliseconds: 5_000)
    let answer = try #require(try channel.receive(limit: 1 << 20, milliseconds: 5_000))
    #expect(try ControlFrame(parsing: answer) == .end)
  }

  @Test func slowAndSilentClientsAreDropped() throws {
    let fixture = try Fixture { $0.readDeadlineMilliseconds = 50 }
    let silent = try fixture.raw()
    let slow = try fixture.raw()
    var header = UInt32(100).littleEndian
    #expect(send(slow.descriptor, &header, 4, 0) == 4)
    #expect(try silent.receive(limit: 100, milliseconds: 10_000) == nil)
    #expect(try slow.receive(limit: 100, milliseconds: 10_000) == nil)
    fixture.settle(at: 0)
    #expect(try labels(fixture.client()).count == 1)
  }

  @Test func aClientThatDoesNotReadIsDropped() throws {
    let fixture = try Fixture { $0.writeDeadlineMilliseconds = 50 }
    let deaf = try fixture.raw()
    try deaf.send(ControlFrame.request(.accessWho(WhoRequest(path: .root))).encode(), limit: 1 << 20, milliseconds: 5_000)
    fixture.settle(at: 1)
    fixture.settle(at: 0)
    #expect(try labels(fixture.client()).count == 1)
  }

  @Test func oneUserMayHoldOnlySoMany() throws {
    let fixture = try Fixture { $0.connectionCountPerUserMax = 3 }
    let held = [try fixture.client(), try fixture.client(), try fixture.client()]
    for client in held { #expect(try labels(client).count == 1) }
    #expect(throws: ControlError.refused(.busy)) { try fixture.client().ask(.status) { _ in } }
    #expect(try labels(held[0]).count == 1)
  }

  @Test func aConnectionThatClosesMakesRoom() throws {
    let fixture = try Fixture { $0.connectionCountPerUserMax = 1 }
    for _ in 0..<20 {
      #expect(try labels(fixture.client()).count == 1)
      fixture.settle(at: 0)
    }
  }

  @Test func stoppingEndsWhatIsOpenAndRemovesTheSocket() throws {
    let folder = TemporaryFolder()
    let address = ControlAddress(folder: folder.path + "/s", vault: ID128(high: 1, low: 2))
    let server = try ControlServer(at: address, handler: answer)
    let client = try ControlClient(at: address, owners: [geteuid()])
    #expect(try labels(client).count == 1)
    server.stop()
    #expect(!Files.exists(address.path))
    #expect(throws: ControlError.self) { try client.ask(.status) { _ in } }
    #expect(throws: ControlError.notRunning) { try ControlClient(at: address, owners: [geteuid()]) }
  }

  @Test func aLiveSocketStaysAndAStaleOneIsReplaced() throws {
    let folder = TemporaryFolder()
    let address = ControlAddress(folder: folder.path, vault: ID128(high: 1, low: 2))
    let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try address.withSocketAddress { (name, length) throws(ControlError) in
      #expect(bind(stale, name, length) == 0 && listen(stale, 1) == 0)
    }
    #expect(throws: ControlError.alreadyRunning) { try ControlServer(at: address, handler: answer) }
    close(stale)
    #expect(Files.exists(address.path))
    #expect(throws: ControlError.notRunning) { try ControlClient(at: address, owners: [geteuid()]) }
    let server = try ControlServer(at: address, handler: answer)
    #expect(try labels(ControlClient(at: address, owners: [geteuid()])).count == 1)
    #expect(throws: ControlError.alreadyRunning) { try ControlServer(at: address, handler: answer) }
    #expect(try labels(ControlClient(at: address, owners: [geteuid()])).count == 1)
    server.stop()
  }

  @Test func aFolderOrServerOfSomeoneElseIsNotTrusted() throws {
    let fixture = try Fixture()
    let own = geteuid()
    #expect(throws: ControlError.foreignOwner(uid: own)) { try ControlClient(at: fixture.address, owners: [own + 1]) }
    let shared = TemporaryFolder()
    chmod(shared.path, 0o777)
    let address = ControlAddress(folder: shared.path, vault: ID128(high: 1, low: 2))
    #expect(throws: ControlError.foreignOwner(uid: own)) { try ControlServer(at: address, handler: answer) }
    #expect(symlink(fixture.address.folder, shared.path + "/link") == 0)
    let linked = ControlAddress(folder: shared.path + "/link", vault: ID128(high: 1, low: 2))
    #expect(throws: ControlError.system(SystemError("lstat", ENOTDIR))) { try ControlClient(at: linked, owners: [own]) }
  }

  @Test func theNextPlaceIsTriedWhereNobodyListens() throws {
    let fixture = try Fixture()
    let missing = ControlAddress(folder: fixture.folder.path + "/missing", vault: fixture.address.vault)
    let client = try ControlClient(trying: [missing, fixture.address], mounter: geteuid())
    #expect(try labels(client).count == 1)
    #expect(throws: ControlError.notRunning) { try ControlClient(trying: [missing], mounter: geteuid()) }
  }

  @Test func aPathThatDoesNotFitIsRefused() throws {
    let folder = TemporaryFolder()
    let address = ControlAddress(folder: folder.path + "/" + String(repeating: "x", count: 90), vault: ID128(high: 1, low: 2))
    #expect(throws: ControlError.pathTooLong) { try ControlServer(at: address, handler: answer) }
  }
}

@Test func theSocketLiesWhereTheMounterCanMakeIt() {
  #expect(ControlAddress.serverFolder(uid: 0, environment: ["XDG_RUNTIME_DIR": "/run/user/0"]) == "/run/strongroom")
  #expect(
    ControlAddress.serverFolder(uid: 1000, environment: ["XDG_RUNTIME_DIR": "/run/user/1000"]) == "/run/user/1000/strongroom")
  #expect(ControlAddress.serverFolder(uid: 1000, environment: [:]) == "/tmp/strongroom-1000")
  #expect(ControlAddress.serverFolder(uid: 1000, environment: ["XDG_RUNTIME_DIR": "relative"]) == "/tmp/strongroom-1000")
  #expect(
    ControlAddress.serverFolder(uid: 990, environment: ["RUNTIME_DIRECTORY": "/run/strongroom:/run/x"]) == "/run/strongroom")
  let vault = ID128(high: 0, low: 1)
  let own = ControlAddress.candidates(vault: vault, mounter: 1000, caller: 1000, environment: ["XDG_RUNTIME_DIR": "/x"])
  #expect(own.map(\.folder) == ["/run/strongroom", "/x/strongroom", "/run/user/1000/strongroom", "/tmp/strongroom-1000"])
  let others = ControlAddress.candidates(vault: vault, mounter: 1000, caller: 5, environment: ["XDG_RUNTIME_DIR": "/x"])
  #expect(others.map(\.folder) == ["/run/strongroom", "/run/user/1000/strongroom", "/tmp/strongroom-1000"])
  #expect(others[0].path == "/run/strongroom/00000000000000000000000000000001.sock")
  #expect(ControlAddress.candidates(vault: vault, mounter: 0, caller: 0, environment: [:]).map(\.folder) == ["/run/strongroom"])
}
