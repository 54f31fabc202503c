import Control
import Foundation
import Platform
import Sodium
import TestKit
import Testing

@testable import StrongroomCLI

/// Starts a shell as the child; descriptor 3 is its socket.
private func launch(_ script: String, plan: String = "plan", secret: String = "secret") throws -> DaemonLauncher.Outcome {
  let content = Array(secret.utf8)
  let secret = try SecretBytes(count: content.count) { $0.copyBytes(from: content) }
  return try DaemonLauncher.launch(
    program: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"], plan: Array(plan.utf8),
    secret: secret)
}

/// An empty frame: ready.
private let ready = #"printf '\000\000\000\000' >&3"#

private func reap(_ outcome: DaemonLauncher.Outcome) {
  if case .ready(let pid) = outcome { waitpid(pid, nil, 0) }
}

@Test func thePayloadArrivesAndNothingElseDoes() throws {
  let folder = TemporaryFolder()
  let out = folder.path + "/out"
  let outcome = try launch(
    """
    head -c 18 <&3 | od -An -tx1 -v | tr -d ' \\n' > \(out).payload
    ls -l /proc/self/fd > \(out).fds
    tr '\\0' '\\n' < /proc/$$/environ > \(out).environment
    cut -d' ' -f6 /proc/$$/stat > \(out).session
    echo $$ > \(out).pid
    \(ready)
    """)
  guard case .ready(let pid) = outcome else {
    Issue.record("\(outcome)")
    return
  }
  waitpid(pid, nil, 0)
  func read(_ name: String) throws -> String {
    try String(contentsOfFile: "\(out).\(name)", encoding: .utf8).trimmingWhitespace
  }
  // u32 4 "plan", u32 6 "secret"
  #expect(try read("payload") == "04000000706c616e06000000736563726574")
  // 0, 2 and 3 as given, 1 is the redirection, 4 the folder that ls reads (another number where its shell keeps one)
  let descriptors = try read("fds").split(separator: "\n").dropFirst()
  #expect(descriptors.count { $0.contains("/dev/null") } == 2)
  #expect(descriptors.count { $0.contains("socket:") } == 1)
  #expect(descriptors.count == 5)
  #expect(
    try read("environment").split(separator: "\n").allSatisfy {
      $0.hasPrefix("PATH=") || $0.hasPrefix("PWD=") || $0.hasPrefix("_=")
    })
  #expect(try read("session") == String(pid))
  #expect(try read("pid") == String(pid))
}

@Test func aFailureComesBackWithItsTextAndCode() throws {
  let failure = CommandFailure(.wrongSecret, .wrongSecret)
  let frame = ControlFrame.failure(ControlFailure(failure)).encode()
  let bytes = withUnsafeBytes(of: UInt32(frame.count).littleEndian) { Array($0) } + frame
  let octal = bytes.map { "\\0" + String($0, radix: 8) }.joined()
  let outcome = try launch("printf '%b' '\(octal)' >&3; exit 12")
  guard case .failed(let answer) = outcome else {
    Issue.record("\(outcome)")
    return
  }
  #expect(CommandFailure(answer) == failure)
}

@Test(arguments: [
  ("exit 0", "exit 0"), ("exit 7", "exit 7"), ("kill -KILL $$", "signal 9"),
  (#"printf '\004\000\000\000' >&3; exit 1"#, "exit 1"),
])
func aChildThatSaysNothingHasDied(_ script: String, _ reason: String) throws {
  #expect(try launch(script) == .died(reason: reason))
}

@Test func aChildThatDoesNotTakeALargePayloadDoesNotHoldTheLauncher() throws {
  let plan = String(repeating: "x", count: 1 << 20)
  #expect(try launch("exit 3", plan: plan) == .died(reason: "exit 3"))
}

@Test func whatCannotBeStartedIsSaid() throws {
  let secret = try SecretBytes.random(count: 1)
  #expect(throws: SystemError("posix_spawn", ENOENT)) {
    _ = try DaemonLauncher.launch(program: "/nonexistent", arguments: ["x"], environment: [], plan: [], secret: secret)
  }
}

@Test func theDescriptorsOfThisProcessAreGivenBack() throws {
  func count() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
  reap(try launch(ready))
  // Other tests open and close at the same time; a leak of each launch would show in any case.
  let before = try count()
  for _ in 0..<40 { reap(try launch(ready)) }
  #expect(try count() < before + 40)
}

/// Both ends of the launcher's socket in this process.
private func pair() -> (LaunchChannel, Int32) {
  var ends: [Int32] = [0, 0]
  precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
  return (LaunchChannel(adopting: ends[0]), ends[1])
}

@Test func theChildTakesPlanAndSecretAndAnswers() throws {
  let (parent, end) = pair()
  try parent.send(Array("计划".utf8))
  try parent.send(try SecretBytes(count: 32) { $0.initializeMemory(as: UInt8.self, repeating: 7) })
  let child = try DaemonChild(descriptor: end)
  #expect(child.plan == Array("计划".utf8))
  #expect(child.secret.withUnsafeBytes { $0.elementsEqual([UInt8](repeating: 7, count: 32)) })
  #expect(fcntl(end, F_GETFD) & FD_CLOEXEC != 0)
  let isHeard = child.reportReady()
  #expect(isHeard)
  #expect(try parent.receive(limit: 100) == [])
  #expect(try parent.receive(limit: 100) == nil)
}

@Test func theChildSaysWhyItFailed() throws {
  let (parent, end) = pair()
  try parent.send([1])
  try parent.send(try SecretBytes.random(count: 1))
  try DaemonChild(descriptor: end).report(CommandFailure(.inUse, .alreadyMounted))
  let answer = try #require(try parent.receive(limit: 1 << 20))
  #expect(try ControlFrame(parsing: answer) == .failure(ControlFailure(.inUse, .alreadyMounted)))
}

@Test func theChildNoticesThatNobodyWaits() throws {
  var (parent, end): (LaunchChannel?, Int32) = pair()
  try parent?.send([1])
  try parent?.send(try SecretBytes.random(count: 1))
  let child = try DaemonChild(descriptor: end)
  parent = nil
  let isHeard = child.reportReady()
  #expect(!isHeard)
}

@Test func whoStartsTheDaemonByHandIsTold() {
  #expect(throws: CommandFailure(.usage, .launchDamaged)) { _ = try DaemonChild(descriptor: 1000) }
  let (parent, end) = pair()
  try? parent.send([1])
  #expect(throws: CommandFailure(.usage, .launchDamaged)) {
    _ = Unmanaged.passUnretained(parent)
    shutdown(end, Int32(SHUT_RD))
    _ = try DaemonChild(descriptor: end)
  }
}

@Test func theServiceManagerIsTold() throws {
  let folder = TemporaryFolder()
  for name in [folder.path + "/notify", "@strongroom-test-\(getpid())"] {
    let listener = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    if bytes[0] == 0x40 { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(2 + bytes.count)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) }
    }
    #expect(bound == 0)
    #expect(ServiceNotification.send([ServiceNotification.ready, "MAINPID=7"], environment: ["NOTIFY_SOCKET": name]))
    var message = [UInt8](repeating: 0, count: 100)
    let count = recv(listener, &message, message.count, Int32(MSG_DONTWAIT))
    #expect(String(decoding: message.prefix(max(count, 0)), as: UTF8.self) == "READY=1\nMAINPID=7")
  }
  #expect(!ServiceNotification.send(["READY=1"], environment: [:]))
  #expect(!ServiceNotification.send(["READY=1"], environment: ["NOTIFY_SOCKET": "relative"]))
  #expect(!ServiceNotification.send(["READY=1"], environment: ["NOTIFY_SOCKET": folder.path + "/nobody"]))
}
