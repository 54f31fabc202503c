/// All text for people is in this folder, English and Simplified Chinese side by side: `ErrorText`, `HintText`, `HelpText`, `ReportText`.
///
/// A text has places `{name}` for its arguments; both languages use the same ones (held by a test). Arguments are escaped when they are put in,
/// since they can be names of documents. Keys, codes and log fields are never translated.
package protocol MessageTable: RawRepresentable<String>, CaseIterable, Sendable {
  var texts: Texts { get }
}

/// One text in both languages.
package struct Texts: Sendable, Equatable {
  package let english: String
  package let chinese: String

  package init(_ english: String, _ chinese: String) {
    self.english = english
    self.chinese = chinese
  }

  package func text(in language: Language) -> String { language == .chinese ? chinese : english }
}

extension MessageTable {
  /// The text in the language of this process, with its places filled.
  package func callAsFunction(_ arguments: [String: String] = [:]) -> String { Message(self, arguments).text(in: .current) }
}

/// A text and what stands in its places.
package struct Message: Sendable, Equatable {
  package let key: String
  package let texts: Texts
  package let arguments: [String: String]

  package init(_ entry: some MessageTable, _ arguments: [String: String] = [:]) {
    key = entry.rawValue
    texts = entry.texts
    self.arguments = arguments
  }

  package func text(in language: Language) -> String {
    let template = texts.text(in: language)
    guard !arguments.isEmpty else { return template }
    var text = ""
    var rest = template[...]
    while let open = rest.firstIndex(of: "{") {
      text += rest[..<open]
      rest = rest[open...]
      guard let close = rest.firstIndex(of: "}") else { break }
      let name = String(rest[rest.index(after: open)..<close])
      text += arguments[name].map { Escaping.shown($0) } ?? "{\(name)}"
      rest = rest[rest.index(after: close)...]
    }
    return text + rest
  }
}
