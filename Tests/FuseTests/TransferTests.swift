import Fuse
import Glibc
import Platform
import Synchronization
import Testing

@testable import fuse_floor

/// How content passes: exact ranges, sizes, alignment.
@Suite(.serialized, .enabled(if: canMount, "needs root and /dev/fuse"), .timeLimit(.minutes(2)))
struct TransferTests {
  private static let mebibyte = 1 << 20

  @Test(arguments: [(0, 1), (1, 100), (4095, 2), (4096, 4096), (123, 131_072), (5, 1 << 20), (1 << 20, 1 << 20)])
  func aDirectReadArrivesAsItWasAsked(offset: Int, byteCount: Int) throws {
    let mounted = try Mounted()
    let file = try File("\(mounted.path)/big", O_RDONLY)
    let pages = Pages(byteCount)
    #expect(pread(file.descriptor, pages.bytes.baseAddress!, byteCount, off_t(offset)) == byteCount)
    #expect(
      mounted.filesystem.reads.withLock { $0 } == [.init(offset: UInt64(offset), byteCount: byteCount, isForPages: false)])
    #expect(mounted.filesystem.misalignedScratch.withLock { $0 } == 0)
    var wrong = 0
    for index in 0..<byteCount {
      let at = UInt64(offset + index)
      let expected = UInt8(truncatingIfNeeded: MemoryFilesystem.bigWord(at: at & ~7) >> (8 * (at & 7)))
      if pages.bytes[index] != expected { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test func aLongerReadComesInMebibytes() throws {
    let mounted = try Mounted()
    let file = try File("\(mounted.path)/big", O_RDONLY)
    let pages = Pages(3 * TransferTests.mebibyte + 10)
    #expect(pread(file.descriptor, pages.bytes.baseAddress!, pages.bytes.count, 7) == pages.bytes.count)
    let reads = mounted.filesystem.reads.withLock { $0 }.sorted { $0.offset < $1.offset }
    #expect(reads.map(\.byteCount) == [TransferTests.mebibyte, TransferTests.mebibyte, TransferTests.mebibyte, 10])
    #expect(
      reads.map { Int($0.offset) } == [
        7, 7 + TransferTests.mebibyte, 7 + 2 * TransferTests.mebibyte, 7 + 3 * TransferTests.mebibyte,
      ])
  }

  @Test func aReadAtTheEndIsShort() throws {
    let mounted = try Mounted()
    let file = try File("\(mounted.path)/big", O_RDONLY)
    var buffer = [UInt8](repeating: 0, count: 100)
    #expect(pread(file.descriptor, &buffer, 100, (4 << 30) - 40) == 40)
    #expect(pread(file.descriptor, &buffer, 100, 4 << 30) == 0)
  }

  @Test(arguments: [1, 4095, 4096, 4097, 131_072, 1 << 20])
  func thePayloadOfAWriteIsPageAligned(byteCount: Int) throws {
    let mounted = try Mounted()
    let file = try File("\(mounted.path)/f", O_RDWR | O_CREAT)
    let pages = Pages(byteCount)
    for index in 0..<byteCount { pages.bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
    #expect(pwrite(file.descriptor, pages.bytes.baseAddress!, byteCount, 5) == byteCount)
    #expect(
      mounted.filesystem.writes.withLock { $0 } == [.init(offset: 5, byteCount: byteCount, misalignment: 0, isAppending: false)])
    let back = Pages(byteCount)
    #expect(try file.read(at: 5, into: back.bytes) == byteCount)
    #expect(memcmp(back.bytes.baseAddress!, pages.bytes.baseAddress!, byteCount) == 0)
  }

  @Test func anAppendingWriteSaysSo() throws {
    let mounted = try Mounted()
    let file = try File("\(mounted.path)/f", O_WRONLY | O_CREAT | O_APPEND)
    _ = try Array("12".utf8).withUnsafeBytes { bytes in try file.append(bytes) }
    _ = try Array("34".utf8).withUnsafeBytes { bytes in try file.append(bytes) }
    #expect(mounted.filesystem.writes.withLock { $0.allSatisfy(\.isAppending) })
    #expect(try File("\(mounted.path)/f", O_RDONLY).readAll(limit: 10) == Array("1234".utf8))
  }

  @Test func aMappingReadsThroughPagesWithoutAnOwner() throws {
    let mounted = try Mounted()
    let file = try File("\(mounted.path)/big", O_RDONLY)
    #expect(mmap(nil, 4096, PROT_READ, MAP_SHARED, file.descriptor, 0) == MAP_FAILED && errno == ENODEV)
    let mapping = mmap(nil, 4096, PROT_READ, MAP_PRIVATE, file.descriptor, 8192)
    #expect(mapping != MAP_FAILED)
    let word = mapping!.load(as: UInt64.self)
    #expect(word == MemoryFilesystem.bigWord(at: 8192))
    let reads = mounted.filesystem.reads.withLock { $0 }
    #expect(!reads.isEmpty && reads.allSatisfy(\.isForPages))
    #expect(reads.contains { $0.offset <= 8192 && $0.offset + UInt64($0.byteCount) >= 12288 })
    munmap(mapping, 4096)
  }

  @Test func pagesAreDroppedOnNotification() throws {
    let mounted = try Mounted()
    let file = try File("\(mounted.path)/big", O_RDONLY)
    let node = NodeNumber(rawValue: UInt64(try file.status().st_ino))
    let mapping = mmap(nil, 4096, PROT_READ, MAP_PRIVATE, file.descriptor, 0)!
    defer { munmap(mapping, 4096) }
    func readsAfterTouch() -> Int {
      #expect(mapping.load(as: UInt64.self) == MemoryFilesystem.bigWord(at: 0))
      return mounted.filesystem.reads.withLock { $0.count }
    }
    let first = readsAfterTouch()
    #expect(readsAfterTouch() == first)
    mounted.session.invalidatePages(of: node)
    mounted.session.drainNotifications()
    #expect(readsAfterTouch() > first)
  }

  @Test func parallelReadersAreAllAnsweredRight() throws {
    let mounted = try Mounted()
    let path = "\(mounted.path)/big"
    let wrong = Lock()
    nonisolated(unsafe) var wrongCount = 0
    let threads = (0..<8).map { number in
      Thread(name: "reader-\(number)") {
        guard let file = try? File(path, O_RDONLY) else { return wrong.withLock { wrongCount += 1 } }
        let pages = Pages(4096)
        for index in 0..<200 {
          let offset = (index * 7919 + number * 104_729) % (1 << 20) / 8 * 8
          let count = pread(file.descriptor, pages.bytes.baseAddress!, 4096, off_t(offset))
          if count != 4096 || pages.bytes.load(as: UInt64.self) != MemoryFilesystem.bigWord(at: UInt64(offset)) {
            wrong.withLock { wrongCount += 1 }
          }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(wrongCount == 0)
    #expect(mounted.session.statistics[.read] == 1600)
    mounted.end()
  }
}
