import Access
import BlobStore
import Catalog
package import Keys
import Platform
package import Sodium
package import Trail
package import VaultFormat

/// Making a vault.
extension Vault {
  /// What `init` needs.
  package struct NewVault: Sendable {
    package var reviewers: [Reviewer]
    /// Each is given `steward` (list, grant) at the root.
    package var administrators: [Principal]
    package var slotLabel: String

    package init(reviewers: [Reviewer], administrators: [Principal], slotLabel: String) {
      self.reviewers = reviewers
      self.administrators = administrators
      self.slotLabel = slotLabel
    }
  }

  /// Makes a vault in `path`, which must be missing or an empty folder. On return it is whole and on disk, and locked.
  ///
  /// Returns the trail's genesis key: to be kept elsewhere, since the vault keeps it nowhere that a verifier trusts.
  package static func create(
    at path: String, _ new: NewVault, secret: borrowing SlotSecret, strength: PasswordHash = .moderate
  ) throws(UnlockError) -> (id: VaultID, genesis: [UInt8]) {
    let folder: VaultFolder
    do throws(VaultFolderError) { folder = try VaultFolder.make(at: path) } catch { throw .folder(error) }
    do throws(UnlockError) {
      return try create(in: folder, new, secret: secret, strength: strength)
    } catch {
      folder.removeUnfinished()
      throw error
    }
  }

  private static func create(
    in folder: VaultFolder, _ new: NewVault, secret: borrowing SlotSecret, strength: PasswordHash
  ) throws(UnlockError) -> (id: VaultID, genesis: [UInt8]) {
    let id = VaultID.random()
    let file: VaultFile
    let keys: VaultKeys
    do throws(KeysError) {
      let root = try VaultKeys.makeRoot()
      file = try VaultFile.make(
        vault: id, root: root, secret: secret, label: new.slotLabel, reviewers: new.reviewers, now: Clock.wall() / 1_000_000_000,
        strength: strength)
      keys = try VaultKeys(vault: id, root: root)
    } catch { throw UnlockError(error) }

    let genesis: [UInt8]
    do throws(TrailError) {
      genesis = try TrailWriter.create(in: folder.trailPath, vault: id, keys: keys.trail)
    } catch { throw .trail("\(error)") }
    let catalog: SQLiteCatalog
    do throws(CatalogError) { catalog = try SQLiteCatalog.create(at: folder.catalogPath) } catch { throw UnlockError(error) }

    let handles = OpenHandleSource()
    let trail = try openTrail(folder, keys, file, VaultSettings(), handles).writer
    let counters = Counters(node: 2, rule: 1, rowVersion: 1, pack: 1)
    let none = CommitRecord(number: 0, predecessor: 0, digest: .zero, generation: file.generation, latestTime: 0)
    let vault = try Vault(
      folder: folder, keys: keys, file: file, trail: trail, catalog: catalog, settings: VaultSettings(), digests: [:],
      counters: counters, commit: none, lastMark: nil, packs: [:], rules: RuleSet(), openHandles: handles)
    do throws(VaultError) {
      try vault.fill(administrators: new.administrators)
      // vault.json last: until it is there, there is no vault.
      try folder.write(file.encode(), to: VaultFolder.secondCopy)
      try folder.write(file.encode(), to: VaultFolder.firstCopy)
      try vault.close()
    } catch { throw UnlockError(error) }
    return (id, genesis)
  }

  /// The root folder and the first grants, committed.
  private func fill(administrators: [Principal]) throws(VaultError) {
    let now = Clock.wall()
    tree.withLock {
      let record = NodeRecord(kind: .folder, parent: .none, name: .root, mode: 0o755, uid: 0, gid: 0, time: now)
      let root = Node(id: .root, record: record, tag: keys.nameTag(parent: .none, name: .root), stored: nil)
      root.isComplete = true
      table.insert(root)
      markDirty(root)
    }
    startCommitting()
    beginCounting()
    try sync()
    var edits: [RuleEdit] = []
    for administrator in administrators {
      let grant = Grant(
        id: try newRuleID(), folder: .root, principal: administrator, rights: [.list, .grant], giver: Administration.founder,
        reason: "first administrator", given: now)
      try record(grant, "init")
      edits.append(.add(.grant(grant)))
      edits.append(try firstDuty(of: administrator, reason: grant.reason, "init", now: now))
    }
    try change(edits)
  }

  private func record(_ grant: Grant, _ operation: String) throws(VaultError) {
    var record = Record(.grant)
    record.actor = .thisProcess(name: Administration.founder.name)
    record.object = Record.Object(node: grant.folder, path: [0x2f])
    record.details = [
      Record.Detail("operation", operation), Record.Detail("rule", String(grant.id.value)),
      Record.Detail("to", grant.principal.description), Record.Detail("rights", grant.rights.names),
      Record.Detail("reason", grant.reason),
    ]
    do throws(TrailError) { try trail.append(record) } catch { throw .trail(error) }
  }

  /// The first administrators of a vault that was made before there were duties: those who manage rights at the root for good. On disk
  /// and on record on return; nothing where there are duties.
  func recordFirstDuties() throws(VaultError) {
    guard duties.isEmpty else { return }
    let now = latestTime()
    var edits: [RuleEdit] = []
    var named: [Principal] = []
    for grant in grants where grant.folder == .root && grant.rights.contains(.grant) && grant.isLive(at: now) {
      guard grant.until == nil, !named.contains(where: { $0.isExactly(grant.principal) }) else { continue }
      named.append(grant.principal)
      edits.append(
        try firstDuty(of: grant.principal, reason: "manages rights at the root (grant \(grant.id))", "upgrade", now: now))
    }
    if !edits.isEmpty { try change(edits) }
  }

  /// Recorded, and to be committed.
  private func firstDuty(
    of principal: Principal, reason: String, _ operation: String, now: Int64
  ) throws(VaultError) -> RuleEdit {
    let duty = Duty(
      id: try newRuleID(), kind: .administrator, principal: principal, giver: Administration.founder, reason: reason, given: now)
    var record = Record(.duty)
    record.actor = .thisProcess(name: Administration.founder.name)
    record.details = [Record.Detail("operation", operation)] + duty.details(change: "given")
    do throws(TrailError) { try trail.append(record) } catch { throw .trail(error) }
    return .addDuty(duty)
  }
}

extension Duty {
  /// What a DUTY record says of it.
  /// - Parameter change: `given` or `taken`.
  package func details(change: String, reason: String? = nil) -> [Record.Detail] {
    [
      Record.Detail("change", change), Record.Detail("rule", String(id.value)), Record.Detail("duty", kind.name),
      Record.Detail("to", principal.description), Record.Detail("reason", reason ?? self.reason),
    ]
  }
}

extension VaultKeys {
  /// The two keys that the trail's writer needs.
  package var trail: TrailKeys { TrailKeys(marks: trailMarks, signer: trailSigner) }
}
