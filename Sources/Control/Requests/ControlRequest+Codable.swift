extension ControlRequest: Codable {
  private enum Key: String, CodingKey {
    case kind, body
  }

  private enum Kind: String {
    case status
    case grantAdd = "grant-add"
    case grantImport = "grant-import"
    case grantList = "grant-list"
    case grantRevoke = "grant-revoke"
    case barrierAdd = "barrier-add"
    case barrierList = "barrier-list"
    case barrierRemove = "barrier-remove"
    case boundarySet = "boundary-set"
    case boundaryClear = "boundary-clear"
    case boundaryList = "boundary-list"
    case accessExplain = "access-explain"
    case accessWho = "access-who"
    case accessWhat = "access-what"
    case accessConflicts = "access-conflicts"
    case dutyAdd = "duty-add"
    case dutyRemove = "duty-remove"
    case dutyList = "duty-list"
    case reviewOpen = "review-open"
    case reviewList = "review-list"
    case reviewShow = "review-show"
    case reviewDecide = "review-decide"
    case reviewClose = "review-close"
    case keyList = "key-list"
    case keyChange = "key-change"
    case reviewerAdd = "reviewer-add"
    case reviewerRetire = "reviewer-retire"
    case reviewerList = "reviewer-list"
    case review, verify
    case unmount
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func body<Body: Decodable>() throws -> Body { try container.decode(Body.self, forKey: .body) }

    let name = try container.decode(String.self, forKey: .kind)
    guard let kind = Kind(rawValue: name) else { throw ControlFailure.unknownRequest(String(name.prefix(64))) }
    switch kind {
    case .status: self = .status
    case .grantAdd: self = .grantAdd(try body())
    case .grantImport: self = .grantImport(try body())
    case .grantList: self = .grantList(try body())
    case .grantRevoke: self = .grantRevoke(try body())
    case .barrierAdd: self = .barrierAdd(try body())
    case .barrierList: self = .barrierList(try body())
    case .barrierRemove: self = .barrierRemove(try body())
    case .boundarySet: self = .boundarySet(try body())
    case .boundaryClear: self = .boundaryClear(try body())
    case .boundaryList: self = .boundaryList(try body())
    case .accessExplain: self = .accessExplain(try body())
    case .accessWho: self = .accessWho(try body())
    case .accessWhat: self = .accessWhat(try body())
    case .accessConflicts: self = .accessConflicts
    case .dutyAdd: self = .dutyAdd(try body())
    case .dutyRemove: self = .dutyRemove(try body())
    case .dutyList: self = .dutyList
    case .reviewOpen: self = .reviewOpen(try body())
    case .reviewList: self = .reviewList
    case .reviewShow: self = .reviewShow(try body())
    case .reviewDecide: self = .reviewDecide(try body())
    case .reviewClose: self = .reviewClose(try body())
    case .keyList: self = .keyList
    case .keyChange: self = .keyChange(try body())
    case .reviewerAdd: self = .reviewerAdd(try body())
    case .reviewerRetire: self = .reviewerRetire(try body())
    case .reviewerList: self = .reviewerList
    case .review: self = .review(try body())
    case .verify: self = .verify(try body())
    case .unmount: self = .unmount
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    func write(_ kind: Kind, _ body: (any Encodable)? = nil) throws {
      try container.encode(kind.rawValue, forKey: .kind)
      if let body { try container.encode(body, forKey: .body) }
    }

    switch self {
    case .status: try write(.status)
    case .grantAdd(let body): try write(.grantAdd, body)
    case .grantImport(let body): try write(.grantImport, body)
    case .grantList(let body): try write(.grantList, body)
    case .grantRevoke(let body): try write(.grantRevoke, body)
    case .barrierAdd(let body): try write(.barrierAdd, body)
    case .barrierList(let body): try write(.barrierList, body)
    case .barrierRemove(let body): try write(.barrierRemove, body)
    case .boundarySet(let body): try write(.boundarySet, body)
    case .boundaryClear(let body): try write(.boundaryClear, body)
    case .boundaryList(let body): try write(.boundaryList, body)
    case .accessExplain(let body): try write(.accessExplain, body)
    case .accessWho(let body): try write(.accessWho, body)
    case .accessWhat(let body): try write(.accessWhat, body)
    case .accessConflicts: try write(.accessConflicts)
    case .dutyAdd(let body): try write(.dutyAdd, body)
    case .dutyRemove(let body): try write(.dutyRemove, body)
    case .dutyList: try write(.dutyList)
    case .reviewOpen(let body): try write(.reviewOpen, body)
    case .reviewList: try write(.reviewList)
    case .reviewShow(let body): try write(.reviewShow, body)
    case .reviewDecide(let body): try write(.reviewDecide, body)
    case .reviewClose(let body): try write(.reviewClose, body)
    case .keyList: try write(.keyList)
    case .keyChange(let body): try write(.keyChange, body)
    case .reviewerAdd(let body): try write(.reviewerAdd, body)
    case .reviewerRetire(let body): try write(.reviewerRetire, body)
    case .reviewerList: try write(.reviewerList)
    case .review(let body): try write(.review, body)
    case .verify(let body): try write(.verify, body)
    case .unmount: try write(.unmount)
    }
  }
}
