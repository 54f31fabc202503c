import Control
import Testing
import Vault

@testable import StrongroomCLI

private func places(_ text: String) -> Set<String> {
  Set(
    text.split(separator: "{", omittingEmptySubsequences: false).dropFirst().compactMap { part in
      part.contains("}") ? String(part.prefix { $0 != "}" }) : nil
    })
}

private func check<Table: MessageTable>(_ table: Table.Type) {
  for entry in table.allCases {
    #expect(!entry.texts.english.isEmpty && !entry.texts.chinese.isEmpty, "\(entry.rawValue)")
    #expect(places(entry.texts.english) == places(entry.texts.chinese), "\(entry.rawValue)")
    #expect(!entry.texts.english.unicodeScalars.contains { $0.properties.isIdeographic }, "\(entry.rawValue)")
  }
}

private func isChinese(_ text: String) -> Bool { text.unicodeScalars.contains { $0.properties.isIdeographic } }

@Test func bothLanguagesHaveTheSamePlaces() {
  check(ErrorText.self)
  check(HintText.self)
  check(HelpText.self)
  check(ReportText.self)
  check(LogText.self)
  check(SpeedText.self)
  check(VaultText.self)
  check(Finding.Fault.self)
}

@Test func everythingIsTranslated() {
  // What is nothing but its arguments, or a list of words that are never translated.
  let same: Set<String> = ["system", "format", "config-syntax"]
  let entries: [any MessageTable] =
    ErrorText.allCases + HintText.allCases + HelpText.allCases + ReportText.allCases + LogText.allCases + VaultText.allCases
    + SpeedText.allCases + Finding.Fault.allCases
  for entry in entries where !same.contains(entry.rawValue) { #expect(isChinese(entry.texts.chinese), "\(entry.rawValue)") }
}

@Test func errorsAndHintsKeepTheirForm() {
  let entries: [any MessageTable] = ErrorText.allCases + HintText.allCases
  for entry in entries {
    let english = entry.texts.english
    #expect(english.first.map { $0.isLowercase || "'{".contains($0) } == true, "\(english)")
    #expect(!english.hasSuffix("."), "\(english)")
    #expect(!entry.texts.chinese.hasSuffix("。"), "\(english)")
    #expect(!english.contains("\n"), "\(english)")
  }
}

@Test func codesAreWordsWithHyphens() {
  for entry in ErrorText.allCases {
    #expect(entry.rawValue.allSatisfy { $0.isLowercase || $0 == "-" }, "\(entry.rawValue)")
  }
}

@Test func theTransportsOwnFailuresHaveTexts() {
  for failure in [ControlFailure.malformed, .tooLarge, .busy, .unknownRequest("x"), .newerVersion(2)] {
    #expect(ErrorText(rawValue: failure.message) != nil, "\(failure.message)")
    if let hint = failure.hint { #expect(HintText(rawValue: hint) != nil, "\(hint)") }
    #expect(CommandFailure(failure).code == failure.code)
  }
}

@Test func placesAreFilledOnceAndEscaped() {
  let message = Message(ErrorText.noSuchName, ["path": "/a\n{path}\u{202e}"])
  #expect(message.text(in: .english) == #"there is no '/a\n{path}\u{202E}' in this vault, or you may not see it"#)
  #expect(Message(ErrorText.noSuchName).text(in: .english).contains("{path}"))
}

@Test func aFailureSurvivesTheSocket() {
  let failure = CommandFailure(.refusedByRights, .notPermitted, ["right": "grant", "path": "/张伟"], hint: .askAdministrator)
  #expect(CommandFailure(ControlFailure(failure)) == failure)
}

@Test func aRefusalFromALaterProgramIsShownAsItIs() {
  let failure = CommandFailure(ControlFailure(code: "moon-phase", arguments: ["b": "2", "a": "1"], hint: "wait", exitCode: 77))
  #expect(failure.exitCode == .error)
  #expect(failure.code == "moon-phase")
  #expect(failure.message.text(in: .english) == "the mount refused: moon-phase a=1 b=2")
  #expect(failure.hint == nil)
}

@Test(
  arguments: [
    (["LANG": "zh_CN.UTF-8"], Language.chinese), (["LANG": "en_US.UTF-8", "LC_ALL": "zh_CN"], .chinese),
    (["LANG": "zh_CN.UTF-8", "LC_MESSAGES": "C"], .english), (["LANG": "zh_CN", "LC_ALL": ""], .chinese),
    (["LANG": "zh_CN", "STRONGROOM_LANG": "en"], .english), (["STRONGROOM_LANG": "zh"], .chinese), ([:], .english),
    (["LANG": "zh-Hans"], .chinese), (["LANG": "zhx"], .english),
  ] as [([String: String], Language)])
func theLanguageIsTheLocales(_ environment: [String: String], _ language: Language) {
  #expect(Language(environment: environment) == language)
}

@Test func exitCodesAreNeverRenumbered() {
  #expect(ExitCode.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 6, 10, 11, 12, 13, 14, 130])
}
