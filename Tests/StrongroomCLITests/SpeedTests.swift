import ArgumentParser
import Foundation
import Testing

@testable import StrongroomCLI

private let cipherNames = ["page-seal", "page-open", "row-seal", "row-open", "record-seal", "hash", "passphrase"]

/// Runs `speed --no-mount`, each measurement as short as can be.
private func ciphers(_ options: OutputOptions = OutputOptions(), language: Language = .english) throws -> Ran {
  let screen = Screen()
  let command = try SpeedCommand.parse(["--no-mount"])
  let context = CommandContext(
    console: screen.console(options, language: language), environment: [:],
    mountTable: { () throws(CommandFailure) in fatalError("speed looks at no mount") },
    connect: { (_) throws(CommandFailure) in fatalError("speed asks no mount") })
  let code = try command.run(in: context, stopwatch: Stopwatch(seconds: 0))
  return Ran(code: code, output: screen.output, errors: screen.errors)
}

@Suite struct SpeedTests {
  @Test func eachCipherIsOneObjectALine() throws {
    let ran = try ciphers(OutputOptions(json: true))
    let objects = try ran.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(ran.code == .done && ran.errors.isEmpty)
    #expect(objects.map { $0["name"] as? String } == cipherNames)
    for object in objects {
      #expect(Set(object.keys) == ["name", "unit", "value"])
      #expect(["MB/s", "1/s"].contains(object["unit"] as? String))
      #expect((object["value"] as? Double ?? 0) > 0)
    }
  }

  @Test func theTableHasALineForEachInBothLanguages() throws {
    let english = try ciphers().output.split(separator: "\n")
    #expect(english.count == 1 + cipherNames.count)
    #expect(english[1].hasPrefix("seal content: AES-256-GCM, pages of 16 KiB") && english[1].hasSuffix("MB/s"))
    let chinese = try ciphers(language: .chinese).output.split(separator: "\n")
    #expect(chinese.count == english.count && chinese[1].contains("密封内容"))
  }

  @Test func whatCannotBeMeasuredHasNoValueAndAReason() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let row = SpeedRow(.floorRandom4K, .microseconds, missing: "fuse-missing")
    #expect(
      String(decoding: try encoder.encode(row), as: UTF8.self)
        == #"{"name":"floor-random-4k","reason":"fuse-missing","unit":"µs","value":null}"#)
  }
}
