import Glibc
import Platform
import Testing
import Vault
import VaultFormat

@testable import VaultFS

#if DEBUG
  /// What one operation on content costs, in things that can be counted, so that speed does not rot.
  @Suite(.serialized) struct CountTests {
    private let test: TestFiles
    private let handle: HandleID
    private let calls = CallCounts()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    private let byteCount = 512 << 10

    init() throws {
      test = try TestFiles()
      let folder = try test.make(.folder, "a")
      try test.give([.list, .read, .add, .edit], to: TestFiles.alice, on: folder)
      buffer.initializeMemory(as: UInt8.self, repeating: 7)
      let made = try test.create(TestFiles.alice, "d", in: folder)
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<byteCount])
      _ = try test.files.write(TestFiles.alice, made, bytes, at: 0, appends: false)
      test.files.release(made, lockOwner: nil)
      try test.vault.sync()
      let number = try test.number(TestFiles.alice, "d", in: folder)
      handle = try test.files.open(TestFiles.alice, number, OpenAccess(reads: true, writes: true))
    }

    /// System calls under the vault's folder by this thread.
    private func calls(_ count: Int, _ body: (Int) throws -> Void) rethrows -> [String: Int] {
      calls.watch(test.folder)
      defer { calls.forget(test.folder) }
      for index in 0..<count { try body(index) }
      return calls.ofThisThread
    }

    private func read(at offset: Int, _ count: Int) throws {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
      guard try test.files.read(TestFiles.alice, handle, at: UInt64(offset), into: part) == count else { throw FSError.io }
    }

    @Test(arguments: [4096, 128 << 10]) func aReadFromThePageCacheIsOneWriteToTheTrail(_ step: Int) throws {
      // Twice: what read-ahead put into the cache is not kept before it was used.
      for _ in 0..<2 { for offset in stride(from: 0, to: byteCount, by: step) { try read(at: offset, step) } }
      #expect(try calls(64) { try read(at: $0 * step % byteCount, step) } == ["write": 64])
      test.files.release(handle, lockOwner: nil)
    }

    @Test func aWriteIntoMemoryIsOneWriteToTheTrail() throws {
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<(64 << 10)])
      _ = try test.files.write(TestFiles.alice, handle, bytes, at: 0, appends: false)
      func write(_ index: Int) throws {
        let part = UnsafeRawBufferPointer(rebasing: bytes[..<4096])
        _ = try test.files.write(TestFiles.alice, handle, part, at: UInt64(index % 16 * 4096), appends: false)
      }
      #expect(try calls(16, write) == ["write": 16])
      test.files.release(handle, lockOwner: nil)
    }
  }

  /// Counts calls through the seam, by thread.
  private final class CallCounts: @unchecked Sendable {
    private let lock = Lock()
    private var counts: [pthread_t: [String: Int]] = [:]

    func watch(_ folder: String) {
      Seam.setFault(under: folder) { [self] call, _ in
        lock.withLock { counts[pthread_self(), default: [:]]["\(call)", default: 0] += 1 }
        return nil
      }
    }

    func forget(_ folder: String) { Seam.setFault(under: folder, nil) }
    var ofThisThread: [String: Int] { lock.withLock { counts[pthread_self()] ?? [:] } }
  }
#endif
