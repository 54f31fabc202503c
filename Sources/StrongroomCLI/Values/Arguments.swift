package import Control
package import VaultFormat

/// Values of arguments, with the words for what is wrong with them. All throw a usage failure (exit 2).
package enum Arguments {
  /// A moment as `TimeText` reads it; nil where the option was not given.
  package static func time(_ text: String?, option: String, bare sense: TimeText.Sense) throws(CommandFailure) -> WallTime? {
    guard let text else { return nil }
    guard let time = TimeText.parse(text, bare: sense) else {
      throw CommandFailure(.usage, .badTime, ["value": text, "option": option], hint: .times)
    }
    return time
  }

  /// `--from` and `--until` of a rule.
  package static func validity(from: String?, until: String?) throws(CommandFailure) -> (from: WallTime?, until: WallTime?) {
    let start = try time(from, option: "--from", bare: .future)
    let end = try time(until, option: "--until", bare: .future)
    if let end, end <= start ?? WallTime(nanoseconds: .min) { throw CommandFailure(.usage, .untilBeforeFrom) }
    return (start, end)
  }

  /// `user:NAME` or `group:NAME`.
  package static func principal(_ text: String) throws(CommandFailure) -> PrincipalName {
    guard let principal = PrincipalName(text) else { throw CommandFailure(.usage, .badPrincipal, ["value": text]) }
    return principal
  }

  /// Names of rights and bundles, separated by commas.
  package static func rights(_ text: String) throws(CommandFailure) -> Rights {
    guard let rights = Rights(names: text) else { throw CommandFailure(.usage, .badRights, ["value": text], hint: .rights) }
    return rights
  }

  /// Exactly one right, by its own name.
  package static func right(_ text: String) throws(CommandFailure) -> Rights {
    guard let right = Rights.named.first(where: { $0.name == text })?.right else {
      throw CommandFailure(.usage, .badRight, ["value": text], hint: .rightsSingle)
    }
    return right
  }

  /// A duty's name.
  package static func duty(_ text: String) throws(CommandFailure) -> Duty.Kind {
    guard let duty = Duty.Kind(name: text) else {
      let words = Duty.Kind.allCases.map(\.name).joined(separator: ", ")
      throw CommandFailure(.usage, .badDuty, ["value": text, "words": words])
    }
    return duty
  }

  /// The number of a grant or barrier.
  package static func rule(_ text: String) throws(CommandFailure) -> RuleID {
    guard let number = UInt64(text), number > 0 else { throw CommandFailure(.usage, .badRuleID, ["value": text], hint: .ruleID) }
    return RuleID(number)
  }

  /// The number of a review.
  package static func review(_ text: String) throws(CommandFailure) -> RuleID {
    guard let number = UInt64(text), number > 0 else {
      throw CommandFailure(.usage, .badReviewID, ["value": text], hint: .reviewID)
    }
    return RuleID(number)
  }

  /// Text for the trail: not empty, at most the 4,096 bytes that its record holds.
  package static func reason(_ text: String) throws(CommandFailure) -> String {
    let trimmed = text.trimmingWhitespace
    guard !trimmed.isEmpty, trimmed.utf8.count <= 4096 else { throw CommandFailure(.usage, .emptyReason, hint: .reason) }
    return trimmed
  }

  /// What a barrier or a reviewer is called: 1 to 255 bytes without white space at the ends.
  package static func name(_ text: String) throws(CommandFailure) -> String {
    let trimmed = text.trimmingWhitespace
    guard (1...255).contains(trimmed.utf8.count) else { throw CommandFailure(.usage, .emptyName) }
    return trimmed
  }
}

extension String {
  /// Without white space at both ends.
  var trimmingWhitespace: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return ""
    }
    return String(self[first...last])
  }
}
