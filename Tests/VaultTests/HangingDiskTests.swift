import Glibc
import Platform
import Synchronization
import Testing
import Vault
import VaultFormat

#if DEBUG
  /// A disk that does not answer: who waits for a commit without a thread is told in time, and the commit goes on.
  @Suite struct HangingDiskTests {
    @Test func anFsyncIsRefusedInTimeAndTheCommitGoesOn() throws {
      let test = try TestVault()
      var settings = TestVault.settings
      settings.syncPatienceNanoseconds = 100_000_000
      let vault = try test.unlock(settings)
      let root = try vault.node(.root)
      let node = try vault.create(.document, named: Name("document")!, in: root, mode: 0o644, uid: 1, gid: 1)
      let bytes = [UInt8](repeating: 7, count: 300_000)
      try vault.open(node)
      try bytes.withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }

      let hangs = Flag()
      let mended = Flag()
      Seam.setFault(under: test.path) { call, _ in
        while "\(call)" == "fdatasync", !mended.isSet {
          hangs.set()
          usleep(1000)
        }
        return nil
      }
      defer { Seam.setFault(under: test.path, nil) }
      let outcomes = Mutex<[String]>([])
      func sync() { vault.sync { failure in outcomes.withLock { $0.append(failure.map { $0.reason } ?? "done") } } }
      for _ in 0..<5 { sync() }
      while !hangs.isSet { usleep(1000) }
      while outcomes.withLock({ $0.count < 5 }) { usleep(1000) }
      #expect(outcomes.withLock { $0 } == [String](repeating: "the disk does not answer", count: 5))
      // Others go on, and the last close does not wait for the commit.
      #expect(try vault.child(of: root, named: Name("document")!) === node)
      vault.close(node)

      mended.set()
      try vault.sync()
      let before = outcomes.withLock { $0.count }
      sync()
      while outcomes.withLock({ $0.count == before }) { usleep(1000) }
      #expect(outcomes.withLock { $0.last } == "done")
      try vault.close()
      let again = try test.unlock()
      let found = try #require(try again.child(of: again.node(.root), named: Name("document")!))
      var content = [UInt8](repeating: 0, count: 300_001)
      #expect(try content.withUnsafeMutableBytes { try again.read(found, at: 0, into: $0) } == 300_000)
      #expect(content.dropLast().elementsEqual(bytes))
      try again.close()
    }
  }
#endif
