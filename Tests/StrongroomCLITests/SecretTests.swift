import Foundation
import Platform
import Sodium
import TestKit
import Testing

@testable import StrongroomCLI

/// The reading end of a pipe that holds `content` and then ends.
private func pipe(of content: [UInt8]) -> Int32 {
  var ends: [Int32] = [0, 0]
  precondition(pipe(&ends) == 0)
  precondition(write(ends[1], content, content.count) == content.count)
  close(ends[1])
  return ends[0]
}

private func text(_ secret: borrowing SecretBytes) -> String { secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

private func line(from descriptor: Int32) throws -> String {
  let secret = try SecretReader.line(from: descriptor)
  return text(secret)
}

@Test(arguments: [("abc\n", "abc"), ("abc", "abc"), ("abc\r\n", "abc"), ("\n", ""), ("口令 一二\nrest", "口令 一二"), ("a b \n", "a b ")])
func aLineIsReadWithoutItsEnd(_ content: String, _ expected: String) throws {
  let input = pipe(of: Array(content.utf8))
  defer { close(input) }
  #expect(try line(from: input) == expected)
}

@Test func theNextLineIsStillThere() throws {
  let input = pipe(of: Array("old\nnew\n".utf8))
  defer { close(input) }
  #expect(try line(from: input) == "old")
  #expect(try line(from: input) == "new")
  #expect(throws: SecretReader.Failure.empty) { try line(from: input) }
}

@Test func aLineHasALimit() throws {
  let longest = [UInt8](repeating: 0x61, count: SecretReader.passphraseByteCountMax)
  for end in ["", "\n", "\r\n"] {
    let input = pipe(of: longest + Array(end.utf8))
    defer { close(input) }
    #expect(try line(from: input).utf8.count == longest.count)
    let longer = pipe(of: longest + [0x61] + Array(end.utf8))
    defer { close(longer) }
    #expect(throws: SecretReader.Failure.tooLong) { try line(from: longer) }
  }
}

@Test func exactlyMeansExactly() throws {
  let input = pipe(of: Array("abcdef".utf8))
  defer { close(input) }
  let secret = try SecretReader.exactly(4, from: input)
  #expect(text(secret) == "abcd")
  #expect(throws: SecretReader.Failure.empty) { _ = try SecretReader.exactly(4, from: input) }
}

@Test func secretsAreLookedForInOrder() throws {
  let folder = TemporaryFolder()
  let environment = ["CREDENTIALS_DIRECTORY": folder.path]
  func choose(_ passphrase: String?, _ key: String?, terminal: Bool) throws -> SecretSource {
    try SecretSource.choose(passphraseFile: passphrase, keyFile: key, environment: environment, hasTerminal: terminal)
  }
  #expect(try choose(nil, nil, terminal: true) == .prompt)
  #expect(throws: CommandFailure(.usage, .noSecret, hint: .giveSecret)) { try choose(nil, nil, terminal: false) }
  folder.write("strongroom-passphrase", "x")
  #expect(try choose(nil, nil, terminal: true) == .passphraseFile(folder.path + "/strongroom-passphrase"))
  folder.write("strongroom-key", "x")
  #expect(try choose(nil, nil, terminal: false) == .keyFile(folder.path + "/strongroom-key"))
  #expect(try choose("-", nil, terminal: true) == .standardInput)
  #expect(try choose("/p", nil, terminal: true) == .passphraseFile("/p"))
  #expect(try choose(nil, "/k", terminal: true) == .keyFile("/k"))
}

private func failure(_ body: () throws(CommandFailure) -> Void) -> CommandFailure? {
  do throws(CommandFailure) {
    try body()
    return nil
  } catch {
    return error
  }
}

private let prompt = Message(ReportText.passphrase)

@Test func filesGiveTheirFirstLineOrTheirWholeContent() throws {
  let folder = TemporaryFolder()
  let passphrase = folder.write("p", "correct horse\nsecond line\n")
  switch try SecretSource.passphraseFile(passphrase).read(prompt: prompt) {
  case .passphrase(let bytes): #expect(text(bytes) == "correct horse")
  case .keyFile: Issue.record("a passphrase file gave a key")
  }
  let key = folder.write("k", String(repeating: "k", count: 31) + "\n")
  switch try SecretSource.keyFile(key).read(prompt: prompt) {
  case .passphrase: Issue.record("a key file gave a passphrase")
  case .keyFile(let bytes): #expect(bytes.count == 32)
  }
}

@Test func filesThatGiveNoSecretSayWhy() {
  let folder = TemporaryFolder()
  func code(_ source: SecretSource) -> (String?, ExitCode?) {
    let failure = failure { () throws(CommandFailure) in _ = try source.read(prompt: prompt) }
    return (failure?.code, failure?.exitCode)
  }
  #expect(code(.passphraseFile(folder.path + "/none")) == ("unreadable", .error))
  #expect(code(.passphraseFile(folder.write("a", ""))) == ("passphrase-empty", .usage))
  #expect(code(.passphraseFile(folder.write("b", "\n"))) == ("passphrase-empty", .usage))
  #expect(code(.passphraseFile(folder.write("c", String(repeating: "x", count: 1025)))) == ("passphrase-too-long", .usage))
  #expect(code(.keyFile(folder.write("d", String(repeating: "x", count: 31)))) == ("key-file-size", .wrongSecret))
  #expect(code(.keyFile(folder.write("e", String(repeating: "x", count: 65_537)))) == ("key-file-size", .wrongSecret))
  #expect(code(.keyFile(folder.write("f", ""))) == ("key-file-size", .wrongSecret))
  #expect(code(.keyFile(folder.write("g", String(repeating: "x", count: 65_536)))) == (nil, nil))
}

@Test(arguments: [("1234567", 7), ("一二三四五六七", 7), ("é234567", 7)])
func newPassphrasesMustBeLongEnough(_ passphrase: String, _ count: Int) {
  let folder = TemporaryFolder()
  let source = SecretSource.passphraseFile(folder.write("p", passphrase))
  let expected = CommandFailure(.usage, .passphraseTooShort, ["count": "\(count)", "min": "8"], hint: .longerPassphrase)
  #expect(failure { () throws(CommandFailure) in _ = try source.readNew(prompt: prompt, again: prompt) } == expected)
}

@Test func eightCharactersAreEnough() throws {
  let folder = TemporaryFolder()
  let secret = try SecretSource.passphraseFile(folder.write("p", "一二三四五六七八")).readNew(prompt: prompt, again: prompt)
  #expect(text(secret) == "一二三四五六七八")
}

@Test func theEchoIsTurnedOffAndBack() throws {
  // What posix_openpt, grantpt, unlockpt and ptsname do (pts(4), ioctl_tty(2)); Swift's Glibc lacks them.
  let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
  try #require(master >= 0)
  defer { close(master) }
  var locked: Int32 = 0
  var number: Int32 = 0
  try #require(ioctl(master, 0x4004_5431, &locked) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
  let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
  try #require(terminal >= 0)
  defer { close(terminal) }
  func echoes() -> Bool {
    var mode = termios()
    tcgetattr(terminal, &mode)
    return mode.c_lflag & tcflag_t(ECHO) != 0
  }
  #expect(echoes())
  #expect(Echo.turnOff(on: terminal))
  #expect(!echoes())
  Echo.restore()
  #expect(echoes())
}
