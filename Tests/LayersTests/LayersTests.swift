import Foundation
import Testing

/// The parts of the program, lowest first, as docs/design.md has them: a part imports only from levels below its own.
private let levels: [[String]] = [
  ["CFuse3", "CSodium", "CGcrypt", "CTLS", "CSystem"],
  ["Platform"],
  ["Fuse", "Sodium", "PageCipher"],
  ["VaultFormat"],
  ["Keys", "BlobStore", "Catalog", "Access", "Trail"],
  ["Vault", "TrailMaking"],
  ["VaultFS"],
  ["Mount", "Control"],
  ["StrongroomCLI"],
  ["strongroom", "fuse-floor", "content-speed", "metadata-speed", "trail-generator", "vault-filler"],
]

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

private func level(of part: String) -> Int? { levels.firstIndex { $0.contains(part) } }

/// The modules that the sources of a part import, each with a file that does.
private func imports(of part: String) throws -> [String: String] {
  let folder = root.appendingPathComponent("Sources/" + part)
  let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects as? [URL] ?? []
  var found: [String: String] = [:]
  for file in files where file.pathExtension == "swift" {
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "import"),
        words[..<place].allSatisfy({ ["package", "public", "@preconcurrency"].contains($0) })
      else { continue }
      if let module = words.dropFirst(place + 1).first { found[String(module)] = file.lastPathComponent }
    }
  }
  return found
}

@Test func everyFolderOfSourcesIsAPart() throws {
  let folders = try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("Sources").path)
  #expect(Set(folders) == Set(levels.flatMap { $0 }))
}

@Test func partsImportOnlyFromBelow() throws {
  var checkedCount = 0
  for part in levels.flatMap({ $0 }) {
    for (module, file) in try imports(of: part) {
      guard let other = level(of: module) else { continue }
      checkedCount += 1
      #expect(other < level(of: part)!, "\(part)/\(file) imports \(module)")
    }
  }
  // A reader of imports that finds none would pass for ever.
  #expect(checkedCount > 60)
}

@Test func partsKnowNoMoreThanTheyNeed() throws {
  #expect(try imports(of: "Fuse").keys.allSatisfy { ["CFuse3", "CSystem", "Platform", "Glibc", "Synchronization"].contains($0) })
  #expect(try imports(of: "VaultFS")["Fuse"] == nil, "VaultFS is driven without FUSE")
  #expect(try imports(of: "VaultFormat").keys.allSatisfy { level(of: $0) == nil || $0 == "VaultFormat" }, "the formats do no I/O")
}

@Test func whatPackageSwiftDeclaresIsWhatIsImported() throws {
  let package = try String(contentsOf: root.appendingPathComponent("Package.swift"), encoding: .utf8)
  for part in levels.flatMap({ $0 }) where package.contains("\"\(part)\"") {
    for module in try imports(of: part).keys where level(of: module) != nil && module != part {
      #expect(package.contains("\"\(module)\""), "\(part) imports \(module), which no target is")
    }
  }
}
