package import Vault

/// One piece of an answer. Lists may come in several pieces; a command that changes something answers with what is there now.
///
/// In JSON `{"kind":"grants","body":[…]}`. The values in it are what `--json` prints, so their field names are never changed.
package enum ControlResponse: Sendable, Equatable {
  case status(StatusReport)
  case grants([GrantReport])
  case grantSteps([GrantStepReport])
  case barriers([BarrierReport])
  case boundaries([BoundaryReport])
  case explanation(ExplanationReport)
  case who([WhoReport])
  case what([WhatReport])
  case conflicts([ConflictReport])
  case duties([DutyReport])
  case reviews([ReviewReport])
  case reviewItems([ReviewItemReport])
  case reviewSteps([ReviewStepReport])
  case keySlots([KeySlotReport])
  case reviewers([ReviewerReport])
  case verifyProgress(VerifyProgressReport)
  case findings([FindingReport])
  case verified(VerifyReport)
}

extension ControlResponse: Codable {
  private enum Key: String, CodingKey {
    case kind, body
  }

  private enum Kind: String, Codable {
    case status, grants
    case grantSteps = "grant-steps"
    case barriers, boundaries, explanation, who, what
    case conflicts, duties, reviews
    case reviewItems = "review-items"
    case reviewSteps = "review-steps"
    case keySlots = "key-slots"
    case reviewers
    case verifyProgress = "verify-progress"
    case findings, verified
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    func body<Body: Decodable>() throws -> Body { try container.decode(Body.self, forKey: .body) }

    switch try container.decode(Kind.self, forKey: .kind) {
    case .status: self = .status(try body())
    case .grants: self = .grants(try body())
    case .grantSteps: self = .grantSteps(try body())
    case .barriers: self = .barriers(try body())
    case .boundaries: self = .boundaries(try body())
    case .explanation: self = .explanation(try body())
    case .who: self = .who(try body())
    case .what: self = .what(try body())
    case .conflicts: self = .conflicts(try body())
    case .duties: self = .duties(try body())
    case .reviews: self = .reviews(try body())
    case .reviewItems: self = .reviewItems(try body())
    case .reviewSteps: self = .reviewSteps(try body())
    case .keySlots: self = .keySlots(try body())
    case .reviewers: self = .reviewers(try body())
    case .verifyProgress: self = .verifyProgress(try body())
    case .findings: self = .findings(try body())
    case .verified: self = .verified(try body())
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(content.kind, forKey: .kind)
    try container.encode(content.body, forKey: .body)
  }

  /// A report, or a list of reports of one kind.
  package var body: any Encodable { content.body }

  private var content: (kind: Kind, body: any Encodable) {
    switch self {
    case .status(let body): (.status, body)
    case .grants(let body): (.grants, body)
    case .grantSteps(let body): (.grantSteps, body)
    case .barriers(let body): (.barriers, body)
    case .boundaries(let body): (.boundaries, body)
    case .explanation(let body): (.explanation, body)
    case .who(let body): (.who, body)
    case .what(let body): (.what, body)
    case .conflicts(let body): (.conflicts, body)
    case .duties(let body): (.duties, body)
    case .reviews(let body): (.reviews, body)
    case .reviewItems(let body): (.reviewItems, body)
    case .reviewSteps(let body): (.reviewSteps, body)
    case .keySlots(let body): (.keySlots, body)
    case .reviewers(let body): (.reviewers, body)
    case .verifyProgress(let body): (.verifyProgress, body)
    case .findings(let body): (.findings, body)
    case .verified(let body): (.verified, body)
    }
  }
}
