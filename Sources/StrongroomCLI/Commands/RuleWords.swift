import Control
import VaultFormat

/// The words for what is in many reports.
extension Console {
  /// Who a rule names, and whether that is nobody any more.
  func name(_ principal: PrincipalName, isOrphan: Bool) -> String {
    isOrphan ? principal.description + " (" + text(.orphaned) + ")" : principal.description
  }

  func time(_ time: WallTime?) -> String { time.map { TimeText.shown($0) } ?? "-" }

  func state(_ state: RuleState) -> String {
    switch state {
    case .live: text(.live)
    case .notYet: text(.notYet)
    case .ended: text(.ended)
    case .suspended: text(.suspended)
    case .orphaned: text(.orphaned)
    }
  }
}

extension Rights {
  /// The bundle's name where it is one, else the names of the rights.
  var shown: String { Self.bundles.first { $0.rights == self }?.name ?? names }
}
