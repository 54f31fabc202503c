import Control
import Foundation
import TestKit
import Testing
import VaultFormat

@testable import StrongroomCLI

extension VaultFile {
  /// A file with one slot that nothing opens.
  fileprivate static var example: String {
    let slot = KeySlot(
      id: KeySlotID(1), kind: .keyFile, label: "", created: 0, stretching: nil,
      sealedRoot: [UInt8](repeating: 0, count: KeySlot.sealedRootByteCount))
    let file = VaultFile(
      vault: vaultID, generation: 1, created: 0, nextSlot: 2, slots: [slot], reviewers: [],
      mac: [UInt8](repeating: 0, count: macByteCount))
    return String(decoding: file.encode(), as: UTF8.self)
  }

  fileprivate static var laterVersion: String { example.replacingOccurrences(of: "\"format\": 1", with: "\"format\": 2") }
}

private func table(_ text: String) -> MountTable { MountTable(parsing: Array(text.utf8)) }

@Test func theMountTableIsReadAsTheKernelWritesIt() throws {
  let entries = table(
    #"""
    36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    37 35 0:36 / /a\040b\011c\134d rw shared:1 propagate_from:2 - fuse.strongroom strongroom:0123456789abcdef0011223344556677 rw,user_id=1000,group_id=0
    38 35 0:37 / /plain rw - fuse.sshfs strongroom:0123456789abcdef0011223344556677 rw
    39 35 0:38 / /short rw - fuse.strongroom strongroom:0123 rw
    not a line
    """#
  ).entries
  #expect(entries.map(\.type) == ["ext3", "fuse.strongroom", "fuse.sshfs", "fuse.strongroom"])
  #expect(entries[1].mountpoint == Array("/a b\tc\\d".utf8))
  #expect(entries.map(\.vault) == [nil, vaultID, nil, nil])
  #expect(entries.map(\.mounter) == [nil, 1000, nil, nil])
}

@Test(arguments: [
  ("/mnt/档案", "/"), ("/mnt/档案/", "/"), ("/mnt/档案/clients/张伟", "/clients/张伟"), ("/mnt/x/../档案/a/./b", "/a/b"),
  ("/mnt/档案/a//b/", "/a/b"),
])
func aPathInsideAMountFindsItsVault(_ path: String, _ place: String) throws {
  let (found, inside) = try VaultFinder(table: table(mountInfo)).find(path, vaultFolder: nil)
  #expect(found == FoundVault(vault: vaultID, mounter: 0, mountpoint: "/mnt/档案"))
  #expect(inside.text == place)
}

@Test(arguments: ["/mnt", "/mnt/档案2", "/home/x", "/", "relative", "/mnt/档案/.."])
func aPathOutsideEveryMountSaysSo(_ path: String) {
  #expect(throws: CommandFailure(.noVault, .notInVault, ["path": path], hint: .givePath)) {
    try VaultFinder(table: table(mountInfo)).find(path, vaultFolder: nil)
  }
}

@Test func aMountOverAPartOfAVaultHidesIt() {
  let covered = mountInfo + "\n50 41 0:50 / /mnt/档案/deep rw - tmpfs tmpfs rw"
  #expect(throws: CommandFailure.self) { try VaultFinder(table: table(covered)).find("/mnt/档案/deep/x", vaultFolder: nil) }
  #expect((try? VaultFinder(table: table(covered)).find("/mnt/档案/deeper", vaultFolder: nil))?.path.text == "/deeper")
}

@Test func aLaterMountCoversAnEarlierOne() {
  let covered = mountInfo + "\n50 41 0:50 / /mnt/档案 rw - tmpfs tmpfs rw"
  #expect(throws: CommandFailure.self) { try VaultFinder(table: table(covered)).find("/mnt/档案/x", vaultFolder: nil) }
}

@Test func symlinksToAMountAreFollowed() throws {
  let folder = TemporaryFolder()
  let real = folder.path + "/real"
  try FileManager.default.createDirectory(atPath: real + "/mount", withIntermediateDirectories: true)
  try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: real)
  let mounts = table("41 22 0:36 / \(real)/mount rw - fuse.strongroom strongroom:\(vaultID) rw,user_id=0")
  // The part inside the vault need not be visible to whoever asks.
  let (_, place) = try VaultFinder(table: mounts).find(folder.path + "/link/mount/clients/x", vaultFolder: nil)
  #expect(place.text == "/clients/x")
}

@Test func aVaultFolderIsReadWithoutItsKey() throws {
  let folder = TemporaryFolder()
  let finder = VaultFinder(table: table(mountInfo))
  #expect(throws: CommandFailure(.noVault, .noVault, ["path": folder.path], hint: .givePath)) {
    try finder.find(folder: folder.path)
  }
  folder.write("vault.json", "{damaged")
  #expect(throws: CommandFailure(.vaultDamaged, .vaultFileDamaged, ["path": folder.path], hint: .secondCopy)) {
    try finder.find(folder: folder.path)
  }
  let later = VaultFile.laterVersion
  folder.write("vault.json.2", later)
  #expect(throws: CommandFailure(.error, .newerFormat, ["version": "2", "known": "1"], hint: .newerProgram)) {
    try finder.find(folder: folder.path)
  }
  folder.write("vault.json.2", String(repeating: " ", count: VaultFile.byteCountMax + 1))
  #expect(throws: CommandFailure(.vaultDamaged, .vaultFileDamaged, ["path": folder.path], hint: .secondCopy)) {
    try finder.find(folder: folder.path)
  }
  folder.write("vault.json.2", VaultFile.example)
  #expect(try finder.find(folder: folder.path) == FoundVault(vault: vaultID, mounter: 0, mountpoint: "/mnt/档案"))
  let (_, place) = try finder.find(#"/clients/\xff"#, vaultFolder: folder.path)
  #expect(place.bytes == Array("/clients/".utf8) + [0xff])
  #expect(throws: CommandFailure(.usage, .badVaultPath, ["value": "clients"], hint: .vaultPath)) {
    try finder.find("clients", vaultFolder: folder.path)
  }
}

@Test func theOnlyMountNeedsNoName() throws {
  #expect(try VaultFinder(table: table(mountInfo)).only().vault == vaultID)
  #expect(throws: CommandFailure(.noVault, .noMounts, hint: .mountFirst)) { try VaultFinder(table: table("")).only() }
  let two = mountInfo + "\n60 22 0:60 / /b rw - fuse.strongroom strongroom:ffffffffffffffffffffffffffffffff rw,user_id=0"
  #expect(throws: CommandFailure(.usage, .severalMounts, hint: .nameVault)) { try VaultFinder(table: table(two)).only() }
}

@Test func theKernelsOwnTableIsRead() throws {
  #expect(try MountTable.current().entries.contains { $0.mountpoint == [0x2f] })
}
