import Access
import Catalog
import Keys
import Platform
import Trail
import VaultFormat

/// The commit order (DESIGN §4): blobs and packs on disk, then the mark in the trail on disk, then the catalog naming that mark.
extension Vault {
  /// Everything changed before the call is on disk on return, or this throws and a later fsync throws again until a commit succeeds.
  package func sync() throws(VaultError) { try committer.commitAndWait() }

  /// The same without a thread that waits. `answer` is called once, on any thread, with why not: at the latest after `syncPatienceNanoseconds`.
  package func sync(then answer: @escaping @Sendable (VaultError?) -> Void) { committer.commit(then: answer) }

  func startCommitting() {
    content.startSealingClosed { [unowned self] in nameSealed($0) }
    committer.start(
      interval: settings.commitIntervalNanoseconds, documentLimit: settings.commitDocumentCount,
      hasWork: { [self] in
        committer.wantsRound || areUsesDue
          || tree.withLock { !committer.dirty.isEmpty || !committer.obsolete.isEmpty || !committer.rules.isEmpty }
      },
      run: { [self] in commitOnce() })
  }

  /// One round, on the committing thread. Returns why it failed, nil for success.
  func commitOnce() -> VaultError? { committing.withLock { commitHoldingLock() } }

  private func commitHoldingLock() -> VaultError? {
    var group: CommitGroup?
    let isWanted = committer.wantsRound
    do throws(VaultError) {
      // Sealing takes pack numbers and waits for none: where few are left, a commit of nothing else reserves them first.
      if numbers.isShortOfPacks { try write(CommitGroup(number: tree.withLock { committer.group - 1 })) }
      try sealChangedDocuments()
      gatherUses()
      let taken = try takeGroup()
      group = taken
      // An fsync of what is on disk already costs nothing.
      guard !taken.isEmpty || numbers.needsReservation || file.generation != committer.generation || isWanted else {
        return nil
      }
      if isWanted { committer.takeRound() }
      try write(taken)
      changesRefused.set(nil)
      return nil
    } catch {
      if let group { putBack(group) }
      if isWanted { committer.wantRound() }
      changesRefused.set(error)
      return error
    }
  }

  // MARK: Taking the group

  /// Most of the sealing, while others go on writing.
  private func sealChangedDocuments() throws(VaultError) {
    let contents = tree.withLock { committer.dirty.values.compactMap { $0.isRemoved ? nil : $0.content } }
    for content in contents { try seal(content) }
  }

  private func seal(_ content: DocumentContent) throws(VaultError) {
    do throws(ContentError) {
      try content.lock.writing { () throws(ContentError) -> Void in try content.sealAllLocked() }
    } catch { throw VaultError(error) }
  }

  /// The state of everything changed, at one instant: no write is under way, and what was written is sealed.
  private func takeGroup() throws(VaultError) -> CommitGroup {
    try gate.writing { () throws(VaultError) -> CommitGroup in
      try sealChangedDocuments()
      return tree.withLock {
        var group = CommitGroup(number: committer.group)
        for node in committer.dirty.values { group.members.append(takeMember(node, into: &group)) }
        group.obsolete += committer.obsolete
        group.rules = committer.rules
        committer.dirty = [:]
        committer.obsolete = []
        committer.rules = [:]
        committer.group += 1
        return group
      }
    }
  }

  /// Under the gate, alone, and the tree lock: nobody writes content or takes its blobs, so its list stands still.
  private func takeMember(_ node: Node, into group: inout CommitGroup) -> CommitGroup.Member {
    node.isDirty = false
    node.isCommitting = true
    var member = CommitGroup.Member(
      node: node, record: node.record, tag: node.tag, isRemoved: node.isRemoved, stored: node.stored)
    if let content = node.content {
      if node.isRemoved {
        if !node.isInUse {
          group.obsolete += content.takeAllLocked()
          node.content = nil
        }
      } else {
        if node.isContentChanged { member.extents = content.list.extents }
        group.obsolete += content.takeObsoleteLocked()
        node.isContentChanged = false
      }
    }
    return member
  }

  // MARK: Writing it

  /// The member with the rows of all its extents, where the draft replaces or deletes them.
  private func withFurtherExtents(_ member: CommitGroup.Member) throws(VaultError) -> CommitGroup.Member {
    guard let stored = member.stored, stored.furtherExtents == nil, member.isRemoved || member.extents != nil else {
      return member
    }
    var member = member
    do throws(VaultError) {
      member.stored?.furtherExtents = try furtherExtents(of: member.node.id)
    } catch {
      // Damaged rows of a removed document stay where they are, digests and all: better than a vault that commits no more.
      guard case .damaged = error, member.isRemoved else { throw error }
    }
    return member
  }

  private func write(_ group: CommitGroup) throws(VaultError) {
    let packs: [PackState]
    do throws(ContentError) { packs = try content.sync(obsolete: group.obsolete) } catch { throw VaultError(error) }
    let rules = Array(group.rules.keys) + packs.map(CommitDraft.key) + [CommitDraft.countersKey]
    var draft = CommitDraft(vault: self, rules: rules)
    for member in group.members { draft.add(try withFurtherExtents(member)) }
    for (key, plaintext) in group.rules { draft.add(rule: key, plaintext) }
    for pack in packs { draft.add(pack) }
    if let counters = numbers.nextReservation() { draft.add(counters) }

    let (buckets, sum) = ledger.prepare(draft.delta)
    for (bucket, digest) in buckets {
      draft.put(RowKey(.bucket, bucket), BucketRecord(digest: digest).encode())
    }
    committer.tried += 1
    let latest = latestTime()
    let commit = CommitRecord(
      number: committer.tried, predecessor: committer.committed, digest: sum, generation: file.generation, latestTime: latest)
    draft.put(RowKey(.meta, MetaKey.commit.rawValue), commit.encode())
    // A disk that is too full for the rows is met before the mark, while nothing has been said.
    do throws(CatalogError) {
      try catalog.reserve(rowCount: draft.changes.deletes.count + draft.changes.upserts.count)
    } catch {
      ledger.abandon()
      throw VaultError(error)
    }
    do throws(TrailError) {
      _ = try trail.writeMark(
        commit: commit.number, predecessor: commit.predecessor, digest: sum.bytes, generation: commit.generation,
        catalogFileDigest: nil)
    } catch {
      ledger.abandon()
      throw .trail(error)
    }
    do throws(CatalogError) {
      try catalog.commit(draft.changes)
    } catch {
      ledger.abandon()
      throw VaultError(error)
    }
    finish(group, draft, commit)
  }

  private func finish(_ group: CommitGroup, _ draft: CommitDraft, _ commit: CommitRecord) {
    committer.committed = commit.number
    committer.predecessor = commit.predecessor
    committer.generation = commit.generation
    ledger.commit()
    numbers.reservationCommitted()
    tree.withLock {
      for (node, stored) in draft.stored {
        var stored = stored
        // A reader may have loaded rows meanwhile that this commit did not change.
        if stored != nil, stored?.furtherExtents == nil { stored?.furtherExtents = node.stored?.furtherExtents }
        node.stored = stored
      }
      for (key, digest) in draft.ruleDigests { rules.stored[key] = digest }
      for member in group.members {
        let node = member.node
        node.isCommitting = false
        if !node.isInUse, !node.isDirty, !node.isRemoved { node.content = nil }
      }
      table.committed(group.number)
      committer.advanceEpoch()
      table.trim()
    }
    content.committed()
    content.discard(group.obsolete)
  }

  /// A failed group is all still to be said; what changed since is said with it.
  private func putBack(_ group: CommitGroup) {
    tree.withLock {
      for member in group.members {
        member.node.isCommitting = false
        member.node.isDirty = true
        if member.extents != nil { member.node.isContentChanged = true }
        if committer.dirty[member.node.id] == nil { committer.dirty[member.node.id] = member.node }
      }
      committer.obsolete += group.obsolete
      for (key, plaintext) in group.rules where committer.rules[key] == nil { committer.rules[key] = plaintext }
      table.failed(group.number, next: committer.group)
    }
  }

  /// The later of the wall clock and the latest time committed: validity never goes back.
  package func latestTime() -> Int64 { latest.advance(to: Clock.wall()) }
}

/// The changes of one commit, as they were at one instant.
struct CommitGroup {
  struct Member {
    let node: Node
    let record: NodeRecord
    let tag: NameTag
    let isRemoved: Bool
    /// What the catalog held when the group was taken.
    var stored: StoredNode?
    /// Nil where the content did not change.
    var extents: [Extent]?
  }

  let number: UInt64
  var members: [Member] = []
  var obsolete: [BlobReference] = []
  var rules: [RowKey: [UInt8]?] = [:]

  var isEmpty: Bool { members.isEmpty && obsolete.isEmpty && rules.isEmpty }

  init(number: UInt64) { self.number = number }
}
