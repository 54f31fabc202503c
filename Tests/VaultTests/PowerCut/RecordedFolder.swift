#if DEBUG
  import TestKit
  import Glibc
  import Platform
  import TestCatalogDisk
  import TestStores

  /// A vault's folder that knows at each system call what of it has been synced, and makes of it what a power cut at that instant may leave.
  ///
  /// What is synced is there: a file's bytes by fsync or fdatasync of it, its name by fsync of its folder. Of the rest there is anything: each
  /// 512-byte sector as it was or as it is, any length in between, each name as it was or as it is. Changes of the catalog's files come from
  /// SQLite's file layer, write by write; of those any is done, in part, or not at all. Nothing else is promised, so nothing else is kept.
  final class RecordedFolder: @unchecked Sendable {
    /// What a cut left, and what had been promised by then.
    struct Cut {
      let path: String
      let call: String
      let promised: Int
    }

    private struct Begun {
      let files: FileStates.Synced
      /// Where the folder is the catalog's: which of its files were there, and which were not.
      var there: [String] = []
      var gone: [String] = []
    }

    private let folder: String
    private let cutFolder: String
    /// What the tested code has been told is on disk: asked at each cut.
    private let promised: @Sendable () -> Int
    /// Guards everything below; held over a call's record, so that a cut is of one instant.
    private let lock = Lock()
    private var generator: SeededGenerator
    private var files = FileStates()
    private var databases: [String: DatabaseStates] = [:]
    /// What the sync covers that a thread has begun: what is written while it runs is not.
    private var begun: [pthread_t: Begun] = [:]
    private(set) var cuts: [Cut] = []
    private var failure: (any Error)?

    /// What is in `folder` now is on disk. The catalog in it is closed.
    init(_ folder: String, cutsIn cutFolder: String, seed: UInt64, promised: @escaping @Sendable () -> Int) throws {
      self.folder = folder
      self.cutFolder = cutFolder
      self.promised = promised
      generator = SeededGenerator(seed: seed)
      mkdir(cutFolder, 0o700)
      try files.scan(folder)
      files.allIsSynced()
      for suffix in ["", "-wal"] where Files.exists(folder + "/catalog.sqlite" + suffix) {
        let path = folder + "/catalog.sqlite" + suffix
        databases[path] = DatabaseStates(try File(path, O_RDONLY).readAll(limit: 1 << 30))
      }
    }

    func start() -> Bool {
      Seam.setFault(under: folder) { [weak self] call, path in
        self?.fileCall("\(call)", path)
        return nil
      }
      Seam.setSyncListener(under: folder) { [weak self] _ in self?.fileIsSynced() }
      let context = Unmanaged.passUnretained(self).toOpaque()
      return catalog_disk_listen(
        folder,
        { context, call, path, offset, bytes, count in
          let recorded = Unmanaged<RecordedFolder>.fromOpaque(context!).takeUnretainedValue()
          recorded.databaseCall(
            call, String(cString: path!), Int(offset), UnsafeRawBufferPointer(start: bytes, count: Int(count)))
        }, context) == 0
    }

    /// Ends it, when the vault is closed; what went wrong in a record or a cut is told here.
    func stop() throws {
      Seam.setFault(under: folder, nil)
      Seam.setSyncListener(under: folder, nil)
      _ = catalog_disk_listen(nil, nil, nil)
      if let failure { throw failure }
    }

    // MARK: Calls

    private static let changes: Set<String> = [
      "pwrite", "pwritev", "write", "ftruncate", "fsync", "fdatasync", "rename", "unlink", "mkdir",
    ]

    private func fileCall(_ call: String, _ path: String) {
      record("\(call) \(path.dropFirst(folder.count))", isChange: Self.changes.contains(call)) {
        guard call == "fsync" || call == "fdatasync" else { return }
        var started = Begun(files: try files.syncing(path))
        if path == folder {
          started.there = databases.filter { !$0.value.isGone }.map(\.key)
          started.gone = databases.filter { $0.value.isGone }.map(\.key)
        }
        begun[pthread_self()] = started
      }
    }

    private func fileIsSynced() {
      lock.withLock {
        guard let synced = begun.removeValue(forKey: pthread_self()) else { return }
        files.synced(synced.files)
        for path in synced.there { databases[path]?.isNamed = true }
        for path in synced.gone where databases[path]?.isGone == true { databases[path] = nil }
      }
    }

    private func databaseCall(_ call: catalog_disk_call, _ path: String, _ offset: Int, _ bytes: UnsafeRawBufferPointer) {
      let name = path.dropFirst(folder.count)
      record("SQLite \(call.rawValue) \(name)", isChange: call != catalog_disk_made && call != catalog_disk_synced) {
        // The index of the log is made anew by whoever opens first.
        if path.hasSuffix("-shm") { return }
        switch call {
        case catalog_disk_made: databases[path] = DatabaseStates()
        case catalog_disk_write: databases[path]?.changes.append(.write(offset, Array(bytes)))
        case catalog_disk_truncate: databases[path]?.changes.append(.truncate(offset))
        case catalog_disk_synced: databases[path]?.isSynced()
        case catalog_disk_delete:
          databases[path]?.isGone = true
          if bytes.count == 1 { databases[path] = nil }
        default: break
        }
      }
    }

    private func record(_ call: String, isChange: Bool, _ body: () throws -> Void) {
      lock.withLock {
        guard failure == nil else { return }
        begun.removeValue(forKey: pthread_self())
        do {
          // Whoever begins a file does so between two calls.
          try files.scan(folder)
          if isChange { try cut(before: call) }
          try body()
        } catch { failure = error }
      }
    }

    // MARK: Cuts

    private func cut(before call: String) throws {
      let path = cutFolder + "/\(cuts.count)"
      try files.leave(folder, at: path, &generator)
      for (file, states) in databases {
        guard let bytes = states.left(&generator) else { continue }
        try File(path + file.dropFirst(folder.count), O_WRONLY | O_CREAT | O_TRUNC).write(bytes, at: 0)
      }
      cuts.append(Cut(path: path, call: call, promised: promised()))
    }
  }
#endif
