import Glibc
import Platform
import Sodium
import TestKit
import TestStores
import Testing
import VaultFormat

@testable import Vault

/// Small documents are sealed by another thread after their last close: whatever happens in between, nothing is lost and nothing is left.
@Suite struct ClosedDocumentTests {
  private let test: TestVault
  private let vault: Vault

  init() throws {
    test = try TestVault()
    vault = try test.unlock()
  }

  private func bytes(_ count: Int, _ salt: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8 ^ salt &* 7) }
  }

  private func write(_ bytes: [UInt8], to node: Node, at offset: Int = 0) throws {
    try vault.open(node)
    defer { vault.close(node) }
    _ = try bytes.withUnsafeBytes { try vault.write(node, $0, at: UInt64(offset)) }
  }

  @discardableResult
  private func make(_ name: String, _ bytes: [UInt8]) throws -> Node {
    let node = try vault.create(.document, named: Name(name)!, in: vault.node(.root), mode: 0o644, uid: 1, gid: 1)
    try write(bytes, to: node)
    return node
  }

  private func content(of name: String, in vault: Vault) throws -> [UInt8]? {
    guard let node = try vault.child(of: vault.node(.root), named: Name(name)!) else { return nil }
    try vault.open(node)
    defer { vault.close(node) }
    var bytes = [UInt8](repeating: 0, count: Int(vault.record(of: node).size) + 1)
    let count = try bytes.withUnsafeMutableBytes { try vault.read(node, at: 0, into: $0) }
    return Array(bytes[..<count])
  }

  /// What a start as after a kill finds.
  private func reopened<Result>(_ body: (Vault) throws -> Result) throws -> Result {
    let copy = test.folder + "/copy"
    guard system("cp -a '\(test.path)' '\(copy)'") == 0 else { throw VaultError.io("cp") }
    let vault = try Vault.unlock(at: copy, root: try test.root.bytes.copy(), settings: TestVault.settings)
    defer {
      try? vault.close()
      TestVault.remove(copy)
    }
    return try body(vault)
  }

  @Test func aSmallDocumentIsSealedSoonAndALargerOneAtOnce() throws {
    let sizes = [1, 100, 16_384, 40_000, BlobGeometry.packedByteCountMax]
    for size in sizes {
      try make("\(size)", bytes(size))
      #expect(try content(of: "\(size)", in: vault) == bytes(size))
    }
    vault.content.closed.drain()
    #expect(vault.pressure.byteCount == 0)
    try make("large", bytes(BlobGeometry.packedByteCountMax + 1))
    #expect(vault.pressure.byteCount == 0, "of its own file, by whoever closes")
    for size in sizes { #expect(try content(of: "\(size)", in: vault) == bytes(size)) }
    try vault.close()
    let again = try test.unlock()
    for size in sizes { #expect(try content(of: "\(size)", in: again) == bytes(size)) }
    try again.close()
  }

  /// Some have been sealed when the commit comes, one may be under way, and some wait.
  @Test func whatWasClosedIsOnDiskAfterASync() throws {
    for round in 0..<3 {
      for number in 0..<90 { try make("\(round)-\(number)", bytes(500 + number, round)) }
      try vault.sync()
      #expect(vault.pressure.byteCount == 0)
    }
    try reopened { (copy) throws in
      for round in 0..<3 {
        for number in 0..<90 { #expect(try content(of: "\(round)-\(number)", in: copy) == bytes(500 + number, round)) }
      }
    }
    try vault.close()
  }

  @Test func unmountingSealsWhatWaits() throws {
    for number in 0..<50 { try make("\(number)", bytes(2_000, number)) }
    try vault.close()
    let again = try test.unlock()
    for number in 0..<50 { #expect(try content(of: "\(number)", in: again) == bytes(2_000, number)) }
    try again.close()
  }

  /// Documents are written anew, in part, cut, renamed over each other, removed and held open, while the thread seals them or has just done so.
  @Test(arguments: 1...2) func changesMeetWhatWaitsToBeSealed(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var model: [String: [UInt8]] = [:]
    var open: [Node] = []
    func node(_ name: String) throws -> Node? { try vault.child(of: vault.node(.root), named: Name(name)!) }
    for step in 0..<250 {
      let name = "\(Int.random(in: 0..<8, using: &generator))"
      let length = Int.random(in: 1...(step % 10 == 0 ? 150_000 : 9_000), using: &generator)
      switch Int.random(in: 0..<12, using: &generator) {
      case 0..<4:
        let fresh = bytes(length, step)
        if let known = try node(name) {
          try vault.open(known)
          try vault.truncate(known, to: 0)
          _ = try fresh.withUnsafeBytes { try vault.write(known, $0, at: 0) }
          vault.close(known)
        } else {
          try make(name, fresh)
        }
        model[name] = fresh
      case 4..<6:
        guard let known = try node(name), var content = model[name] else { continue }
        let offset = Int.random(in: 0...content.count, using: &generator)
        let part = bytes(min(length, 3_000), step)
        try write(part, to: known, at: offset)
        if content.count < offset + part.count { content += [UInt8](repeating: 0, count: offset + part.count - content.count) }
        content.replaceSubrange(offset..<offset + part.count, with: part)
        model[name] = content
      case 6:
        guard let known = try node(name), let content = model[name] else { continue }
        let size = Int.random(in: 0...content.count + 100, using: &generator)
        try vault.truncate(known, to: UInt64(size))
        model[name] = Array(content.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - content.count))
      case 7:
        guard let known = try node(name) else { continue }
        try vault.remove(known)
        model[name] = nil
      case 8:
        let target = "\(Int.random(in: 0..<8, using: &generator))"
        guard target != name, let known = try node(name) else { continue }
        let root = try vault.node(.root)
        #expect(try vault.rename(known, to: Name(target)!, in: root, over: node(target), mode: .replace))
        model[target] = model.removeValue(forKey: name)
      case 9:
        guard let known = try node(name) else { continue }
        try vault.open(known)
        open.append(known)
      case 10:
        if Bool.random(using: &generator) { vault.content.closed.drain() } else { try vault.sync() }
      default:
        while let last = open.popLast() { vault.close(last) }
      }
      #expect(try content(of: name, in: vault) == model[name], "seed \(seed), step \(step)")
    }
    for node in open { vault.close(node) }
    try vault.sync()
    #expect(vault.pressure.byteCount == 0, "seed \(seed)")
    try reopened { (copy) throws in
      for name in 0..<8 { #expect(try content(of: "\(name)", in: copy) == model["\(name)"], "seed \(seed), \(name)") }
    }
    for name in model.keys { try vault.remove(try #require(try node(name))) }
    try vault.sync()
    vault.content.closed.drain()
    #expect(vault.content.liveByteCounts.values.allSatisfy { $0 == 0 }, "seed \(seed): \(vault.content.liveByteCounts)")
    try vault.close()
  }

  @Test func noMoreWaitThanThereIsRoomForAndNothingInTheClearIsLeft() throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1))
    let content = fixture.content
    let closed = ClosedDocuments()
    let goes = Flag()
    let document = DocumentContent(list: ExtentList(), store: content, pressure: DirtyPressure(limit: .max))
    weak var last: PlainBuffer?
    func submit() -> Bool {
      let buffer = PlainBuffer(capacity: 100, pool: content.sealing.buffers)
      last = buffer
      return closed.submit(document, buffer, byteCount: 100) != nil
    }
    #expect(!submit(), "there is no thread yet")
    closed.start(
      seal: { bytes in
        while !goes.isSet { usleep(1000) }
        return content.sealed(bytes)
      }, discard: { content.discard([$0]) }, name: { _ in })
    var count = 0
    while submit() { count += 1 }
    #expect((ClosedDocuments.countMax...2 * ClosedDocuments.countMax).contains(count))
    goes.set()
    closed.drain()
    #expect(submit())
    closed.drain()
    closed.close()
    #expect(last == nil, "whose memory is wiped as it goes")
    #expect(!submit())
  }

  #if DEBUG
    /// As with whatever is sealed: the bytes stay, and the commit says why.
    @Test func aFullDiskIsToldByTheCommitAndLosesNothing() throws {
      Seam.setFault(under: test.path) { call, path in
        path.contains("/packs") && ["open", "fallocate", "pwrite"].contains("\(call)") ? ENOSPC : nil
      }
      defer { Seam.setFault(under: test.path, nil) }
      let node = try make("document", bytes(5_000))
      vault.content.closed.drain()
      #expect(vault.pressure.byteCount == 5_000)
      #expect(try content(of: "document", in: vault) == bytes(5_000))
      #expect(throws: VaultError.self) { try vault.sync() }
      #expect(throws: VaultError.self) { try write([1], to: node) }
      Seam.setFault(under: test.path, nil)
      try vault.sync()
      #expect(vault.pressure.byteCount == 0)
      let found = try reopened { try content(of: "document", in: $0) }
      #expect(found == bytes(5_000))
      try vault.close()
    }

    /// The thread hangs at a document: nobody else does, not even with that document.
    @Test func aHangingDiskHoldsTheThreadAlone() throws {
      let hangs = Flag()
      let mended = Flag()
      Seam.setFault(under: test.path) { _, path in
        while path.contains("/packs"), !mended.isSet {
          hangs.set()
          usleep(1000)
        }
        return nil
      }
      defer { Seam.setFault(under: test.path, nil) }
      let node = try make("document", bytes(5_000))
      while !hangs.isSet { usleep(1000) }
      #expect(try content(of: "document", in: vault) == bytes(5_000))
      try write(bytes(6_000, 1), to: node)
      try vault.truncate(node, to: 5_500)
      for number in 0..<20 { try make("\(number)", bytes(300, number)) }
      try vault.remove(try #require(try vault.child(of: vault.node(.root), named: Name("7")!)))
      #expect(try content(of: "document", in: vault) == Array(bytes(6_000, 1).prefix(5_500)))
      mended.set()
      try vault.sync()
      try reopened { (copy) throws in
        #expect(try content(of: "document", in: copy) == Array(bytes(6_000, 1).prefix(5_500)))
        for number in 0..<20 { #expect(try content(of: "\(number)", in: copy) == (number == 7 ? nil : bytes(300, number))) }
      }
      try vault.close()
    }
  #endif
}
