import Foundation

/// The language of texts for people.
package enum Language: Sendable, Equatable, CaseIterable {
  case english
  case chinese

  /// STRONGROOM_LANG, else what the locale says for messages: LC_ALL, LC_MESSAGES, LANG, the first that is not empty. Every Chinese locale reads
  /// Simplified Chinese rather than English.
  package init(environment: [String: String]) {
    let names = ["STRONGROOM_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
    let value = names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    let tag = value.lowercased().prefix { $0.isLetter }
    self = tag == "zh" || tag == "chinese" ? .chinese : .english
  }

  /// Of this process.
  package static let current = Language(environment: ProcessInfo.processInfo.environment)
}
