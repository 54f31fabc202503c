import Control
import Glibc
import Platform
import Sodium
import TestKit
import Testing
import Trail
import VaultFormat

@testable import StrongroomCLI

/// A small trail with known records, one reviewer's identity file and its passphrase in a file; removed with the value.
final class TrailFixture {
  let temporary = TemporaryFolder()
  let reviewer: ReviewerIdentity
  let keys: TrailKeys
  let genesis: [UInt8]
  private(set) var end = ChainPoint(sequence: 0, head: .zero)

  var root: String { temporary.path }
  /// The vault's folder: the trail is below it.
  var trail: String { root + "/trail" }
  var identity: String { root + "/lin.identity" }
  var passphrase: String { root + "/passphrase" }

  init(_ records: [Record] = TrailFixture.records, restated: [Record] = []) throws {
    Sodium.start()
    let folder = temporary.path
    temporary.write("passphrase", "correct horse\n")
    temporary.write("wrong", "incorrect horse\n")
    keys = TrailKeys(
      marks: SharedSecret(try SecretBytes.random(count: 32)), signer: SharedSecret(try SecretBytes.random(count: 32)))
    reviewer = try ReviewerIdentity.make(label: "审计 lin")
    try reviewer.save(to: folder + "/lin.identity", passphrase: Self.secret("correct horse"), parameters: .interactive)
    genesis = try TrailWriter.create(in: folder + "/trail", vault: vaultID, keys: keys)
    try write(records, restated: restated)
  }

  static func secret(_ text: String) throws -> SecretBytes {
    try SecretBytes(count: text.utf8.count) { $0.copyBytes(from: Array(text.utf8)) }
  }

  func writer(_ settings: TrailSettings = TrailSettings(), restated: [Record] = []) throws -> TrailWriter {
    try TrailWriter.open(
      in: trail, vault: vaultID, keys: keys, reviewers: [reviewer.publicKey], settings: settings, openHandles: { restated }
    ).writer
  }

  /// One run of the program: a segment of its own.
  func write(_ records: [Record], restated: [Record] = [], settings: TrailSettings = TrailSettings()) throws {
    let writer = try writer(settings, restated: restated)
    for record in records { try writer.append(record) }
    try writer.close()
    end = writer.status.syncedPoint
  }

  /// The trail as a crash at this moment would leave it; the writer is ended behind its back.
  func crash(_ writer: TrailWriter) throws {
    var files: [(String, [UInt8])] = []
    for name in try Files.list(trail) { files.append((name, try File(trail + "/" + name, O_RDONLY).readAll(limit: 1 << 24))) }
    try writer.close()
    for name in try Files.list(trail) { unlink(trail + "/" + name) }
    for (name, bytes) in files { try File(trail + "/" + name, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o640).write(bytes, at: 0) }
  }

  func segmentPath(_ number: Int) -> String { trail + "/000000000\(number).segment" }

  /// Turns one bit of a segment's file.
  func flip(segment: Int, byte: Int) throws {
    let file = try File(segmentPath(segment), O_RDWR)
    var bytes = try file.readAll(limit: 1 << 24)
    bytes[byte < 0 ? bytes.count + byte : byte] ^= 1
    try file.write(bytes, at: 0)
  }

  /// `strongroom log <words> <trail> --identity …`
  func log(_ words: [String], mount: ScriptedMount? = nil, table: String = "", language: Language = .english) -> Ran {
    log(
      words, identity: ["--identity", identity, "--identity-passphrase-file", passphrase], mount: mount, table: table,
      language: language)
  }

  func log(
    _ words: [String], identity: [String], mount: ScriptedMount? = nil, table: String = "", language: Language = .english
  ) -> Ran {
    run(
      ["log", words[0], root] + words.dropFirst() + identity,
      mount: mount ?? ScriptedMount(failure: CommandFailure(.error, .notMounted)), table: table, language: language)
  }

  // MARK: Records

  static let lin = Record.Actor(uid: 1000, name: "lin", pid: 4711, program: "/usr/bin/python3", loginUID: 1000)
  static let bob = Record.Actor(uid: 1001, name: "bob", pid: 4712, program: "/usr/bin/cat", loginUID: 1001)
  static let wang = Array("/clients/王小明/合同.pdf".utf8)
  static let odd = Array("/clients/a\nb\u{202e}.txt".utf8)

  static func open(
    _ handle: UInt64, _ actor: Record.Actor, _ path: [UInt8], size: UInt64, grant: UInt64 = 7, node: UInt64? = nil
  ) -> Record {
    var record = Record(.open)
    record.actor = actor
    record.object = Record.Object(node: NodeID(node ?? handle &+ 100), path: path, size: size)
    record.handle = HandleID(handle)
    record.decision = .grant(RuleID(grant))
    record.details = [Record.Detail("mode", "r")]
    return record
  }

  static func read(_ handle: UInt64, _ offset: UInt64, _ asked: UInt64, returned: UInt64? = nil) -> Record {
    var record = Record(.read)
    record.handle = HandleID(handle)
    record.range = Record.Range(offset: offset, asked: asked, returned: returned ?? asked)
    return record
  }

  static func release(_ handle: UInt64, _ actor: Record.Actor, read: UInt64, distinct: UInt64, written: UInt64 = 0) -> Record {
    var record = Record(.release)
    record.handle = HandleID(handle)
    record.actor = Record.Actor(uid: actor.uid, name: actor.name, pid: 0)
    record.object = Record.Object(node: NodeID(handle &+ 100), path: [])
    record.usage = Record.Usage(readByteCount: read, distinctByteCount: distinct, writtenByteCount: written)
    return record
  }

  static func denial(_ actor: Record.Actor, _ path: String, _ operation: String) -> Record {
    var record = Record(.deny)
    record.actor = actor
    record.object = Record.Object(node: NodeID(50), path: Array(path.utf8))
    record.outcome = .refused
    record.errno = EACCES
    record.decision = .missing(.read)
    record.details = [Record.Detail("operation", operation)]
    return record
  }

  static func rule(_ action: Record.Action, _ id: UInt64, _ path: String) -> Record {
    var record = Record(action)
    record.actor = Record.Actor(uid: 0, name: "root", pid: 9)
    record.object = Record.Object(node: NodeID(60), path: Array(path.utf8))
    record.decision = .grant(RuleID(1))
    record.details = [Record.Detail("rule", String(id)), Record.Detail("reason", "年度审计"), Record.Detail("to", "user:lin")]
    return record
  }

  static func rename(_ actor: Record.Actor, _ from: String, _ to: String) -> Record {
    var record = Record(.rename)
    record.actor = actor
    record.object = Record.Object(node: NodeID(70), path: Array(from.utf8), size: 5)
    record.target = Record.Object(node: NodeID(70), path: Array(to.utf8))
    record.decision = .grant(RuleID(8))
    return record
  }

  /// Fourteen records of lin and bob, and of the program itself.
  static var records: [Record] {
    var mount = Record(.mount)
    mount.actor = Record.Actor(uid: 0, name: "", pid: 1)
    var pages = read(2, 0, 4096)
    pages.action = .pages
    return [
      mount, rule(.grant, 7, "/clients"), open(1, lin, wang, size: 10_000), read(1, 0, 4096), open(2, bob, odd, size: 4000),
      read(1, 2048, 4096), denial(bob, "/clients/李", "open"), pages, release(1, lin, read: 8192, distinct: 6144),
      rename(lin, "/clients/x.pdf", "/archive/x.pdf"), open(3, lin, Array("/archive/y".utf8), size: 0, grant: 8),
      release(3, lin, read: 0, distinct: 0), release(2, bob, read: 4096, distinct: 4000), Record(.unmount),
    ]
  }
}
