// content-speed: how fast content is sealed and read back, in one process and without FUSE. Prints a table; takes a folder on the disk
// to be measured (default: a fresh one under /tmp) and leaves nothing there.
//
//   swift build -c release --product content-speed && .build/release/content-speed [FOLDER]
import BlobStore
import Glibc
import Keys
import Platform
import Synchronization
import Vault
import VaultFormat

let parent = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "/tmp"
var template = Array((parent + "/content-speed-XXXXXX").utf8CString)
guard mkdtemp(&template) != nil else { fatalError("no folder under \(parent)") }
let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)

/// Bytes of the long document.
let longByteCount = 512 << 20

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = Clock.boot()
  try body()
  return Double(Clock.boot() - start) / 1e9
}

func report(_ name: String, _ value: Double, _ unit: String) {
  let number = value >= 100 ? "\(Int(value.rounded()))" : "\((value * 100).rounded() / 100)"
  print(name.padded(to: 52), number, unit)
}

extension String {
  func padded(to count: Int) -> String { self + String(repeating: " ", count: max(0, count - utf8.count)) }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func makeStore(_ keys: VaultKeys, packs: [PackNumber: PackRecord], aheadByteCount: Int) throws -> ContentStore {
  var settings = ContentSettings()
  settings.readAheadByteCount = aheadByteCount
  return try ContentStore(keys: keys, store: LocalBlobStore(folder: folder), packs: packs, settings: settings) {
    () throws(ContentError) in PackNumber(UInt32(nextPack.add(1, ordering: .relaxed).newValue))
  }
}

/// Takes the files of the store out of the kernel's cache.
func dropCaches() {
  sync()
  guard let file = try? File("/proc/sys/vm/drop_caches", O_WRONLY) else { return }
  try? file.write([UInt8]("1\n".utf8), at: 0)
}

let nextPack = Atomic<Int>(0)
let keys = try VaultKeys(vault: .random(), root: VaultKeys.makeRoot())
try LocalBlobStore.create(in: folder)
let source = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 20, alignment: 4096)
for offset in stride(from: 0, to: source.count, by: 8) {
  source.storeBytes(of: UInt64.random(in: 0...(.max)), toByteOffset: offset, as: UInt64.self)
}
let target = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
target.initializeMemory(as: UInt8.self, repeating: 0)

// Writing.
let writer = try makeStore(keys, packs: [:], aheadByteCount: 0)
var long: [Extent] = []
let writing = try seconds {
  for index in 0..<(longByteCount >> 22) {
    long.append(Extent(start: UInt64(index) << 22, byteCount: 4 << 20, blob: try writer.seal(source)))
  }
  _ = try writer.sync()
}
writer.committed()
report("write 512 MiB in blobs of 4 MiB, sync", Double(longByteCount) / writing / 1e6, "MB/s")

var small: [[Extent]] = []
let packing = try seconds {
  for _ in 0..<20_000 {
    let bytes = UnsafeMutableRawBufferPointer(rebasing: source[..<8800])
    small.append([Extent(start: 0, byteCount: 8800, blob: try writer.seal(bytes))])
  }
  _ = try writer.sync()
}
writer.committed()
report("seal a document of 8.8 kB into a pack, with its sync", packing / 20_000 * 1e6, "µs")
let (_, packs) = (writer.close(), [PackNumber: PackRecord]())

// Reading.
for aheadByteCount in [0, 1 << 20] {
  let name = aheadByteCount == 0 ? "no read-ahead" : "read-ahead"
  for step in [128 << 10, 1 << 20] {
    let content = try makeStore(keys, packs: packs, aheadByteCount: aheadByteCount)
    func pass() throws -> Double {
      try seconds {
        for offset in stride(from: 0, to: longByteCount, by: step) {
          try content.read(long, at: UInt64(offset), count: step, into: target)
        }
      }
    }
    dropCaches()
    report("read \(step >> 10) KiB, \(name), cold", Double(longByteCount) / (try pass()) / 1e6, "MB/s")
    report(
      "read \(step >> 10) KiB, \(name), again", Double(longByteCount) / median(try (0..<5).map { _ in try pass() }) / 1e6, "MB/s")
    // As a FUSE worker does: 50 µs in the kernel after 128 KiB, 200 after 1 MiB.
    let gap = try seconds {
      for offset in stride(from: 0, to: longByteCount / 4, by: step) {
        try content.read(long, at: UInt64(offset), count: step, into: target)
        let until = Clock.boot() + Int64(50_000 * max(1, step >> 18))
        while Clock.boot() < until {}
      }
    }
    report("read \(step >> 10) KiB, \(name), pausing as in FUSE", Double(longByteCount / 4) / gap / 1e6, "MB/s")
    content.close()
  }
}

let content = try makeStore(keys, packs: packs, aheadByteCount: 1 << 20)
@MainActor func random(_ name: String, _ extents: [Extent], in byteCount: Int, step: Int, count: Int) throws {
  var offsets: [UInt64] = []
  for _ in 0..<count { offsets.append(UInt64(Int.random(in: 0..<(byteCount / step)) * step)) }
  let time = try seconds {
    for offset in offsets { try content.read(extents, at: offset, count: step, into: target) }
  }
  report(name, time / Double(count) * 1e6, "µs")
}
for offset in stride(from: 0, to: 8 << 20, by: 4096) { try content.read(long, at: UInt64(offset), count: 4096, into: target) }
try random("read 4 KiB at random, page in the cache", long, in: 8 << 20, step: 4096, count: 200_000)
try random("read 4 KiB at random, page to be opened", long, in: longByteCount, step: 4096, count: 20_000)
let kept = [long[0], long[1]]
for _ in 0..<2 {
  for offset in stride(from: 0, to: 8 << 20, by: 128 << 10) {
    try content.read(kept, at: UInt64(offset), count: 128 << 10, into: target)
  }
}
try random("read 128 KiB, pages in the cache", kept, in: 8 << 20, step: 128 << 10, count: 5_000)

for round in ["cold", "again"] {
  if round == "cold" { dropCaches() }
  let time = try seconds { for document in small { try content.read(document, at: 0, count: 8800, into: target) } }
  report("read a document of 8.8 kB from a pack, \(round)", time / 20_000 * 1e6, "µs")
}

let starting = try seconds { try makeStore(keys, packs: [:], aheadByteCount: 1 << 20).close() }
report("start with a locked page cache of 64 MiB", starting * 1e3, "ms")

content.discard(long.compactMap(\.blob))
let removing = seconds { content.finishRemovals() }
report("remove 128 blob files of 4 MiB", removing * 1e3, "ms")
content.close()
for name in try Files.list(folder + "/blobs") { rmdir(folder + "/blobs/" + name) }
for name in try Files.list(folder + "/packs") { try Files.unlink(folder + "/packs/" + name) }
rmdir(folder + "/blobs")
rmdir(folder + "/packs")
rmdir(folder)
