import Glibc
import Platform
import Sodium
import Testing
import VaultFormat

@testable import Trail

/// All tests of this part, one after the other: some set `Seam.fault`, which is one for the whole process.
@Suite(.serialized) enum TrailTests {}

/// A trail in a fresh folder, with its keys and one reviewer; removed when the value goes.
final class Fixture: @unchecked Sendable {
  let root: String
  let vault = VaultID(high: 1, low: 2)
  let keys: TrailKeys
  let reviewer: ReviewerIdentity
  let genesis: [UInt8]
  var path: String { root + "/trail" }

  init(create: Bool = true) throws {
    Sodium.start()
    var template = Array("/tmp/strongroom-trail-XXXXXX".utf8CString)
    root = String(cString: template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!)! })
    keys = TrailKeys(
      marks: SharedSecret(try SecretBytes.random(count: 32)), signer: SharedSecret(try SecretBytes.random(count: 32)))
    reviewer = try ReviewerIdentity.make(label: "test")
    genesis = create ? try TrailWriter.create(in: root + "/trail", vault: vault, keys: keys) : []
  }

  deinit {
    Fixture.remove(root)
  }

  static func remove(_ path: String) {
    if let names = try? Files.list(path) { for name in names { remove(path + "/" + name) } }
    if Glibc.unlink(path) != 0 { rmdir(path) }
  }

  /// Quick settings: everything happens in milliseconds.
  static var quick: TrailSettings {
    var settings = TrailSettings()
    settings.syncDelayNanoseconds = 1_000_000
    settings.retryNanoseconds = 5_000_000
    // Long enough for a busy disk; tests of a hanging one set it lower.
    settings.patienceNanoseconds = 30_000_000_000
    settings.closePatienceNanoseconds = 30_000_000_000
    return settings
  }

  func open(
    _ settings: TrailSettings = Fixture.quick, path: String? = nil, reviewers: [ReviewerIdentity]? = nil,
    openHandles: @escaping @Sendable () -> [Record] = { [] }
  ) throws -> TrailWriter {
    try openBoth(settings, path: path, reviewers: reviewers, openHandles: openHandles).writer
  }

  func openBoth(
    _ settings: TrailSettings = Fixture.quick, path: String? = nil, reviewers: [ReviewerIdentity]? = nil,
    openHandles: @escaping @Sendable () -> [Record] = { [] }
  ) throws -> (writer: TrailWriter, opening: TrailOpening) {
    try TrailWriter.open(
      in: path ?? self.path, vault: vault, keys: keys, reviewers: (reviewers ?? [reviewer]).map(\.publicKey), settings: settings,
      openHandles: openHandles)
  }

  enum Secrets { case none, keys, identity, all }

  func verify(
    _ secrets: Secrets = .none, path: String? = nil, genesis: Bool = true, end: ChainPoint? = nil, anchor: String? = nil
  ) throws -> TrailReport {
    var verifier = TrailVerifier(path ?? self.path)
    if genesis { verifier.genesis = self.genesis }
    verifier.end = end
    verifier.anchorPath = anchor
    if secrets == .keys || secrets == .all { verifier.keys = keys }
    if secrets == .identity || secrets == .all { verifier.identity = reviewer }
    return try verifier.verify()
  }

  func records(path: String? = nil, as identity: ReviewerIdentity? = nil, from: Int64 = .min, to: Int64 = .max) throws -> [Record]
  {
    var records: [Record] = []
    try TrailReader(path ?? self.path, identity: identity ?? reviewer).forEach(from: from, to: to) { (entry) throws(TrailError) in
      records.append(entry.record)
      return true
    }
    return records
  }

  /// Copies the trail as it is now, as a crash of the program would leave it.
  func copy(to name: String, from source: String? = nil) throws -> String {
    let source = source ?? path
    let target = root + "/" + name
    Fixture.remove(target)
    try Files.makeFolder(target, mode: 0o700)
    for file in try Files.list(source) { try Fixture.write(Fixture.read(source + "/" + file), to: target + "/" + file) }
    return target
  }

  static func read(_ path: String) throws -> [UInt8] { try File(path, O_RDONLY).readAll(limit: 1 << 30) }

  static func write(_ bytes: [UInt8], to path: String) throws {
    let file = try File(path, O_WRONLY | O_CREAT | O_TRUNC)
    try file.write(bytes, at: 0)
  }

  func segmentPath(_ number: UInt64) -> String { TrailFolder(path: path).segmentPath(number) }
}

func openRecord(_ number: UInt64, path: String = "/clients/王小明/contract.pdf") -> Record {
  var record = Record(.open)
  record.actor = Record.Actor(uid: 1000, name: "lin", pid: 4711, program: "/usr/bin/python3", loginUID: 1000)
  record.object = Record.Object(node: NodeID(number), path: Array(path.utf8), size: 123_456)
  record.handle = HandleID(number)
  record.decision = .grant(RuleID(7))
  return record
}

func plain(_ action: Record.Action, _ text: String) -> Record {
  var record = Record(action)
  record.details = [Record.Detail("text", text)]
  return record
}

extension TrailReport {
  var isBroken: Bool { if case .broken = verdict { true } else { false } }
  var findings: [Finding] { if case .consistent(let findings) = verdict { findings } else { [] } }
}

/// Waits until `condition` holds; fails after five seconds.
func eventually(_ what: Comment, _ condition: () -> Bool) {
  for _ in 0..<5_000 {
    if condition() { return }
    usleep(1_000)
  }
  Issue.record(what)
}
