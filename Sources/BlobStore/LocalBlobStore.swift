import Glibc
import Platform
package import VaultFormat

/// Blobs and packs as files in a local folder: `blobs/ab/<id>` and `packs/<n>`, where `ab` is the first byte of the id.
///
/// Files are made with O_EXCL and mode 0600, folders with 0700. A file is written once, front to back. Files not yet synced are
/// held open, so that the kernel cannot forget a failed write-back before `sync` has asked for it.
package final class LocalBlobStore: BlobStore, @unchecked Sendable {
  let folder: String
  /// Files for reading.
  let readers: FileCache
  private let misses = PackMisses()
  /// Held over a sync pass, a rewrite, or the making of a folder; never by a reader.
  let syncing = Lock()
  /// Guards what follows, for moments.
  let lock = Lock()
  var unsynced = Unsynced()
  /// Folders that files were removed from since they were last synced. Under `lock`.
  var thinned: Set<String> = []
  var unsureObjects: Set<BlobObject> = []
  /// Packs made or grown by this store, open for writing until they are synced.
  var appended: [PackNumber: File] = [:]
  private let unsyncedCountMax: Int
  /// Blobs from here on go past the kernel's cache: to copy them there takes longer than to write them, and pushes out what is read.
  private static let directByteCountMin = 1 << 20

  /// What a sync has to see to.
  struct Unsynced {
    var files: [BlobObject: File] = [:]
    /// Objects whose names wait for their folders: some of them no longer among `files`.
    var names: Set<BlobObject> = []
    /// Folders that got entries, relative to the store's own.
    var folders: Set<String> = []

    /// A file that was made, and so its name.
    mutating func add(_ object: BlobObject, _ file: File, in folder: String) {
      files[object] = file
      names.insert(object)
      folders.insert(folder)
    }
  }

  /// Opens a store that `create` made. Takes up to half of the descriptors that the process may have (RLIMIT_NOFILE).
  /// - Parameter readerCountMax: files kept open for reading.
  package init(folder: String, readerCountMax: Int = 256) {
    self.folder = folder
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    let allowed = Int(clamping: min(limit.rlim_cur, 1 << 20))
    readers = FileCache(countMax: min(readerCountMax, allowed / 4))
    unsyncedCountMax = max(16, min(2048, allowed / 4))
    // A process that was killed may have made folders that it never synced.
    unsynced.folders = [Self.blobFolder, Self.packFolder]
  }

  /// Makes `blobs` and `packs` in a folder that has neither. Their names are on disk once the first `sync` and a sync of
  /// `folder` itself have returned.
  package static func create(in folder: String) throws(BlobStoreError) {
    do throws(SystemError) {
      try Files.makeFolder(folder + "/" + blobFolder, mode: 0o700)
      try Files.makeFolder(folder + "/" + packFolder, mode: 0o700)
    } catch { throw BlobStoreError(error) }
  }

  // MARK: Blobs

  package func put(_ id: BlobID, _ sealed: UnsafeRawBufferPointer) throws(BlobStoreError) {
    if lock.withLock({ unsynced.files.count >= unsyncedCountMax }) { syncSome() }
    let object = BlobObject.blob(id)
    do throws(SystemError) {
      let file = try create(object)
      do throws(SystemError) {
        if sealed.count >= Self.directByteCountMin {
          try file.writeDirectly(sealed)
        } else {
          try file.write(sealed, at: 0)
          file.startWriteback(at: 0, count: sealed.count)
        }
      } catch {
        try? Files.unlink(file.path)
        throw error
      }
      readers.insert(object, file)
      lock.withLock { unsynced.add(object, file, in: parent(of: object)) }
    } catch { throw BlobStoreError(error) }
  }

  // MARK: Packs

  package func beginPack(_ number: PackNumber) throws(BlobStoreError) {
    let object = BlobObject.pack(number)
    do throws(SystemError) {
      let file = try create(object)
      readers.insert(object, file)
      lock.withLock {
        appended[number] = file
        unsynced.add(object, file, in: parent(of: object))
      }
    } catch { throw BlobStoreError(error) }
  }

  package func reserve(_ number: PackNumber, byteCount: Int) throws(BlobStoreError) {
    let file = try appendedFile(number)
    do throws(SystemError) {
      try file.allocate(mode: 1 /* FALLOC_FL_KEEP_SIZE */, at: 0, count: byteCount)
    } catch {
      // Not every file system can; the write itself will tell then.
      guard error.code != EOPNOTSUPP else { return }
      throw BlobStoreError(error)
    }
  }

  package func append(_ bytes: UnsafeRawBufferPointer, to number: PackNumber, at offset: Int) throws(BlobStoreError) {
    let file = try appendedFile(number)
    do throws(SystemError) { try file.write(bytes, at: offset) } catch { throw BlobStoreError(error) }
    file.startWriteback(at: offset, count: bytes.count)
    lock.withLock { unsynced.files[.pack(number)] = file }
  }

  package func endPack(_ number: PackNumber, byteCount: Int) throws(BlobStoreError) {
    let known = lock.withLock { appended.removeValue(forKey: number) }
    do throws(SystemError) {
      let file = if let known { known } else { try File(path(of: .pack(number)), O_RDWR | O_NOFOLLOW) }
      let status = try file.status()
      // Also where the size stays the same: space set aside beyond the end is given back.
      guard Int(status.st_size) > byteCount || Int(status.st_blocks) * 512 > byteCount + 4096 * 16 else { return }
      guard Int(status.st_size) >= byteCount else { return }
      try file.truncate(to: byteCount)
    } catch { throw BlobStoreError(error) }
  }

  private func appendedFile(_ number: PackNumber) throws(BlobStoreError) -> File {
    guard let file = lock.withLock({ appended[number] }) else { throw .missing }
    return file
  }

  // MARK: Reading

  package func read(
    _ object: BlobObject, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(BlobStoreError) -> Int {
    do throws(SystemError) {
      let file = try reader(object)
      guard case .pack(let number) = object else { return try file.read(at: offset, into: buffer) }
      return try file.read(at: offset, into: buffer) {
        guard let range = misses.note(number, at: offset) else { return }
        // Part of it is there: the places that were read.
        fetch(file, range, skipsCached: false)
      }
    } catch { throw BlobStoreError(error) }
  }

  package func prefetch(_ object: BlobObject, at offset: Int, byteCount: Int) {
    guard let file = try? reader(object) else { return }
    // What is there already the kernel would look for page by page.
    fetch(file, offset..<offset + byteCount, skipsCached: true)
  }

  /// Has the kernel bring bytes into its memory.
  private func fetch(_ file: File, _ range: Range<Int>, skipsCached: Bool) {
    // It takes only so much of one request.
    let step = 256 << 10
    var position = range.lowerBound
    while position < range.upperBound {
      if !skipsCached || !file.isCached(at: position) {
        posix_fadvise(file.descriptor, off_t(position), off_t(min(step, range.upperBound - position)), POSIX_FADV_WILLNEED)
      }
      position += step
    }
  }

  package func byteCount(of object: BlobObject) throws(BlobStoreError) -> Int {
    do throws(SystemError) { return try reader(object).size() } catch { throw BlobStoreError(error) }
  }

  func reader(_ object: BlobObject) throws(SystemError) -> File {
    if let file = readers.file(object) { return file }
    let file = try File(path(of: object), O_RDONLY | O_NOFOLLOW)
    readers.insert(object, file)
    return file
  }

  // MARK: Deleting and listing

  package func delete(_ object: BlobObject) throws(BlobStoreError) {
    // Not between the halves of a rewrite, which would put it back.
    try syncing.withLock { () throws(BlobStoreError) -> Void in
      readers.remove(object)
      let gone = lock.withLock { () -> [File?] in
        unsureObjects.remove(object)
        unsynced.names.remove(object)
        let file = unsynced.files.removeValue(forKey: object)
        guard case .pack(let number) = object else { return [file] }
        return [file, appended.removeValue(forKey: number)]
      }
      withExtendedLifetime(gone) {}
      do throws(SystemError) { try Files.unlink(path(of: object)) } catch { throw BlobStoreError(error) }
      lock.withLock { _ = thinned.insert(parent(of: object)) }
    }
  }

  package func blobs() throws(BlobStoreError) -> [BlobID] {
    do throws(SystemError) { return try blobs(suffix: "") } catch { throw BlobStoreError(error) }
  }

  package func packs() throws(BlobStoreError) -> [PackNumber] {
    do throws(SystemError) { return try packs(suffix: "") } catch { throw BlobStoreError(error) }
  }

  package func removeRemains() throws(BlobStoreError) {
    do throws(SystemError) {
      let suffix = Self.copySuffix
      for object in try blobs(suffix: suffix).map({ .blob($0) }) + packs(suffix: suffix).map({ BlobObject.pack($0) }) {
        // Under the lock no rewrite is under way: what is there is left over, whoever made what was listed.
        try syncing.withLock { () throws(SystemError) -> Void in try Files.unlink(path(of: object) + suffix) }
        lock.withLock { _ = thinned.insert(parent(of: object)) }
      }
    } catch { throw BlobStoreError(error) }
  }

  /// The blobs that there are names of with `suffix` behind.
  private func blobs(suffix: String) throws(SystemError) -> [BlobID] {
    var ids: [BlobID] = []
    for prefix in try Files.list(folder + "/" + Self.blobFolder) where Hex.decode(prefix)?.count == 1 {
      for name in try Files.list(folder + "/" + Self.blobFolder + "/" + prefix)
      where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
        if let bytes = Hex.decode(String(name.dropLast(suffix.count))), let id = BlobID(bytes) { ids.append(id) }
      }
    }
    return ids
  }

  private func packs(suffix: String) throws(SystemError) -> [PackNumber] {
    try Files.list(folder + "/" + Self.packFolder).filter { $0.hasSuffix(suffix) }.compactMap {
      let name = $0.dropLast(suffix.count)
      guard let number = UInt32(name), number > 0, String(number) == name else { return nil }
      return PackNumber(number)
    }
  }

  // MARK: Names

  static let blobFolder = "blobs"
  static let packFolder = "packs"

  /// The folder that holds an object, relative to the store's own.
  func parent(of object: BlobObject) -> String {
    switch object {
    case .blob(let id): Self.blobFolder + "/" + Hex.encode([UInt8(id.high >> 56)])
    case .pack: Self.packFolder
    }
  }

  func path(of object: BlobObject) -> String {
    let name =
      switch object {
      case .blob(let id): id.description
      case .pack(let number): String(number.value)
      }
    return folder + "/" + parent(of: object) + "/" + name
  }

  private func create(_ object: BlobObject) throws(SystemError) -> File {
    let path = path(of: object)
    let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
    do throws(SystemError) {
      return try File(path, flags)
    } catch  where error.isMissing && object.isBlob {
      do throws(SystemError) { try Files.makeFolder(Files.folder(of: path), mode: 0o700) } catch  where error.code == EEXIST {}
      lock.withLock { _ = unsynced.folders.insert(Self.blobFolder) }
      return try File(path, flags)
    }
  }
}

extension BlobObject {
  var isBlob: Bool {
    if case .blob = self { true } else { false }
  }
}

extension SystemError {
  var isMissing: Bool { code == ENOENT }
  var isTaken: Bool { code == EEXIST }
}
