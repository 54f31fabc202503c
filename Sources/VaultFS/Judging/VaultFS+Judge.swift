import Access
import Platform
import Vault
import VaultFormat

/// A caller with what the system and the rights say of them, for one operation.
struct Judge {
  let caller: Caller
  let known: KnownSubject
  /// The later of the wall clock and the latest time committed.
  let now: Int64
  /// Boot time, taken before anything was asked.
  let boot: Int64

  var subject: Subject { known.subject }
  var rights: RightsTable { known.rights }
  var view: SubjectView { known.view }
}

/// Asking what a caller may do. Every function judges anew; nothing trusts an earlier lookup.
extension VaultFS {
  /// - Throws: `accessDenied`, recorded, where the system cannot say who the caller is; `io` where the trail takes no records: what
  ///   nobody could account for is not answered either.
  func judge(_ caller: Caller, _ operation: Operation) throws(FSError) -> Judge {
    try requireTrail()
    let boot = Clock.boot()
    let subject: Subject
    do throws(IdentityError) {
      subject = try identities.subject(uid: caller.uid)
    } catch {
      throw deny(caller, name: "", operation, nil, .identityUnknown, .accessDenied)
    }
    let now = vault.latestTime()
    let known =
      views.known(subject, generation: vault.rightsGeneration, now: now) ?? views.known(subject, in: vault.rights, now: now)
    return Judge(caller: caller, known: known, now: now, boot: boot)
  }

  /// What the caller may do at a folder.
  func standing(_ judge: Judge, at folder: Node) throws(FSError) -> Standing {
    do throws(VaultError) {
      let anchor = try vault.anchor(of: folder, in: judge.rights)
      let standing = judge.view.standing(at: anchor)
      return anchor == folder.id ? standing : standing.ofFolderBelow
    } catch { throw FSError(error) }
  }

  /// The folder that a node's rights come from: itself, or the one that holds it.
  func judgingFolder(of node: Node) throws(FSError) -> Node {
    if node.kind == .folder { return node }
    do throws(VaultError) {
      guard let folder = try vault.parent(of: node) else { throw .gone }
      return folder
    } catch { throw FSError(error) }
  }

  func standing(_ judge: Judge, of node: Node) throws(FSError) -> Standing { try standing(judge, at: judgingFolder(of: node)) }

  func isVisible(_ judge: Judge, _ node: Node) throws(FSError) -> Bool {
    let standing = try standing(judge, of: node)
    return node.kind == .folder ? standing.isVisible : standing.rights.contains(.list)
  }

  // MARK: Finding operands

  /// A node by the number that the kernel has from an earlier lookup.
  /// - Throws: `stale` where it is gone.
  func node(_ number: FileNumber) throws(FSError) -> Node {
    do throws(VaultError) { return try vault.node(number.node) } catch { throw FSError(error) }
  }

  /// A folder that the caller sees.
  /// - Throws: `stale`, `notFolder`, or `noEntry` where it is hidden.
  func visibleFolder(_ number: FileNumber, _ judge: Judge, _ operation: Operation) throws(FSError) -> (
    folder: Node, standing: Standing
  ) {
    let folder = try node(number)
    guard folder.kind == .folder else { throw .notFolder }
    let standing = try standing(judge, at: folder)
    guard standing.isVisible else { throw hidden(judge, operation, folder: folder, standing) }
    return (folder, standing)
  }

  /// A node of any kind that the caller sees, with the standing at the folder that judges it.
  func visibleNode(_ number: FileNumber, _ judge: Judge, _ operation: Operation) throws(FSError) -> (
    node: Node, standing: Standing
  ) {
    let node = try node(number)
    return (node, try requireVisible(node, judge, operation))
  }

  /// The standing at the folder that judges a node which the caller sees.
  /// - Throws: `noEntry` where it is hidden.
  func requireVisible(_ node: Node, _ judge: Judge, _ operation: Operation) throws(FSError) -> Standing {
    let folder = try judgingFolder(of: node)
    let standing = try standing(judge, at: folder)
    let isSeen = node.kind == .folder ? standing.isVisible : standing.rights.contains(.list)
    guard isSeen else { throw hidden(judge, operation, folder: folder, standing) }
    return standing
  }

  /// The node called `name`, or nil, and whether the caller sees it.
  func child(of folder: Node, _ standing: Standing, named name: Name, _ judge: Judge) throws(FSError) -> (
    node: Node?, isVisible: Bool
  ) {
    do throws(VaultError) {
      guard let node = try vault.child(of: folder, named: name) else { return (nil, false) }
      if node.kind != .folder { return (node, standing.rights.contains(.list)) }
      return (node, try isVisibleFolder(node, judge))
    } catch { throw FSError(error) }
  }

  private func isVisibleFolder(_ node: Node, _ judge: Judge) throws(VaultError) -> Bool {
    let anchor = try vault.anchor(of: node, in: judge.rights)
    let standing = judge.view.standing(at: anchor)
    return anchor == node.id ? standing.isVisible : standing.ofFolderBelow.isVisible
  }

  /// A name as the kernel passed it.
  /// - Throws: `nameTooLong` over 255 bytes (the kernel passes 4,000), `invalid` for what is no name.
  func name(_ bytes: UnsafeRawBufferPointer) throws(FSError) -> Name {
    guard bytes.count <= Name.byteCountMax else { throw .nameTooLong }
    guard let name = Name(bytes) else { throw .invalid }
    return name
  }

  // MARK: Asking for a right

  /// - Throws: `error`, recorded, unless every right in `needed` is there.
  func require(
    _ needed: Rights, _ judge: Judge, _ standing: Standing, _ operation: Operation, _ node: Node,
    as error: FSError = .accessDenied, through handle: OpenDocument? = nil
  ) throws(FSError) {
    guard !standing.rights.isSuperset(of: needed) else { return }
    let lacking = needed.subtracting(standing.rights)
    throw deny(judge, operation, node, standing.decision(for: lacking), error, through: handle)
  }
}
