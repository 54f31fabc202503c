/// All that can be asked of a running mount. The mount judges each for the peer's uid; nothing in a request says who asks.
///
/// In JSON `{"kind":"grant-add","body":{…}}`. Kinds are never renamed; a server answers one that it does not know with a failure.
package enum ControlRequest: Sendable, Equatable {
  case status
  case grantAdd(GrantAddRequest)
  case grantImport(GrantImportRequest)
  case grantList(RuleListRequest)
  case grantRevoke(RuleRemoveRequest)
  case barrierAdd(BarrierAddRequest)
  case barrierList(RuleListRequest)
  case barrierRemove(RuleRemoveRequest)
  case boundarySet(BoundaryRequest)
  case boundaryClear(BoundaryRequest)
  case boundaryList(RuleListRequest)
  case accessExplain(ExplainRequest)
  case accessWho(WhoRequest)
  case accessWhat(WhatRequest)
  case accessConflicts
  case dutyAdd(DutyRequest)
  case dutyRemove(DutyRequest)
  case dutyList
  case reviewOpen(ReviewOpenRequest)
  case reviewList
  case reviewShow(ReviewShowRequest)
  case reviewDecide(ReviewDecideRequest)
  case reviewClose(RuleRemoveRequest)
  case keyList
  case keyChange(KeyChangeRequest)
  case reviewerAdd(ReviewerAddRequest)
  case reviewerRetire(ReviewerRetireRequest)
  case reviewerList
  case review(ReviewNotice)
  case verify(VerifyRequest)
  case unmount
}

extension ControlRequest {
  /// Whether it fits into one frame.
  package var isSendable: Bool { ControlFrame.request(self).encode().count <= ControlLimits().frameByteCountMax }
}
