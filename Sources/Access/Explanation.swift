package import VaultFormat

/// Why a subject may or may not do something at a folder: the verdict, the rules that decided, and those that nearly did. Values only;
/// whoever shows them words them.
package struct Explanation: Sendable, Hashable {
  package let subject: Subject
  /// What was asked for; can be several rights at once.
  package let asked: Rights
  package let anchor: NodeID
  /// The time asked about, wall nanoseconds.
  package let now: Int64

  package let standing: Standing
  /// What the trail would say.
  package let decision: Record.Decision
  /// The live grants that together give what was asked, by id. Empty where it is refused.
  package let deciding: [GrantRow]
  /// Every other grant on the chain that is about the subject, or nearly is, by id. Where it is refused, all of them.
  package let nearMisses: [GrantRow]
  /// The barriers on the chain that are about the subject, or nearly are, by id. One without failings decides.
  package let barriers: [BarrierRow]
  /// The nearest boundary at or above.
  package let boundary: Boundary?

  package var isAllowed: Bool { standing.allows(asked) }

  /// A grant on the chain.
  package struct GrantRow: Sendable, Hashable {
    package let grant: Grant
    /// The subject's own name or the group by which it is theirs; for `otherIdentity`, the nearest of those.
    package let by: Principal
    /// Which of the rights asked for, and of `list` where they need it, it says.
    package let gives: Rights
    /// Why it does not count or does not do; one that has a single failing nearly decided.
    package let failings: [Failing]
    /// Whether it is counted here at all.
    package var counts: Bool { failings.allSatisfy { if case .lacks = $0 { true } else { false } } }
  }

  /// A barrier on the chain.
  package struct BarrierRow: Sendable, Hashable {
    package let barrier: Barrier
    package let by: Principal
    /// Why it does not stand in the way.
    package let failings: [Failing]
  }

  /// Why a rule on the chain does not decide.
  package enum Failing: Sendable, Hashable {
    case begins(Int64)
    case ended(Int64)
    /// The name is the same and the id another, or the other way round: somebody else, in the eyes of the system.
    case otherIdentity
    /// This review asked for it, and nobody answered.
    case suspended(by: RuleID)
    /// The subject gave it.
    case ownGift
    /// What it gives ends at this boundary, except `grant`.
    case cutOff(by: RuleID)
    /// Rights asked for that it does not give here.
    case lacks(Rights)
  }
}
