import Foundation
import Glibc
import Testing

/// A vault on a small disk of its own, mounted; `all` is editor of everything, `partial` reader.
func withVaultOnDisk(_ kind: TestDisk.Kind = .ext4, byteCount: Int, _ body: (TestVault, TestDisk) throws -> Void) throws {
  let vault = try TestVault()
  defer { vault.close() }
  let disk = try TestDisk(kind, in: vault.folder, byteCount: byteCount)
  defer { disk.close() }
  // Before the disk goes: what holds the vault on it. A disk that failed may not let it end in order.
  defer {
    disk.setFaults()
    disk.thaw()
    for id in (try? vault.daemons()) ?? [] { kill(id, SIGKILL) }
    _ = try? eventually { try vault.daemons().isEmpty }
    umount2(vault.mountpoint, Int32(MNT_DETACH))
  }
  vault.place = disk.place
  try vault.create()
  try vault.mount()
  try vault.grant("editor", on: "/", to: vault.users.all)
  try vault.grant("reader", on: "/", to: vault.users.partial)
  try body(vault, disk)
}

extension Actor {
  static let documentByteCount = 1 << 20

  /// Writes document `number` and syncs it. Returns the first call that failed, with its errno; nil when all is promised.
  func makeDocument(_ number: Int, _ vault: TestVault) throws -> String? {
    let opened = try ask(["open", vault.path("/\(number)"), "rw,create"])
    guard case .ok(let words) = opened, let descriptor = Int(words[0]) else { return "open \(opened.outcome)" }
    defer { _ = try? tries("close", descriptor) }
    let filled = try tries("fill", descriptor, 0, Self.documentByteCount, number)
    guard filled == "ok" else { return "write \(filled)" }
    let synced = try tries("fsync", descriptor)
    guard synced == "ok" else { return "fsync \(synced)" }
    return nil
  }

  /// The documents below `count` are whole.
  func checkDocuments(_ count: Int, _ vault: TestVault) throws {
    for number in 0..<count {
      let descriptor = try open(vault.path("/\(number)"))
      let content = try reads(descriptor, count: Self.documentByteCount + 1)
      #expect(content == .pattern(at: 0, count: Self.documentByteCount, seed: number), "document \(number)")
      try close(descriptor)
    }
  }
}

extension TestVault {
  /// What `status` says is wrong.
  func problems() throws -> [JSON] { try status()["problems"]?.list ?? [] }
}
