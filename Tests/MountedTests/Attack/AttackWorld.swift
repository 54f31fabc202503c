import Foundation
import Glibc
import Synchronization

/// The file that the test and the attackers share (Tests/Attacker/attacker.h, `World`): the tree as it stands, and the numbers of its changes.
final class AttackWorld: @unchecked Sendable {
  static let (folderCountMax, documentCountMax) = (64, 512)
  private static let byteCount = 40 + 4 * folderCountMax + 4 * documentCountMax

  let folder: String
  private let bytes: UnsafeMutableRawPointer
  private let lock: Int32

  /// - Parameter parents: of each folder, -1 for the root; a folder comes after its parent.
  init(in folder: String, parents: [Int], documentFolders: [Int]) throws {
    self.folder = folder
    let file = open(folder + "/world", O_RDWR | O_CREAT | O_EXCL, 0o600)
    defer { close(file) }
    lock = open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0, lock >= 0, ftruncate(file, off_t(Self.byteCount)) == 0,
      let mapped = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), mapped != MAP_FAILED
    else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    bytes = mapped
    store(Int32(parents.count), at: 32)
    store(Int32(documentFolders.count), at: 36)
    for (index, parent) in parents.enumerated() { store(Int32(parent), at: 40 + 4 * index) }
    for index in 0..<Self.documentCountMax {
      store(Int32(index < documentFolders.count ? documentFolders[index] : -2), at: 296 + 4 * index)
    }
  }

  deinit {
    munmap(bytes, Self.byteCount)
    close(lock)
  }

  private func store(_ value: Int32, at offset: Int) { bytes.storeBytes(of: value, toByteOffset: offset, as: Int32.self) }

  private func number(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (bytes + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  var operationCount: UInt64 { number(24).pointee.load(ordering: .acquiring) }
  func stop() { number(16).pointee.store(1, ordering: .releasing) }

  /// The path of a folder within the vault, as it stands now.
  func path(_ index: Int) -> String {
    var (at, path) = (index, "")
    while at >= 0 {
      path = "/f" + (at < 10 ? "0" : "") + "\(at)" + path
      at = Int(bytes.loadUnaligned(fromByteOffset: 40 + 4 * at, as: Int32.self))
    }
    return path.isEmpty ? "/" : path
  }

  /// Runs one change of the rules; nothing else changes meanwhile. Returns its number.
  func change(_ body: () throws -> Void) rethrows -> Int {
    flock(lock, LOCK_EX)
    let change = number(0).pointee.add(1, ordering: .sequentiallyConsistent).newValue
    defer {
      number(8).pointee.add(1, ordering: .sequentiallyConsistent)
      flock(lock, LOCK_UN)
    }
    try body()
    return Int(change)
  }
}
