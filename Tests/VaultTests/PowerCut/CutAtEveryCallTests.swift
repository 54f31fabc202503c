#if DEBUG
  import TestKit
  import Catalog
  import Foundation
  import Glibc
  import Platform
  import Sodium
  import Synchronization
  import TestStores
  import Testing
  import Trail
  import Vault
  import VaultFormat

  /// The power goes before each system call of a scenario, and what a disk may then hold of all that was not synced is unlocked, without a
  /// repair step: no acknowledged sync is lost, nothing is mixed, `verify` finds the trail and the catalog whole and agreeing, and nothing that
  /// no document names stays.
  @Suite(.serialized) struct CutAtEveryCallTests {
    /// `make soak` sets STRONGROOM_SOAK to a factor.
    private static let seedCount =
      ProcessInfo.processInfo.environment["STRONGROOM_SOAK"].flatMap(Double.init).map { max(1, Int(40 * $0)) } ?? 1

    @Test func nothingPromisedIsLostAtAnyCall() throws {
      let first =
        ProcessInfo.processInfo.environment["STRONGROOM_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max >> 1)
      var tally = Tally()
      for seed in first..<first + UInt64(Self.seedCount) { try run(seed: seed, &tally) }
      report(
        "power cuts in one process: \(tally.cutCount) at \(tally.callCount) kinds of calls, \(tally.behindCount) with changes in flight, "
          + "\(tally.aheadCount) of which were there; \(tally.strayCount) files that nothing named were removed; seed \(first)")
      #expect(tally.cutCount > 100 * Self.seedCount)
      #expect(tally.behindCount > 0 && tally.strayCount > 0)
    }

    /// On standard output, and in the report of `make soak`.
    private func report(_ line: String) {
      print("soak: \(line)")
      guard let path = ProcessInfo.processInfo.environment["STRONGROOM_SOAK_REPORT"],
        let handle = FileHandle(forWritingAtPath: path)
      else { return }
      _ = try? handle.seekToEnd()
      try? handle.write(contentsOf: Data((line + "\n").utf8))
      try? handle.close()
    }

    private struct Tally {
      var cutCount = 0
      var calls: Set<String> = []
      var callCount: Int { calls.count }
      var behindCount = 0
      var aheadCount = 0
      var strayCount = 0
    }

    /// The scenario twice: from a new vault, and from what one of its cuts left, so that the calls of recovering are cut too.
    private func run(seed: UInt64, _ tally: inout Tally) throws {
      let test = try TestVault()
      var generator = SeededGenerator(seed: seed)
      try makeVersion(0, in: test, at: test.path)
      var (path, version) = (test.path, 0)
      for generation in 0..<2 {
        let promised = Atomic<Int>(version)
        let last = version + 2
        let recorded = try RecordedFolder(
          path, cutsIn: test.folder + "/cuts\(generation)", seed: generator.next(),
          promised: { promised.load(ordering: .acquiring) })
        try #require(recorded.start())
        do {
          let vault = try unlock(test, at: path)
          for next in version + 1...last {
            try write(next, in: vault)
            try vault.sync()
            promised.store(next, ordering: .releasing)
          }
          try vault.close()
        }
        try recorded.stop()
        let next = recorded.cuts.randomElement(using: &generator)
        for cut in recorded.cuts {
          let isNext = generation == 0 && cut.path == next?.path
          // Checking one changes it: the one to go on from is checked at its end.
          if isNext {
            (path, version) = (try copy(cut.path), try check(cut, last, seed, test, &tally))
          } else {
            try check(cut, last, seed, test, &tally)
          }
          TestVault.remove(cut.path)
        }
      }
    }

    private func copy(_ path: String) throws -> String {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/cp")
      process.arguments = ["-a", path, path + "-kept"]
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0)
      return path + "-kept"
    }

    private func unlock(_ test: TestVault, at path: String) throws -> Vault {
      var settings = TestVault.settings
      // So small that the log is folded again and again.
      settings.catalog.logByteCountMax = 32 << 10
      return try Vault.unlock(at: path, root: try test.root.bytes.copy(), settings: settings)
    }

    // MARK: The scenario

    /// In a pack, and in files of their own.
    private static let sizes = [("small", 5_000), ("large", 140_000)]

    private func makeVersion(_ version: Int, in test: TestVault, at path: String) throws {
      let vault = try unlock(test, at: path)
      let root = try vault.node(.root)
      for (name, _) in Self.sizes {
        _ = try vault.create(.document, named: Name(name)!, in: root, mode: 0o644, uid: 1, gid: 1)
      }
      try write(version, in: vault)
      try vault.close()
    }

    /// All documents overwritten, one of them moved, one made, one removed.
    private func write(_ version: Int, in vault: Vault) throws {
      let root = try vault.node(.root)
      for (name, count) in Self.sizes {
        let node = try #require(try vault.child(of: root, named: Name(name)!))
        try overwrite(node, version, count, in: vault)
      }
      let fresh = try vault.create(.document, named: Name("of \(version)")!, in: root, mode: 0o644, uid: 1, gid: 1)
      try overwrite(fresh, version, 10_000, in: vault)
      if let old = try vault.child(of: root, named: Name("of \(version - 1)")!) { _ = try vault.remove(old) }
      let moved = try vault.child(of: root, named: Name("moved \(version - 1)")!)
      if let moved {
        _ = try vault.rename(moved, to: Name("moved \(version)")!, in: root, over: nil, mode: .replace)
      } else {
        _ = try vault.create(.document, named: Name("moved \(version)")!, in: root, mode: 0o644, uid: 1, gid: 1)
      }
    }

    private func overwrite(_ node: Node, _ version: Int, _ count: Int, in vault: Vault) throws {
      try vault.open(node)
      defer { vault.close(node) }
      try [UInt8](repeating: UInt8(version + 1), count: count).withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }
    }

    // MARK: What is left

    /// Returns the version that was found.
    @discardableResult
    private func check(_ cut: RecordedFolder.Cut, _ last: Int, _ seed: UInt64, _ test: TestVault, _ tally: inout Tally) throws
      -> Int
    {
      let context = "cut before \(cut.call) (\(cut.path)), promised \(cut.promised), seed \(seed)"
      tally.cutCount += 1
      tally.calls.insert(String(cut.call.prefix { $0 != "/" }))
      let before = try objectCount(cut.path)
      var version = -1
      do {
        let vault = try unlock(test, at: cut.path)
        version = try found(in: vault, context)
        // Garbage is removed beside the work.
        for _ in 0..<2_000 where Files.exists(cut.path + "/garbage") { usleep(2_000) }
        #expect(!Files.exists(cut.path + "/garbage"), "\(context)")
        try vault.close()
      } catch {
        Issue.record("\(context): \(error)")
        throw error
      }
      #expect(cut.promised <= version && version <= min(cut.promised + 1, last), "\(context): found \(version)")
      if version > cut.promised { tally.aheadCount += 1 }
      if cut.promised < last { tally.behindCount += 1 }
      let after = try objectCount(cut.path)
      tally.strayCount += max(0, before - after)
      var findings: [Finding] = []
      _ = try VaultVerifier.verify(at: cut.path, root: test.root.bytes, isQuick: false, progress: { _ in }) {
        findings.append($0)
      }
      #expect(findings.isEmpty, "\(context): \(findings)")
      return version
    }

    private func found(in vault: Vault, _ context: String) throws -> Int {
      let root = try vault.node(.root)
      let children = try vault.children(of: root, after: .none, limit: 100).ids.map(vault.node)
      let names = Set(children.map { "\(vault.record(of: $0).name)" })
      var versions: Set<Int> = []
      for (name, count) in Self.sizes {
        versions.formUnion(
          try content(try #require(try vault.child(of: root, named: Name(name)!), "\(context)"), count, in: vault))
      }
      try #require(versions.count == 1, "\(context): content of versions \(versions) is mixed")
      let version = versions.first!
      let fresh = try #require(try vault.child(of: root, named: Name("of \(version)")!), "\(context): \(names)")
      #expect(try content(fresh, 10_000, in: vault) == [version], "\(context)")
      #expect(try vault.child(of: root, named: Name("moved \(version)")!) != nil, "\(context): \(names)")
      #expect(names.count == Self.sizes.count + 2, "\(context): \(names)")
      return version
    }

    /// The versions whose bytes are in a document: one.
    private func content(_ node: Node, _ count: Int, in vault: Vault) throws -> Set<Int> {
      try vault.open(node)
      defer { vault.close(node) }
      var bytes = [UInt8](repeating: 0, count: count + 1)
      let read = try bytes.withUnsafeMutableBytes { try vault.read(node, at: 0, into: $0) }
      #expect(read == count)
      let isOne = bytes.withUnsafeBytes { memcmp($0.baseAddress!, $0.baseAddress! + 1, count - 1) == 0 }
      return isOne ? [Int(bytes[0]) - 1] : Set(bytes[..<read].map { Int($0) - 1 })
    }

    /// Blob files and packs.
    private func objectCount(_ path: String) throws -> Int {
      let blobs = try Files.list(path + "/blobs").reduce(0) { $0 + (try Files.list(path + "/blobs/" + $1).count) }
      return blobs + (try Files.list(path + "/packs").count)
    }
  }
#endif
