import Access
import Platform
import Trail
import Vault
package import VaultFormat

/// Making records. A record is in the trail's file before its operation is answered; where it cannot be, the operation fails.
extension VaultFS {
  func actor(_ caller: Caller, name: String) -> Record.Actor {
    let facts = processes.facts(ofThread: caller.thread)
    return Record.Actor(uid: caller.uid, name: name, pid: facts.process, program: facts.program, loginUID: facts.loginUID)
  }

  func actor(_ judge: Judge) -> Record.Actor { actor(judge.caller, name: judge.subject.user.name) }

  /// Names who used a handle that someone else opened, and that someone.
  func name(_ caller: Caller, through handle: OpenDocument, in record: inout Record) {
    record.actor = actor(caller, name: (try? identities.subject(uid: caller.uid).user.name) ?? "")
    record.opener = Record.Actor(uid: handle.opener.uid, name: handle.openerName, pid: 0)
  }

  /// A record of something done to the vault as a whole, for `append`.
  package func record(_ action: Record.Action, _ caller: Caller, _ details: [(key: String, value: String)]) -> Record {
    var record = Record(action)
    record.actor = actor(caller, name: (try? identities.subject(uid: caller.uid).user.name) ?? "")
    record.details = details.map { Record.Detail($0.key, $0.value) }
    return record
  }

  func object(_ node: Node) -> Record.Object {
    let (path, size) = vault.pathAndSize(of: node)
    return Record.Object(node: node.id, path: Self.recorded(path), size: node.kind == .document ? size : nil)
  }

  /// The most of a path that a record holds: twice what one system call takes.
  private static let pathByteCountMax = 8192

  /// A path as records hold it: of a very long one the end, after three dots.
  static func recorded(_ path: [UInt8]) -> [UInt8] {
    path.count <= pathByteCountMax ? path : Array("...".utf8) + path.suffix(pathByteCountMax - 3)
  }

  /// - Throws: `io` where the trail cannot be written: the caller then undoes what it did, or has done nothing yet.
  package func append(_ record: Record) throws(FSError) {
    do throws(TrailError) { try trail.append(record) } catch { throw .io }
  }

  /// The same, of an open document: the record leaves its caller to OPEN's, and it is their rate that counts.
  func append(_ record: Record, by caller: Caller) throws(FSError) {
    do throws(TrailError) { try trail.append(record, uid: caller.uid) } catch { throw .io }
  }

  /// The same, for what `record` says was allowed: a use of the grant that decided.
  func append(_ record: Record, _ judge: Judge) throws(FSError) {
    try append(record)
    judge.rights.noteUse(record.decision, now: judge.now)
  }

  /// The change that `record` announced was not made: on record beside it. Never refused.
  package func recordFailure(of record: Record, errno: Int32) {
    var failed = record
    failed.outcome = .failed
    failed.errno = errno
    trail.appendAlways(failed)
  }

  /// Before anything is changed: the trail must be able to take the record of it.
  func requireTrail() throws(FSError) {
    do throws(TrailError) { try trail.check() } catch { throw .io }
  }

  /// The record of a change that was made in memory just now, after `requireTrail`. Should the trail have failed in between, the
  /// record is owed and its reserve keeps it; the commit that makes the change durable needs a mark in the same trail.
  ///
  /// - Parameter caller: whose rate counts where the record leaves that to OPEN's.
  func recordDone(_ record: Record, by caller: Caller? = nil) {
    do throws(TrailError) { try trail.append(record, uid: caller?.uid) } catch { trail.appendAlways(record) }
  }

  /// The same, for what a grant allowed: a use of it.
  func recordDone(_ record: Record, _ judge: Judge) {
    recordDone(record)
    judge.rights.noteUse(record.decision, now: judge.now)
  }

  /// A refusal, recorded, and the error to answer with. Floods of one refusal are counted.
  ///
  /// - Parameter handle: the open document through which it came; its opener is named where that is someone else.
  func deny(
    _ judge: Judge, _ operation: Operation, _ node: Node?, _ decision: Record.Decision, _ error: FSError,
    through handle: OpenDocument? = nil
  ) -> FSError {
    let opener = handle.flatMap {
      $0.opener.uid == judge.caller.uid ? nil : Record.Actor(uid: $0.opener.uid, name: $0.openerName, pid: 0)
    }
    return deny(judge.caller, name: judge.subject.user.name, operation, node, decision, error, opener: opener)
  }

  func deny(
    _ caller: Caller, name: String, _ operation: Operation, _ node: Node?, _ decision: Record.Decision, _ error: FSError,
    opener: Record.Actor? = nil
  ) -> FSError {
    statistics.refusal()
    let key = RepeatedRefusals.Key(uid: caller.uid, node: node?.id ?? .none, operation: operation, errno: error.errno)
    return repeated.note(key) {
      var record = Record(.deny)
      record.actor = actor(caller, name: name)
      record.opener = opener
      if let node { record.object = object(node) }
      record.outcome = .refused
      record.errno = error.errno
      record.decision = decision
      record.details = [Record.Detail("operation", operation.rawValue)]
      return record
    } ? error : .io
  }

  /// A name that is hidden or absent: the two take this one path, and are counted by user, folder and minute.
  func hidden(_ judge: Judge, _ operation: Operation, folder: Node, _ standing: Standing) -> FSError {
    let key = RepeatedRefusals.Key(uid: judge.caller.uid, node: folder.id, operation: .lookup, errno: FSError.noEntry.errno)
    repeated.count(key) {
      var record = Record(.deny)
      record.actor = actor(judge)
      record.object = object(folder)
      record.outcome = .refused
      record.errno = FSError.noEntry.errno
      record.decision = standing.decision(for: .list)
      record.details = [Record.Detail("operation", Operation.lookup.rawValue)]
      return record
    }
    return .noEntry
  }
}
