import Foundation
import Testing

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// Text files of the project with one of the endings, by their path in it.
private func texts(_ endings: Set<String>) throws -> [(path: String, text: String)] {
  var found: [(String, String)] = []
  for folder in ["README.md", "docs", "mount-configs", "Sources", "Tests"] {
    let place = root.appendingPathComponent(folder)
    let below = FileManager.default.enumerator(at: place, includingPropertiesForKeys: nil)?.allObjects as? [URL] ?? []
    for file in below + [place] where endings.contains(file.pathExtension) {
      let path = String(file.path.dropFirst(root.path.count + 1))
      found.append((path, try String(contentsOf: file, encoding: .utf8)))
    }
  }
  return found
}

private func titles(of page: String) -> [String] {
  page.split(separator: "\n").filter { $0.hasPrefix("#") }.map { $0.drop { $0 == "#" || $0 == " " }.lowercased() }
}

@Test func everyLinkLeadsToAFile() throws {
  var count = 0
  for (path, text) in try texts(["md"]) {
    let folder = root.appendingPathComponent(path).deletingLastPathComponent()
    for link in text.matches(of: #/\]\(([^)#\s]+)[^)\s]*\)/#).map({ String($0.1) }) where !link.hasPrefix("http") {
      count += 1
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(link).path), "\(path): \(link)")
    }
  }
  #expect(count > 30)
}

@Test func everyPageThatSourcesNameIsThere() throws {
  var count = 0
  for (path, text) in try texts(["swift"]) {
    for page in text.matches(of: #/docs\/[a-z\/-]+\.md/#).map({ String($0.0) }) {
      count += 1
      #expect(FileManager.default.fileExists(atPath: root.appendingPathComponent(page).path), "\(path): \(page)")
    }
  }
  #expect(count > 20)
}

@Test func everySectionThatIsNamedIsThere() throws {
  var pages: [Substring: [String]] = [:]
  for (path, text) in try texts(["md"]) where path.hasPrefix("docs/") {
    pages[path.split(separator: "/").last!, default: []] += titles(of: text)
  }
  let sections = Set((pages["design.md"] ?? []).compactMap { title in title.firstMatch(of: #/^(\d+)\. /#)?.1 })
  var count = 0
  for (path, text) in try texts(["md", "swift"]) {
    for section in text.matches(of: #/§(\d+)/#).map(\.1) {
      count += 1
      #expect(sections.contains(section), "\(path): §\(section)")
    }
    // As in: rights.md, "Reviews".
    for match in text.matches(of: #/([a-z-]+\.md), "([^"]+)"/#) {
      count += 1
      let title = match.2.lowercased()
      #expect(pages[match.1]?.contains { $0.contains(title) } == true, "\(path): \(match.0)")
    }
  }
  #expect(count > 30)
}
