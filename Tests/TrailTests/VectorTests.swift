import Glibc
import Platform
import Sodium
import Testing
import VaultFormat

@testable import Trail

/// A file of Tests/Vectors/trail: lines `key: value`, an empty line, then hexadecimal digits.
struct Vector: CustomTestStringConvertible {
  let name: String
  let fields: [String: String]
  let bytes: [UInt8]
  var testDescription: String { name }

  static let folder: String = {
    let parts = #filePath.split(separator: "/").dropLast(2)
    return "/" + parts.joined(separator: "/") + "/Vectors/trail"
  }()

  init(_ name: String) {
    self.name = name
    let text = try! String(decoding: Fixture.read(Self.folder + "/" + name), as: UTF8.self)
    var fields: [String: String] = [:]
    var digits = ""
    var isHead = true
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty { isHead = false }
      if isHead, let colon = line.firstRange(of: ": ") {
        fields[String(line[..<colon.lowerBound])] = String(line[colon.upperBound...])
      } else {
        digits += line
      }
    }
    self.fields = fields
    bytes = Hex.decode(digits)!
  }

  static var all: [Vector] { try! Files.list(folder).filter { $0.hasSuffix(".txt") }.map { Vector($0) } }

  /// Parses by the field `kind`, and encodes again.
  func again() throws -> [UInt8] {
    switch fields["kind"] {
    case "record": return try Record(parsing: bytes, base: TrailTests.FormatTests.base).encode(base: TrailTests.FormatTests.base)!
    case "header": return try SegmentHeader(parsing: bytes).encode()
    case "mark": return try Mark(parsing: bytes).encode()
    case "checkpoint": return try Checkpoint(parsing: bytes).encode()
    case "reviewer": return Array(try ReviewerKey(parsing: String(decoding: bytes, as: UTF8.self)).encode().utf8)
    case "identity": return Array(try IdentityFile(parsing: String(decoding: bytes, as: UTF8.self)).encode().utf8)
    case "anchor": return Array(try AnchorLine(parsing: String(decoding: bytes.dropLast(), as: UTF8.self)).encode().utf8)
    case "signer":
      let parts = try SignerFile.parse(bytes)
      return SignerFile.encode(nonce: parts.nonce, sealed: parts.sealed)
    default: fatalError("vector \(name) has no kind")
    }
  }
}

extension TrailTests {
  @Suite struct VectorTests {
    @Test(arguments: Vector.all) func vectorsAreReadAsTheyWereWritten(_ vector: Vector) throws {
      switch vector.fields["expect"] {
      case "ok": #expect(try vector.again() == vector.bytes)
      case "malformed":
        do {
          _ = try vector.again()
          Issue.record("was parsed")
        } catch { if case FormatError.malformed = error {} else { Issue.record("\(error)") } }
      case "newer version":
        do {
          _ = try vector.again()
          Issue.record("was parsed")
        } catch { if case FormatError.newerVersion = error {} else { Issue.record("\(error)") } }
      default: Issue.record("no expectation")
      }
    }

    @Test func thePresentEncoderWritesTheVectors() {
      let base = FormatTests.base
      #expect(Vector("record-rename.txt").bytes == FormatTests.full.encode(base: base))
      let read = FormatTests.stamped(.read) {
        $0.handle = HandleID(300)
        $0.range = Record.Range(offset: 1 << 20, asked: 131_072, returned: 131_072)
      }
      #expect(Vector("record-read.txt").bytes == read.encode(base: base))
      #expect(Vector("header.txt").bytes == FormatTests.header.encode())
      #expect(Vector("mark.txt").bytes == FormatTests.mark.encode())
      #expect(Vector("checkpoint.txt").bytes == FormatTests.checkpoint.encode())
    }

    /// A trail of three runs, one of which crashed, as this version of the program first wrote it.
    @Test func theGoldenTrailIsStillWhole() throws {
      let fixture = try Fixture(create: false)
      try Files.makeFolder(fixture.path, mode: 0o700)
      let golden = Vector.folder + "/golden"
      for name in try Files.list(golden) where name.hasSuffix(".hex") {
        let text = try String(decoding: Fixture.read(golden + "/" + name), as: UTF8.self)
        try Fixture.write(Hex.decode(text.filter { $0 != "\n" })!, to: fixture.path + "/" + name.dropLast(4))
      }
      func lines(_ name: String) throws -> [String] {
        try String(decoding: Fixture.read(golden + "/" + name), as: UTF8.self).split(separator: "\n").map(String.init)
      }
      let secrets = try lines("secrets")
      func key(_ index: Int) throws -> SharedSecret {
        let bytes = Hex.decode(secrets[index].split(separator: " ")[1])!
        return SharedSecret(try SecretBytes(count: 32) { $0.copyBytes(from: bytes) })
      }
      let passphrase = try SecretBytes(count: 6) { $0.copyBytes(from: Array("golden".utf8)) }
      let identity = try ReviewerIdentity.load(from: golden + "/identity", passphrase: passphrase)
      var verifier = TrailVerifier(fixture.path)
      verifier.genesis = Hex.decode(secrets[2].split(separator: " ")[1])
      verifier.end = ChainPoint(secrets[3].split(separator: " ")[1])
      verifier.keys = TrailKeys(marks: try key(0), signer: try key(1))
      verifier.identity = identity
      verifier.anchorPath = golden + "/anchors"
      let report = try verifier.verify()
      #expect(report.findings.map { "\($0)" } == (try lines("findings")))
      let records = try fixture.records(as: identity).map { "\($0.action.name) \($0.handle?.value ?? 0) \($0.wall)" }
      #expect(records == (try lines("records")))
      #expect(report.markCount == 2 && report.openedCount == UInt64(records.count))
    }
  }
}
