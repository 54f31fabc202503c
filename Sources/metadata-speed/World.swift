import Glibc
import Platform
import Vault
import VaultFS
import VaultFormat

/// The open vault, and what is measured in it.
final class World {
  let options: Options
  let vault: Vault
  let files: VaultFS
  private let caller = SpeedVault.user
  private var folders: [FileNumber] = []

  init(_ place: SpeedVault) throws {
    options = place.options
    (vault, files) = try place.unlock()
  }

  func close() throws {
    files.close()
    try vault.close()
  }

  func measure() throws {
    let all: [(name: String, run: () throws -> Void)] = [
      ("list guest", listAsGuest), ("lookup", lookup), ("lookup again", lookupAgain), ("getattr", attributes),
      ("open", openAndRead),
      ("create", create), ("unlink", unlink), ("list", list), ("list again", list),
    ]
    folders = try (0..<options.folderCount).map { index in
      try named("d\(index)") { try files.lookup(caller, in: .root, $0).number }
    }
    for (name, run) in all where options.only == nil || options.only == name { try run() }
  }

  /// A document at random: a folder and a name.
  private func random() -> (folder: FileNumber, name: String) {
    let index = Int.random(in: 0..<options.documentCount)
    return (folders[index / options.folderDocumentCount], "\(index % options.folderDocumentCount)")
  }

  private func lookup() throws {
    try each("lookup of a document at random") {
      let document = random()
      _ = try named(document.name) { try files.lookup(caller, in: document.folder, $0) }
    }
  }

  private func lookupAgain() throws {
    let document = random()
    try each("lookup of a document in memory") {
      _ = try named(document.name) { try files.lookup(caller, in: document.folder, $0) }
    }
  }

  private func attributes() throws {
    let document = random()
    let number = try named(document.name) { try files.lookup(caller, in: document.folder, $0).number }
    try each("getattr of a document in memory") { _ = try files.attributes(caller, of: number) }
  }

  private func openAndRead() throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
    defer { buffer.deallocate() }
    try each("lookup, open, read and release at random") {
      let document = random()
      let number = try named(document.name) { try files.lookup(caller, in: document.folder, $0).number }
      let handle = try files.open(caller, number, OpenAccess(reads: true, writes: false))
      _ = try files.read(caller, handle, at: 0, into: buffer)
      files.release(handle, lockOwner: nil)
    }
  }

  private func create() throws {
    let content = [UInt8](repeating: 7, count: 100)
    var next = 0
    try each("create, write and release at random") {
      let handle = try named("new \(next)") {
        try files.create(
          caller, in: folders[next % folders.count], $0, mode: 0o644, OpenAccess(reads: false, writes: true)
        ).handle
      }
      _ = try content.withUnsafeBytes { try files.write(caller, handle, $0, at: 0, appends: false) }
      files.release(handle, lockOwner: nil)
      next += 1
    }
    try syncAndReport()
  }

  private func unlink() throws {
    var next = 0
    try each("unlink") {
      try named("new \(next)") { try files.unlink(caller, in: folders[next % folders.count], $0) }
      next += 1
    }
    try syncAndReport()
  }

  private func syncAndReport() throws {
    let time = try seconds { try files.sync() }
    report("  and its commit, each", time / Double(options.operationCount) * 1e6, "µs")
  }

  private func list() throws {
    var shown = 0
    let time = try seconds {
      for folder in folders where shown < max(options.operationCount, options.folderDocumentCount) {
        shown += try list(folder, as: caller)
      }
    }
    report("list a folder, each entry", time / Double(shown) * 1e6, "µs")
  }

  private func listAsGuest() throws {
    var shown = 0
    let time = try seconds { shown = try list(.root, as: SpeedVault.guest) }
    report("list the root with \(shown) visible entries", time * 1e6, "µs")
  }

  /// As readdir does: pages of as many entries as fit into 32 KiB or so.
  private func list(_ folder: FileNumber, as caller: Caller) throws -> Int {
    let handle = try files.openFolder(caller, folder)
    defer { files.releaseFolder(handle) }
    var shown = 0
    var offset: UInt64 = 0
    while true {
      var room = 700
      try files.list(caller, handle, after: offset) { entry in
        guard room > 0 else { return false }
        room -= 1
        offset = entry.offset
        return true
      }
      shown += 700 - room
      if room == 700 { return shown }
    }
  }

  /// Runs `body` so often, and reports the median, the mean and the processor time of the thread.
  private func each(_ name: String, _ body: () throws -> Void) throws {
    var times: [Int64] = []
    times.reserveCapacity(options.operationCount)
    let used = threadNanoseconds()
    for _ in 0..<options.operationCount {
      let start = Clock.boot()
      try body()
      times.append(Clock.boot() - start)
    }
    let processor = Double(threadNanoseconds() - used) / Double(times.count) / 1e3
    times.sort()
    let p50 = Double(times[times.count / 2]) / 1e3
    let p99 = Double(times[times.count * 99 / 100]) / 1e3
    report(name, p50, "µs p50, \(rounded(p99)) p99, \(rounded(processor)) of processor each")
  }
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = Clock.boot()
  try body()
  return Double(Clock.boot() - start) / 1e9
}

func threadNanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

func peakByteCount() -> Int {
  var usage = rusage()
  getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss << 10
}

func rounded(_ value: Double) -> String {
  value >= 100 ? "\(Int(value.rounded()))" : "\((value * 100).rounded() / 100)"
}

func report(_ name: String, _ value: Double, _ unit: String) {
  print(name + String(repeating: " ", count: max(1, 52 - name.utf8.count)) + rounded(value), unit)
}
