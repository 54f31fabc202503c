import Testing

@testable import StrongroomCLI

@Test(arguments: [
  ("", 0), ("abc", 3), ("张伟", 4), ("合同 A", 6), ("ｱ", 1), ("Ａ", 2), ("한국", 4), ("が", 2), ("e\u{301}", 1), ("か\u{3099}", 2),
  ("👍", 2), ("👍🏽", 2),
  ("👨‍👩‍👧", 2), ("🇨🇳", 2), ("❤\u{fe0f}", 2), ("❤", 1), ("☎", 1), ("é", 1), ("\u{200b}", 0), ("𠮷", 2), ("…", 1), ("“”", 2), ("，。", 4),
  ("\u{1100}\u{1161}", 2),
])
func widthsAreThoseOfATerminal(_ text: String, _ width: Int) { #expect(DisplayWidth.of(text) == width, "\(text)") }

@Test(arguments: [
  ("plain", "plain"), ("张伟 合同.pdf", "张伟 合同.pdf"), ("a\nb\tc\rd\u{1b}[31m", #"a\nb\tc\rd\e[31m"#),
  ("\u{0}\u{7f}\u{9b}", #"\u{0}\u{7F}\u{9B}"#),
  ("pdf\u{202e}exe", #"pdf\u{202E}exe"#), ("\u{2066}x\u{2069}", #"\u{2066}x\u{2069}"#), (#"a\b"#, #"a\\b"#),
  ("x\u{2028}y", #"x\u{2028}y"#), ("\u{feff}\u{200b}", #"\u{FEFF}\u{200B}"#),
  ("👨‍👩‍👧", "👨‍👩‍👧"), ("\u{e0041}", #"\u{E0041}"#), ("ﷺ", "ﷺ"),
])
func namesCannotSteerTheTerminal(_ name: String, _ shown: String) { #expect(Escaping.shown(name) == shown) }

@Test func bytesThatAreNotTextAreShown() {
  #expect(Escaping.shown([0x61, 0xff, 0xe5, 0xbc, 0xa0, 0xe5, 0x0a]) == #"a\xff张\xe5\n"#)
}

@Test func columnsLineUpWithWideCharacters() {
  var table = TextTable([("ID", .right), ("PATH", .left), ("WHY", .left)])
  table.add(["7", "/clients/张伟", "审计"])
  table.add(["812", "/c", "a\nb"])
  #expect(table.lines() == [" ID  PATH           WHY", "  7  /clients/张伟  审计", #"812  /c             a\nb"#])
}

@Test func quietVerboseAndJSON() {
  let message = Message(ReportText.grantRevoked, ["id": "7"])
  for (options, expected) in [
    (OutputOptions(), "grant 7 is revoked\n"), (OutputOptions(quiet: true), ""), (OutputOptions(json: true), ""),
    (OutputOptions(verbose: true), "grant 7 is revoked\ngrant 7 is revoked\n"),
  ] {
    let screen = Screen()
    let console = screen.console(options)
    console.note(message)
    console.detail(message)
    #expect(screen.errors == expected)
    #expect(screen.output == "")
  }
}

@Test func coloursAreOnlyAddedWhereTheyAreOn() {
  let screen = Screen()
  var console = screen.console()
  #expect(console.colour("x", .red, on: .output) == "x")
  console.outputColours = true
  #expect(console.colour("x", .red, on: .output) == "\u{1b}[31mx\u{1b}[0m")
  #expect(console.colour("x", .red, on: .error) == "x")
}

@Test func errorsAreOneLineAndOneHint() {
  let failure = CommandFailure(.noVault, .noVault, ["path": "/x"], hint: .givePath)
  let screen = Screen()
  screen.console().report(failure)
  #expect(
    screen.errors
      == "strongroom: error: there is no vault in '/x'\nstrongroom: hint: give a path inside a mount, or --vault DIR and a path in the vault such as /clients\n"
  )
  let json = Screen()
  json.console(OutputOptions(json: true)).report(CommandFailure(.wrongSecret, .wrongSecret))
  #expect(json.errors == #"{"error":{"code":"wrong-secret","exit":12,"message":"wrong passphrase or key"}}"# + "\n")
}
