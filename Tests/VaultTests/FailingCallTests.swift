import Glibc
import Keys
import Platform
import Synchronization
import Testing
import Vault
import VaultFormat

/// A commit in which one call after the other fails: the caller is told, nothing committed is harmed, and what failed is never called a
/// success before it is on disk.
@Suite(.serialized) struct FailingCallTests {
  /// Whether the call at `position` alone fails, or all from there on until the disk is well again.
  enum Extent: String, CaseIterable { case one, all }

  /// EDQUOT is what a quota answers; a real one is met by MountedTests.FailingDisks.
  @Test(arguments: [EIO, EDQUOT], Extent.allCases)
  func everyCallOfACommitMayFail(_ code: Int32, _ extent: Extent) throws {
    let test = try TestVault()
    try commit(1, in: test) { _ in nil }
    var version: UInt8 = 1
    var failedCount = 0
    for position in 0... {
      try #require(position < 500)
      let calls = Atomic<Int>(0)
      let fired = Atomic<Bool>(false)
      let outcome = try commit(version &+ 1, in: test) { _ in
        let number = calls.wrappingAdd(1, ordering: .relaxed).oldValue
        guard number == position || (extent == .all && number > position) else { return nil }
        fired.store(true, ordering: .relaxed)
        return code
      }
      let found = try self.found(in: test)
      switch outcome {
      case .committed, .committedLater:
        #expect(found == version &+ 1, "call \(position): an acknowledged commit is gone")
      case .failed:
        #expect(found == version || found == version &+ 1, "call \(position): \(String(describing: found))")
      }
      if outcome != .committed { failedCount += 1 }
      version = try #require(found, "call \(position): old and new content are mixed")
      if !fired.load(ordering: .relaxed) { break }
    }
    // A commit has to make some calls that it cannot do without.
    #expect(failedCount >= 8)
  }

  private enum Outcome { case committed, committedLater, failed }

  /// Writes a small and a large document whose bytes are all `version`, and syncs them while `fault` decides; then without faults.
  @discardableResult
  private func commit(_ version: UInt8, in test: TestVault, _ fault: @escaping @Sendable (StaticString) -> Int32?) throws
    -> Outcome
  {
    let vault = try test.unlock()
    defer {
      Seam.setFault(under: test.path, nil)
      // What failed is not committed by closing: the next unlock finds the state of the last commit that succeeded.
      try? vault.close()
    }
    let root = try vault.node(.root)
    for (name, count) in [("small", 5_000), ("large", 300_000)] {
      let node =
        try vault.child(of: root, named: Name(name)!)
        ?? vault.create(.document, named: Name(name)!, in: root, mode: 0o644, uid: 1, gid: 1)
      try [UInt8](repeating: version, count: count).withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }
    }
    Seam.setFault(under: test.path) { call, _ in fault(call) }
    var isCommitted = false
    do throws(VaultError) {
      try vault.sync()
      isCommitted = true
    } catch {
      // Still failing, or not any more: either way a second sync says so only where a commit succeeded.
      if (try? vault.sync()) != nil { return .committedLater }
    }
    Seam.setFault(under: test.path, nil)
    if isCommitted { return .committed }
    return (try? vault.sync()) != nil ? .committedLater : .failed
  }

  /// The version that both documents hold, whole; nil for a mixture.
  private func found(in test: TestVault) throws -> UInt8? {
    let vault = try test.unlock()
    defer { try? vault.close() }
    let root = try vault.node(.root)
    var seen: Set<UInt8> = []
    for (name, count) in [("small", 5_000), ("large", 300_000)] {
      let node = try #require(try vault.child(of: root, named: Name(name)!))
      var bytes = [UInt8](repeating: 0, count: count + 1)
      try vault.open(node)
      let read = try bytes.withUnsafeMutableBytes { try vault.read(node, at: 0, into: $0) }
      vault.close(node)
      #expect(read == count)
      seen.formUnion(bytes[..<read])
    }
    return seen.count == 1 ? seen.first : nil
  }
}
