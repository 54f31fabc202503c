import Access
import Platform
import Synchronization
import Trail
import Vault
import VaultFormat

/// One change of rules, duties or reviews under way: who makes it, and what the system said of those whom it concerns.
///
/// What may be changed is judged by the rules as they stand, so nobody else may change any between the judging and the commit: else two
/// administrators could take each other's duty at once. But the system is asked about names in judging, and must not hold up everybody. So
/// a change is judged without the turn, and its commit takes the turn where no rules have changed since; where they have, it is judged once
/// more within it, by the answers that it has. Belongs to one thread.
final class RuleChange {
  /// Byte for byte, as rules compare names.
  private struct Key: Hashable {
    let kind: Principal.Kind
    let name: [UInt8]
    let id: UInt32

    init(_ principal: Principal) { (kind, name, id) = (principal.kind, Array(principal.name.utf8), principal.id) }
  }

  private let files: VaultFS
  private(set) var judge: Judge
  /// How many changes had been made before `judge` was.
  fileprivate private(set) var changeCount: UInt64
  /// Whether nobody else changes rules now: nothing is asked of the system then.
  fileprivate private(set) var hasTurn = false
  /// What was judged does not count: rules have changed since, or somebody was not asked about yet.
  fileprivate private(set) var isVoid = false
  fileprivate var isCommitted = false

  private var principals: [[UInt8]: Result<Principal, IdentityError>] = [:]
  private var subjects: [Key: Result<Subject, IdentityError>] = [:]
  private var states: [Key: Result<PrincipalState, IdentityError>] = [:]

  fileprivate init(_ files: VaultFS, _ judge: Judge, changeCount: UInt64) {
    (self.files, self.judge, self.changeCount) = (files, judge, changeCount)
  }

  /// To be judged anew, by the rules as they stand, for the same user with the same groups.
  fileprivate func begin(hasTurn: Bool) {
    self.hasTurn = hasTurn
    isVoid = false
    changeCount = files.ruleChangeCount.load(ordering: .acquiring)
    judge = files.renewed(judge)
  }

  /// What was judged is not to be done.
  fileprivate func void() { isVoid = true }

  // MARK: What the system says, as `Identities` has it; asked once for each change

  func principal(named text: String) throws(IdentityError) -> Principal {
    try answer(in: \.principals, for: Array(text.utf8)) { () throws(IdentityError) in try files.identities.principal(named: text)
    }
  }

  func state(of principal: Principal) throws(IdentityError) -> PrincipalState {
    try answer(in: \.states, for: Key(principal)) { () throws(IdentityError) in try files.identities.state(of: principal) }
  }

  func subject(for principal: Principal) throws(IdentityError) -> Subject {
    try answer(in: \.subjects, for: Key(principal)) { () throws(IdentityError) in
      try files.identities.subject(for: principal)
    }
  }

  private func answer<Question: Hashable, Answer>(
    in known: ReferenceWritableKeyPath<RuleChange, [Question: Result<Answer, IdentityError>]>, for question: Question,
    _ ask: () throws(IdentityError) -> Answer
  ) throws(IdentityError) -> Answer {
    if let answer = self[keyPath: known][question] { return try answer.get() }
    // Whom others have just named is asked about later. Nobody is told of this error.
    guard !hasTurn else {
      void()
      throw .timedOut
    }
    let answer: Result<Answer, IdentityError>
    do throws(IdentityError) { answer = .success(try ask()) } catch { answer = .failure(error) }
    self[keyPath: known][question] = answer
    return try answer.get()
  }
}

extension VaultFS {
  /// Judges and makes a change of rules. `body` ends with `commit`, and may be called more than once: what it throws and returns counts the last
  /// time.
  func changingRules<Value>(
    _ caller: Caller, _ body: (RuleChange) throws(AdministrationFailure) -> Value
  ) throws(AdministrationFailure) -> Value {
    let changeCount = ruleChangeCount.load(ordering: .acquiring)
    let change = RuleChange(self, try administrator(caller), changeCount: changeCount)
    while true {
      if let outcome = attempt(change, body) { return try outcome.get() }
      let outcome = ruleTurn.withLock {
        change.begin(hasTurn: true)
        return attempt(change, body)
      }
      if change.isCommitted { tellRightsChanged(mayWait: true) }
      if let outcome { return try outcome.get() }
      // It concerns somebody who was not asked about before.
      change.begin(hasTurn: false)
    }
  }

  /// Nil where it is to be judged again.
  private func attempt<Value>(
    _ change: RuleChange, _ body: (RuleChange) throws(AdministrationFailure) -> Value
  ) -> Result<Value, AdministrationFailure>? {
    let outcome: Result<Value, AdministrationFailure>
    do throws(AdministrationFailure) { outcome = .success(try body(change)) } catch { outcome = .failure(error) }
    return change.isVoid && !change.isCommitted ? nil : outcome
  }

  /// Records first, then commits, all or nothing: the record may overstate a change that failed, never understate one that was made.
  func commit(_ edits: [RuleEdit], _ records: [Record], _ change: RuleChange) throws(AdministrationFailure) {
    guard !change.isVoid else { throw .failed(.wouldBlock) }
    if change.hasTurn { return try commit(edits, records, inTurnOf: change) }
    try ruleTurn.withLock { () throws(AdministrationFailure) in
      guard ruleChangeCount.load(ordering: .acquiring) == change.changeCount else {
        change.void()
        throw .failed(.wouldBlock)
      }
      try commit(edits, records, inTurnOf: change)
    }
    tellRightsChanged(mayWait: true)
  }

  private func commit(_ edits: [RuleEdit], _ records: [Record], inTurnOf change: RuleChange) throws(AdministrationFailure) {
    for (index, record) in records.enumerated() {
      do throws(FSError) { try append(record) } catch {
        for said in records[..<index] { recordFailure(of: said, errno: error.errno) }
        throw .failed(error)
      }
    }
    do throws(VaultError) {
      try vault.change(edits)
    } catch {
      for record in records { recordFailure(of: record, errno: FSError(error).errno) }
      throw .failed(FSError(error))
    }
    // Once the table of rights is the new one: whoever has judged by the one before must notice.
    ruleChangeCount.add(1, ordering: .releasing)
    change.isCommitted = true
    let rights = vault.rights
    for record in records { rights.noteUse(record.decision, now: vault.latestTime()) }
    identities.watch(rights.groupsInBarriers)
  }

  /// The same user, judged by the rights as they are now.
  fileprivate func renewed(_ judge: Judge) -> Judge {
    let now = vault.latestTime()
    let boot = Clock.boot()
    return Judge(caller: judge.caller, known: views.known(judge.subject, in: vault.rights, now: now), now: now, boot: boot)
  }
}
