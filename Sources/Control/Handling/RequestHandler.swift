import Access
package import VaultFS
import VaultFormat

/// Answers the requests of a running mount: turns them into calls of VaultFS, as the peer's uid, and results into reports.
package final class RequestHandler: Sendable {
  let files: VaultFS
  let mount: MountFacts
  /// Ends the mount, or says why not. Called for operators only.
  private let unmount: @Sendable () throws(ControlFailure) -> Void
  /// Requests of the kernel so far, and those not answered yet.
  let requestCounts: @Sendable () -> (total: UInt64, unanswered: UInt64)
  let knownReviewers = KnownReviewers()

  package init(
    _ files: VaultFS, _ mount: MountFacts,
    requestCounts: @escaping @Sendable () -> (total: UInt64, unanswered: UInt64) = { (0, 0) },
    unmount: @escaping @Sendable () throws(ControlFailure) -> Void
  ) {
    self.requestCounts = requestCounts
    self.files = files
    self.mount = mount
    self.unmount = unmount
  }

  /// For `ControlServer`.
  package func handle(_ request: ControlRequest, _ peer: ControlPeer, _ replies: ControlReplies) throws(ControlFailure) {
    let caller = Caller(uid: peer.uid, gid: peer.gid, thread: peer.pid)
    switch request {
    case .status: replies.send(.status(isOfficer(peer, caller) ? status() : status().withoutFigures))
    case .grantAdd, .grantImport, .grantList, .grantRevoke: try handleGrants(request, caller, replies)
    case .barrierAdd, .barrierList, .barrierRemove: try handleBarriers(request, caller, replies)
    case .boundarySet, .boundaryClear, .boundaryList: try handleBoundaries(request, caller, replies)
    case .accessExplain, .accessWho, .accessWhat: try handleAccess(request, caller, replies)
    case .dutyAdd, .dutyRemove, .dutyList, .accessConflicts: try handleDuties(request, peer, caller, replies)
    case .reviewOpen, .reviewList, .reviewShow, .reviewDecide, .reviewClose: try handleReviews(request, caller, replies)
    case .keyList:
      try requireOperator(peer, caller)
      replies.send(keySlots(), as: ControlResponse.keySlots)
    case .keyChange(let change):
      try requireOperator(peer, caller)
      try changeKeys(change, caller)
      replies.send(keySlots(), as: ControlResponse.keySlots)
    case .reviewerList:
      try requireOfficer(peer, caller)
      replies.send(reviewers(), as: ControlResponse.reviewers)
    case .reviewerAdd(let new):
      // Who may read the trail is no decision of those who keep the machine: they could let themselves in.
      try perform { () throws(AdministrationFailure) in try files.requireDuty(caller, .administrator) }
      replies.send([try addReviewer(new, caller)], as: ControlResponse.reviewers)
    case .reviewerRetire(let old):
      try perform { () throws(AdministrationFailure) in try files.requireDuty(caller, .administrator) }
      replies.send([try retireReviewer(old, caller)], as: ControlResponse.reviewers)
    case .review(let notice): try noteReview(notice, caller)
    case .verify(let wanted): try verify(wanted, peer, caller, replies)
    case .unmount:
      try requireOperator(peer, caller)
      try unmount()
    }
  }

  /// Runs an administrator's command and words its failure.
  /// - Parameters: what the request named, which the failure may speak of.
  func perform<Result>(
    on path: VaultPath? = nil, about principal: PrincipalName? = nil, _ body: () throws(AdministrationFailure) -> Result
  ) throws(ControlFailure) -> Result {
    do throws(AdministrationFailure) { return try body() } catch {
      throw ControlFailure(error, files, named: Self.named(path, principal))
    }
  }

  static func named(_ path: VaultPath?, _ principal: PrincipalName?) -> [String: String] {
    var named: [String: String] = [:]
    if let path { named["path"] = path.text }
    if let principal { (named["principal"], named["value"]) = (principal.description, principal.description) }
    return named
  }
}

/// What does not change while a mount lasts.
package struct MountFacts: Sendable {
  package var mountpoint: String
  package var mounted: WallTime
  /// The account that the mount runs as.
  package var uid: UInt32
  package var pid: Int32
  package var privateUser: String?
  package var configuration: [String: String]

  package init(
    mountpoint: String, mounted: WallTime, uid: UInt32, pid: Int32, privateUser: String?, configuration: [String: String]
  ) {
    self.mountpoint = mountpoint
    self.mounted = mounted
    self.uid = uid
    self.pid = pid
    self.privateUser = privateUser
    self.configuration = configuration
  }
}

extension VaultPath {
  /// A folder's path as VaultFS gives it; the root where it is gone.
  init(of folder: NodeID, _ files: VaultFS) { self = VaultPath(bytes: files.path(ofFolder: folder)) ?? .root }

  /// The same for a caller who sees the folder; nil for others.
  init?(of folder: NodeID, shownTo caller: Caller, _ files: VaultFS) {
    guard let path = files.path(of: folder, shownTo: caller).flatMap({ VaultPath(bytes: $0) }) else { return nil }
    self = path
  }
}

extension PrincipalName {
  init(_ principal: Principal) { self.init(kind: principal.kind, name: principal.name) }
}

extension Principal {
  var wireName: PrincipalName { PrincipalName(self) }
}
