import Glibc
import Platform
import Sodium
import Testing
import VaultFormat

@testable import Trail

extension TrailTests {
  @Suite struct FormatTests {
    static let base = Record.TimeBase(wall: 1_767_225_600_000_000_000, boot: 86_400_000_000_000)

    static func stamped(_ action: Record.Action, _ change: (inout Record) -> Void = { _ in }) -> Record {
      var record = Record(action)
      record.wall = base.wall + 1_800_000_000_000
      record.boot = base.boot + 1_800_000_000_500
      change(&record)
      return record
    }

    static let full = stamped(.rename) {
      $0.actor = Record.Actor(uid: .max, name: "林", pid: -1, program: "", loginUID: 0)
      $0.opener = Record.Actor(uid: 0, name: "", pid: .max)
      $0.object = Record.Object(node: .greatest, path: [0x2f, 0xff, 0x0a], size: .max)
      $0.target = Record.Object(node: .root, path: [])
      $0.handle = HandleID(.max)
      $0.range = Record.Range(offset: .max, asked: .max, returned: 0)
      $0.outcome = .failed
      $0.errno = 5
      $0.decision = .missing([.read, .grant])
      $0.count = 0
      $0.usage = Record.Usage(readByteCount: 1, distinctByteCount: .max, writtenByteCount: 0)
      $0.details = [Record.Detail("", "v\n"), Record.Detail("k", "")]
    }

    @Test func recordsComeBackAsTheyWere() throws {
      var records = Record.Action.allCases.map { Self.stamped($0) } + [Self.full]
      let decisions: [Record.Decision] = [
        .grant(RuleID(1)), .missing([]), .barrier(RuleID(.max)), .creator(RuleID(300)), .identityUnknown, .foreignHandle,
        .neverAllowed, .open,
      ]
      for decision in decisions { records.append(Self.stamped(.deny) { $0.decision = decision }) }
      for (wall, boot) in [(Int64.min, Int64.max), (.max, .min), (0, 0)] {
        records.append(
          Self.stamped(.alert) {
            $0.wall = wall
            $0.boot = boot
          })
      }
      for errno in [Int32.min, -1, 1, .max] { records.append(Self.stamped(.open) { $0.errno = errno }) }
      for record in records {
        let bytes = try #require(record.encode(base: Self.base))
        #expect(bytes.count % 32 == 0)
        #expect(try Record(parsing: bytes, base: Self.base) == record)
        // Every shorter or padded form is refused.
        for count in stride(from: 0, to: bytes.count, by: 32) {
          #expect(throws: FormatError.self) { try Record(parsing: Array(bytes[..<count]), base: Self.base) }
        }
        #expect(throws: FormatError.self) { try Record(parsing: bytes + [UInt8](repeating: 0, count: 32), base: Self.base) }
      }
    }

    /// However long a text is and wherever in it a byte stands that is not ASCII.
    @Test func textsAreUTF8WhereverABreakStands() throws {
      for length in 0..<20 {
        let text = String(repeating: "n", count: length)
        let bytes = Self.stamped(.list) { $0.details = [Record.Detail("k", text)] }.encode(base: Self.base)!
        #expect(try Record(parsing: bytes, base: Self.base).details[0].value == text)
        let begin = bytes.firstIndex(of: 0x6e) ?? 0
        for place in 0..<length {
          var changed = bytes
          changed[begin + place] = 0xe9
          #expect(throws: FormatError.malformed("not UTF-8")) { try Record(parsing: changed, base: Self.base) }
          guard place + 1 < length else { continue }
          (changed[begin + place], changed[begin + place + 1]) = (0xc3, 0xa9)
          let accented = String(repeating: "n", count: place) + "é" + String(repeating: "n", count: length - place - 2)
          #expect(try Record(parsing: changed, base: Self.base).details[0].value == accented)
        }
      }
    }

    /// Whatever parses is what `encode` would have written.
    @Test func thereIsOneWayToWriteARecord() throws {
      let bytes = Self.full.encode(base: Self.base)!
      var parsed = 0
      for index in bytes.indices {
        for value in [UInt8(0), 1, 2, 0x7f, 0x80, 0xff] where value != bytes[index] {
          var changed = bytes
          changed[index] = value
          guard let record = try? Record(parsing: changed, base: Self.base) else { continue }
          parsed += 1
          #expect(record.encode(base: Self.base) == changed)
        }
      }
      #expect(parsed > 50)
    }

    @Test func aReadFitsInOneBlockAfterAnHourInALargeDocument() throws {
      for (handle, offset, asked, returned) in [
        (UInt64(1), UInt64(0), UInt64(0), UInt64(0)), (1 << 20, 1 << 40, 1 << 20, 1 << 20), (1 << 20, 1 << 34, 131_072, 131_071),
      ] {
        var bytes = [UInt8](repeating: 0xaa, count: 64)
        let wall = Self.base.wall + 3_600_000_000_000
        let boot = Self.base.boot + 3_600_000_900_000
        let count = bytes.withUnsafeMutableBytes { buffer in
          var writer = RawWriter(buffer)
          Record.encodeRead(
            handle: HandleID(handle), offset: offset, asked: asked, returned: returned, wall: wall, boot: boot, to: &writer,
            base: Self.base)
          return writer.overflowed ? 0 : writer.count
        }
        #expect(count == 32)
        var record = Record(.read)
        record.wall = wall
        record.boot = boot
        record.handle = HandleID(handle)
        record.range = Record.Range(offset: offset, asked: asked, returned: returned)
        #expect(record.encode(base: Self.base) == Array(bytes[..<count]))
        // A plain WRITE differs in its action alone.
        bytes[0] = Record.Action.write.rawValue
        var written = Record(.write)
        (written.wall, written.boot, written.handle, written.range) = (wall, boot, record.handle, record.range)
        #expect(written.encode(base: Self.base) == Array(bytes[..<count]))
      }
      // On disk: length, kind, record, stream overhead, check.
      #expect(32 + StreamSealer.overheadByteCount + Frame.overheadByteCount == 60)
    }

    @Test func theLargestReadFitsTheWritersRoom() {
      var bytes = [UInt8](repeating: 0, count: TrailWriter.readByteCountMax)
      let overflowed = bytes.withUnsafeMutableBytes { buffer in
        var writer = RawWriter(buffer)
        Record.encodeRead(
          .pages, handle: HandleID(.max), offset: .max, asked: .max, returned: .max - 1, wall: .min, boot: .max, to: &writer,
          base: Record.TimeBase(wall: 1, boot: 0))
        return writer.overflowed
      }
      #expect(!overflowed)
    }

    @Test func recordsOverTheirLimitsAreNotEncoded() {
      #expect(
        Self.stamped(.open) { $0.object = .init(node: .root, path: [UInt8](repeating: 1, count: 32_769)) }.encode(base: Self.base)
          == nil)
      #expect(Self.stamped(.open) { $0.details = Array(repeating: .init("k", "v"), count: 1_025) }.encode(base: Self.base) == nil)
      #expect(
        Self.stamped(.open) { $0.details = [.init("k", String(repeating: "v", count: 16_385))] }.encode(base: Self.base) == nil)
    }

    static let header = SegmentHeader(
      kind: .resumed, vault: VaultID(high: 1, low: 2), number: 3, firstSequence: 4, bootID: ID128(high: 5, low: 6), base: base,
      previousByteCount: 7, previousHead: ChainHead([UInt8](repeating: 8, count: 32))!, droppedByteCount: 9, lastMarkSegment: 2,
      streamHeader: [UInt8](repeating: 11, count: 24), keyCommitment: [UInt8](repeating: 12, count: 32),
      reviewers: [
        SegmentHeader.Reviewer(fingerprint: [UInt8](repeating: 13, count: 16), sealedKey: [UInt8](repeating: 14, count: 80)),
        SegmentHeader.Reviewer(fingerprint: [UInt8](repeating: 15, count: 16), sealedKey: [UInt8](repeating: 16, count: 80)),
      ])
    static let mark = Mark(
      bootID: ID128(high: 1, low: 2), wall: 3, commit: 4, predecessor: 5, digest: RowDigest([UInt8](repeating: 6, count: 32))!,
      generation: 7, catalogFileDigest: RowDigest([UInt8](repeating: 8, count: 32)),
      head: ChainHead([UInt8](repeating: 9, count: 32))!)
    static let checkpoint = Checkpoint(
      kind: .closing, epoch: 1, vault: VaultID(high: 2, low: 3), segment: 4, sequence: 5,
      head: ChainHead([UInt8](repeating: 6, count: 32))!, recordCount: 7, markCount: 8, lastMarkSequence: 9, lastMarkCommit: 10,
      bootID: ID128(high: 11, low: 12), wall: 13, boot: 14, previous: ChainHead([UInt8](repeating: 15, count: 32))!,
      publicKey: [UInt8](repeating: 16, count: 32), nextPublicKey: [UInt8](repeating: 17, count: 32),
      signature: [UInt8](repeating: 18, count: 64))

    @Test func clearPartsComeBackAndAreStrict() throws {
      let header = Self.header.encode()
      #expect(header.count == SegmentHeader.fixedByteCount + 2 * SegmentHeader.reviewerByteCount)
      #expect(SegmentHeader.byteCount(beginning: header[...]) == header.count + 8)
      #expect(try SegmentHeader(parsing: header) == Self.header)
      let mark = Self.mark.encode()
      #expect(mark.count + Mark.macByteCount == Mark.byteCount)
      #expect(try Mark(parsing: mark) == Self.mark)
      let checkpoint = Self.checkpoint.encode()
      #expect(checkpoint.count == Checkpoint.byteCount)
      #expect(try Checkpoint(parsing: checkpoint) == Self.checkpoint)

      let parsers: [([UInt8], ([UInt8]) throws -> [UInt8])] = [
        (header, { try SegmentHeader(parsing: $0).encode() }), (mark, { try Mark(parsing: $0).encode() }),
        (checkpoint, { try Checkpoint(parsing: $0).encode() }),
      ]
      for (bytes, parse) in parsers {
        #expect(throws: FormatError.self) { try parse(Array(bytes.dropLast())) }
        #expect(throws: FormatError.self) { try parse(bytes + [0]) }
        for index in bytes.indices {
          var changed = bytes
          changed[index] ^= 0x41
          if let again = try? parse(changed) { #expect(again == changed) }
        }
      }
      var newer = header
      newer[8] = 3
      #expect(throws: FormatError.newerVersion(3)) { try SegmentHeader(parsing: newer) }
      #expect(throws: FormatError.newerVersion(2)) { try Mark(parsing: [2] + mark.dropFirst()) }
      #expect(throws: FormatError.newerVersion(2)) { try Checkpoint(parsing: [2] + checkpoint.dropFirst()) }
    }

    @Test func anchorLinesAreStrict() throws {
      let line = AnchorLine(
        vault: VaultID(high: 1, low: 2), epoch: 3, segment: 4,
        point: ChainPoint(sequence: 5, head: ChainHead([UInt8](repeating: 6, count: 32))!), wall: -7)
      let text = String(line.encode().dropLast())
      #expect(try AnchorLine(parsing: text) == line)
      let bad = [
        "", " ", text + " ", text + "\n", text.replacing("-anchor 1", with: "-anchor 01"), text.replacing(" 3 ", with: " 03 "),
        text.uppercased(), text.replacing("0606", with: "06"),
      ]
      for bad in bad { #expect(throws: FormatError.self) { try AnchorLine(parsing: bad) } }
      #expect(throws: FormatError.newerVersion(2)) { try AnchorLine(parsing: text.replacing("-anchor 1", with: "-anchor 2")) }
    }

    @Test func anchorsStandOnlyWhereAMessageBegins() throws {
      let anchor = "strongroom-anchor 1 x"
      let good = [
        "", "<85>1 2026-11-26T09:43:15.123456Z host strongroom 7 checkpoint - ", "strongroom 7 checkpoint authpriv.notice ",
        // rsyslog's own formats for files, and the C library's.
        "2026-11-26T09:43:15.123456+08:00 host strongroom[7] ", "Nov  6 09:43:15 host strongroom[7] ",
        "Nov 26 09:43:15 host strongroom: ",
        "Nov 26 09:43:15 host vault-a[7]: checkpoint ", "<85>1 2026-11-26T09:43:15Z strongroom strongroom 7 checkpoint - ",
      ]
      for header in good {
        let found = AnchorText.find(in: Array((header + anchor).utf8)[...])
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == anchor, "\(header)")
      }
      let bad = [
        " ", "x ", "<86>1 2026-11-26T09:43:15Z host strongroom 7 record - ",
        "<86>1 2026-11-26T09:43:15Z host strongroom 7 record - x: ",
        #"{"path":"/x "#, #"{"path":"/x strongroom[7]: "#, #"Nov 26 09:43:15 host strongroom[7] {"path":"/x strongroom[7] "#,
        "host strongroom[7] x strongroom[7] ", "a b c d e f strongroom[7] ",
      ]
      for header in bad { #expect(AnchorText.find(in: Array((header + anchor).utf8)[...]) == nil, "\(header)") }
    }

    /// One file of anchors and of records, with a name that somebody chose.
    @Test func whatOnlyLooksLikeAnAnchorIsPassedOverAndTold() throws {
      let fixture = try Fixture()
      let anchor = fixture.root + "/anchor"
      var settings = Fixture.quick
      settings.anchors = [FileAnchor(path: anchor)]
      for _ in 0..<2 { try fixture.open(settings).close() }
      let lines = try String(decoding: Fixture.read(anchor), as: UTF8.self).split(separator: "\n")
      let head = "<86>1 2026-11-26T09:43:15Z host strongroom 7"
      let forged = "strongroom-anchor 1 \(String(repeating: "0", count: 32)) 0 1 2 \(String(repeating: "0", count: 64)) 3"
      var text = #"\#(head) record - {"path":"/x strongroom-anchor y"}"# + "\n"
      text += #"\#(head) record - {"path":"/x \#(forged)"}"# + "\n\(head) record - \(forged)\n"
      text += "\(head) record - {\(String(repeating: "x", count: 100_000))}\n"
      for line in lines { text += "\(head) checkpoint - \(line)\nstrongroom-anchor 1 torn\n" }
      // The last line is torn, or has no end.
      for (tail, isWhole) in [("strongroom-anchor 1 12", true), (String(lines[3]), true), (forged, false)] {
        try Files.unlink(anchor)
        try Fixture.write(Array((text + tail).utf8), to: anchor)
        let report = try fixture.verify(anchor: anchor)
        #expect(report.isBroken != isWhole)
        guard isWhole else { continue }
        #expect(report.verdict == .whole && report.establishedThrough == report.end?.sequence)
        #expect(report.skippedAnchorLineCount == 7 + (tail.hasSuffix(" 12") ? 1 : 0))
      }
    }

    @Test func linesBeginOnTheirOwnAfterATornOne() throws {
      let fixture = try Fixture()
      let path = fixture.root + "/lines"
      let file = LineFile(path: path)
      try file.add(Array("a\n".utf8))
      try file.add(Array("b\n".utf8))
      let torn = try File(path, O_WRONLY | O_APPEND)
      _ = try Array("half".utf8).withUnsafeBytes { try torn.append($0) }
      for line in ["c\n", "d\ne\n"] { try file.add(Array(line.utf8)) }
      #expect(try String(decoding: Fixture.read(path), as: UTF8.self) == "a\nb\nhalf\nc\nd\ne\n")
    }

    @Test func anchorFilesThatAreNoneAreRefused() throws {
      let fixture = try Fixture()
      try fixture.open().close()
      let anchor = fixture.root + "/anchor"
      for text in ["x\n", "x", String(repeating: "a", count: 50_000)] {
        try Fixture.write(Array(text.utf8), to: anchor)
        #expect(throws: TrailError.self) { try fixture.verify(anchor: anchor) }
      }
      #expect(throws: TrailError.self) { try fixture.verify(anchor: fixture.root + "/none") }
    }

    @Test func theHeadersOfSegmentsAreRefusedWhereTheyAreNone() throws {
      let fixture = try Fixture()
      for bytes in [[], [0], Array("SRTRAIL\n".utf8), [UInt8](repeating: 0, count: 500)] {
        try Fixture.write(bytes, to: fixture.segmentPath(1))
        #expect(try fixture.verify().isBroken)
      }
    }
  }

  @Suite struct ReviewerTests {
    private let cheap = PasswordHash.interactive
    private func secret(_ text: String) throws -> SecretBytes {
      try SecretBytes(count: text.utf8.count) { $0.copyBytes(from: text.utf8) }
    }

    @Test func anIdentityComesBackUnderItsPassphraseAlone() throws {
      let fixture = try Fixture()
      let path = fixture.root + "/identity"
      let identity = try ReviewerIdentity.make(label: "内审 reviewer 1")
      try identity.save(to: path, passphrase: secret("correct"), parameters: cheap)
      #expect(throws: ReviewerError.file(EEXIST)) { try identity.save(to: path, passphrase: secret("x"), parameters: cheap) }
      let loaded = try ReviewerIdentity.load(from: path, passphrase: secret("correct"))
      #expect(loaded.key == identity.key)
      #expect(SealedBox.publicKey(of: loaded.secret.bytes) == identity.publicKey)
      #expect(try ReviewerIdentity.readPublicKey(path + ".pub") == identity.key)
      #expect(throws: ReviewerError.wrongPassphrase) { try ReviewerIdentity.load(from: path, passphrase: secret("wrong")) }
      #expect(throws: ReviewerError.file(ENOENT)) { try ReviewerIdentity.load(from: path + "x", passphrase: secret("correct")) }
      var status = stat()
      #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)

      // What the lines say is covered by the tag.
      var file = try ReviewerIdentity.readFile(path)
      file.key = ReviewerKey(publicKey: file.key.publicKey, label: "another")!
      #expect(throws: ReviewerError.wrongPassphrase) { try ReviewerIdentity.open(file, passphrase: secret("correct")) }
      file.memoryByteCount = 1 << 40
      #expect(throws: ReviewerError.badParameters) { try ReviewerIdentity.open(file, passphrase: secret("correct")) }
    }

    @Test func labelsAndKeysThatAreNoneAreRefused() throws {
      let key = [UInt8](repeating: 1, count: 32)
      for label in ["", " a", "a ", "a\n", "a\u{202e}b", "a\u{0}", String(repeating: "a", count: 129)] {
        #expect(ReviewerKey(publicKey: key, label: label) == nil)
      }
      #expect(ReviewerKey(publicKey: [UInt8](repeating: 0, count: 32), label: "a") == nil)
      let line = ReviewerKey(publicKey: key, label: "王 a")!.encode()
      #expect(try ReviewerKey(parsing: line).label == "王 a")
      let bad = [
        "", "\n", line + line, String(line.dropLast()), line.replacing(" 1 ", with: " 0 "), line.replacing("0101", with: "01"),
        line.replacing("-reviewer", with: "-identity"), "ssh-ed25519 AAAA me\n", line.replacing("01", with: "0G"),
      ]
      for bad in bad { #expect(throws: FormatError.self) { try ReviewerKey(parsing: bad) } }
      #expect(throws: FormatError.newerVersion(2)) { try ReviewerKey(parsing: line.replacing(" 1 ", with: " 2 ")) }
    }

    @Test func identityFilesAreStrict() throws {
      let file = IdentityFile(
        key: ReviewerKey(publicKey: [UInt8](repeating: 1, count: 32), label: "a b")!, passes: 3, memoryByteCount: 268_435_456,
        salt: [UInt8](repeating: 2, count: 16), sealed: [UInt8](repeating: 3, count: 72))
      let text = file.encode()
      #expect(try IdentityFile(parsing: text) == file)
      let bad = [
        "", "\n", text + "\n", String(text.dropLast()), text.replacing("argon2id 3", with: "argon2id 03"),
        text.replacing("label ", with: "name "), text.replacing("-identity 1", with: "-identity x"),
        text.replacing("0303", with: "03"),
        text.replacing("argon2id 3", with: "argon2id  3"), text.replacing("public", with: "Public"),
      ]
      for bad in bad { #expect(throws: FormatError.self) { try IdentityFile(parsing: bad) } }
      #expect(throws: FormatError.newerVersion(2)) {
        try IdentityFile(parsing: text.replacing("-identity 1", with: "-identity 2"))
      }
    }
  }
}
