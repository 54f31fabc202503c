import Glibc
import Platform
import Sodium
import VaultFormat

@testable import Trail

/// What someone with root can do to a trail after the fact: take its files apart, change the parts, and put them together again with a
/// chain that is right. He has no seed of a past checkpoint.
struct Forger {
  struct Frame {
    var kind: UInt8
    var body: [UInt8]
  }
  struct Segment {
    var header: SegmentHeader
    var frames: [Frame]
  }

  var segments: [Segment] = []
  /// Called last with each header, for what does not fit.
  var bend: (_ segment: Int, inout SegmentHeader) -> Void = { _, _ in }

  init(_ path: String) throws {
    for number in try TrailFolder(path: path).list().segments {
      let bytes = try Fixture.read(TrailFolder(path: path).segmentPath(number))
      let start = SegmentHeader.byteCount(beginning: bytes[...])!
      var segment = Segment(header: try SegmentHeader(parsing: Array(bytes[..<(start - 8)])), frames: [])
      var position = start
      while position < bytes.count {
        let count = Int(bytes[position]) | Int(bytes[position + 1]) << 8
        segment.frames.append(Frame(kind: bytes[position + 2], body: Array(bytes[(position + 3)..<(position + 3 + count)])))
        position += count + 11
      }
      segments.append(segment)
    }
  }

  /// Writes everything back with headers, sequences, heads and checks that fit together, and the clear frames' own places mended too
  /// (which breaks their MACs and signatures). `sign` may sign checkpoints anew.
  func write(to path: String, mendCheckpoints: Bool = true, sign: ((inout Checkpoint) -> Void)? = nil) throws {
    for name in try Files.list(path) where name.hasSuffix(".segment") { try Files.unlink(path + "/" + name) }
    var previous = (byteCount: UInt64(0), head: segments.first?.header.previousHead ?? .zero)
    var sequence: UInt64 = 1
    for (index, segment) in segments.enumerated() {
      var header = segment.header
      header.number = UInt64(index) + 1
      header.firstSequence = sequence
      header.previousByteCount = previous.byteCount
      header.previousHead = previous.head
      header.lastMarkSegment = min(header.lastMarkSegment, header.number - 1)
      bend(index + 1, &header)
      var bytes = header.encode()
      var head = Chain.start(header: bytes)
      bytes += head.bytes.prefix(8)
      for frame in segment.frames {
        var body = frame.body
        if mendCheckpoints, frame.kind == VaultFormat.Frame.Kind.checkpoint.rawValue {
          var checkpoint = try Checkpoint(parsing: body)
          checkpoint.segment = header.number
          checkpoint.sequence = sequence
          checkpoint.head = head
          sign?(&checkpoint)
          body = checkpoint.encode()
        }
        let content = [UInt8(body.count & 255), UInt8(body.count >> 8), frame.kind] + body
        head = ChainHead(Hash.plain(head.bytes + (0..<8).map { UInt8(truncatingIfNeeded: sequence >> ($0 * 8)) } + content))!
        bytes += content + head.bytes.prefix(8)
        sequence += 1
      }
      try Fixture.write(bytes, to: TrailFolder(path: path).segmentPath(header.number))
      previous = (UInt64(bytes.count), head)
    }
  }
}

/// Someone who holds the keys from the beginning: writes a trail of his own whose signatures are right, with clocks and counts as he
/// likes. For what the verifier must notice beyond signatures.
final class Author {
  let fixture: Fixture
  let signer: TrailSigner
  var segment: SegmentWriter
  var records: UInt64 = 0
  var publicKey: [UInt8]

  init() throws {
    fixture = try Fixture()
    let folder = TrailFolder(path: fixture.path)
    signer = try TrailSigner.load(from: folder, vault: fixture.vault, key: fixture.keys.signer)
    publicKey = try signer.publicKey()
    segment = try Author.segment(
      fixture, .start,
      after: SegmentEnd(
        byteCount: 0,
        point: ChainPoint(sequence: 0, head: Chain.genesis(vault: fixture.vault, publicKey: publicKey))), number: 0)
  }

  private static func segment(
    _ fixture: Fixture, _ kind: SegmentHeader.Kind, after end: SegmentEnd, number: UInt64
  ) throws -> SegmentWriter {
    let made = try SegmentWriter(
      in: TrailFolder(path: fixture.path), vault: fixture.vault, kind: kind,
      after: SegmentWriter.Predecessor(number: number, end: end, lastMarkSegment: 0), reviewers: [fixture.reviewer.publicKey],
      settings: Fixture.quick)
    try made.publish()
    return made
  }

  func begin(_ kind: SegmentHeader.Kind) throws {
    segment = try Author.segment(fixture, kind, after: segment.end, number: segment.number)
  }

  func record(_ text: String = "x") throws {
    let bytes = plain(.list, text).encode(base: segment.base)!
    try bytes.withUnsafeBytes { try segment.append(record: $0) }
    records += 1
  }

  func garbage() throws {
    try segment.append(.record, [UInt8](repeating: 7, count: 49))
    records += 1
  }

  /// - Parameters:
  ///   - boot, wall: seconds that the clocks are ahead of the real ones.
  ///   - isForged: its signature is wrong, and nothing else.
  func checkpoint(
    _ kind: Checkpoint.Kind = .regular, boot: Int64 = 0, wall: Int64 = 0, isForged: Bool = false,
    _ change: (inout Checkpoint) -> Void = { _ in }
  ) throws {
    try signer.prepareNext()
    var checkpoint = Checkpoint(
      kind: kind, epoch: signer.epoch, vault: fixture.vault, segment: segment.number, sequence: segment.sequence + 1,
      head: segment.head, recordCount: records, markCount: 0, lastMarkSequence: 0, lastMarkCommit: 0, bootID: Boot.id,
      wall: Clock.wall() + wall * 1_000_000_000, boot: Clock.boot() + boot * 1_000_000_000, previous: signer.last?.hash ?? .zero,
      publicKey: try signer.publicKey(), nextPublicKey: try signer.nextPublicKey()!)
    change(&checkpoint)
    try signer.sign(&checkpoint)
    if isForged { checkpoint.signature[40] ^= 1 }
    try segment.append(.checkpoint, checkpoint.encode())
    try signer.advance(
      to: TrailSigner.LastCheckpoint(
        segment: segment.number, point: ChainPoint(sequence: segment.sequence, head: segment.head),
        byteCount: UInt64(segment.byteCount), hash: checkpoint.hash, recordCount: records, markCount: 0, markSegment: 0,
        markSequence: 0, markCommit: 0, boot: checkpoint.boot, isClosing: kind == .closing))
  }

  func verify(_ secrets: Fixture.Secrets = .none) throws -> TrailReport.Verdict {
    try fixture.verify(secrets, end: ChainPoint(sequence: segment.sequence, head: segment.head)).verdict
  }
}
