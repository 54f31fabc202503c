import Glibc
import Platform
import VaultFormat

/// One pass over what is new, and what is done where a pass failed.
///
/// After a failed fdatasync the kernel may count the pages as written and report success the next time (fsync(2), "Notes"), so a
/// second call proves nothing. The objects of a failed file or folder become *unsure*. What they hold is then read back, judged by
/// the caller, who can tell sealed bytes from others, and written to a new file that is synced before it takes the name.
extension LocalBlobStore {
  package func sync() throws(BlobStoreError) {
    try syncing.withLock { () throws(BlobStoreError) -> Void in
      let taken = lock.withLock { () -> Unsynced in
        let taken = unsynced
        unsynced = Unsynced()
        return taken
      }
      // A folder after its files, and `blobs` after the folders in it: an entry is worth nothing before what it names.
      let names = taken.folders.sorted(by: >)
      let failures = [
        syncFiles(taken.files), syncFolders(names.filter { $0.contains("/") }, taken),
        syncFolders(names.filter { !$0.contains("/") }, taken),
      ]
      if let failure = failures.compactMap({ $0 }).first { throw BlobStoreError(failure) }
      guard lock.withLock({ unsureObjects.isEmpty }) else { throw .unsure }
    }
  }

  package func syncDeletions() throws(BlobStoreError) {
    try syncing.withLock { () throws(BlobStoreError) -> Void in
      let taken = lock.withLock { () -> Set<String> in
        let taken = thinned
        thinned = []
        return taken
      }
      var failure: SystemError?
      for name in taken {
        do throws(SystemError) { try Files.syncFolder(folder + "/" + name) } catch { failure = failure ?? error }
      }
      if let failure { throw BlobStoreError(failure) }
    }
  }

  package var unsure: [BlobObject] { lock.withLock { Array(unsureObjects) } }

  /// Frees descriptors between syncs, when very many blobs are put. Their names still wait for their folders.
  func syncSome() {
    syncing.withLock {
      let files = lock.withLock { () -> [BlobObject: File] in
        let files = unsynced.files
        unsynced.files = [:]
        return files
      }
      _ = syncFiles(files)
    }
  }

  /// Tries all of them. Returns the first failure.
  private func syncFiles(_ files: [BlobObject: File]) -> SystemError? {
    let all = Array(files)
    return ParallelSync.firstFailure(of: all.count) { [self] index in
      do throws(SystemError) {
        try all[index].value.syncData()
        return nil
      } catch {
        lock.withLock { _ = unsureObjects.insert(all[index].key) }
        return error
      }
    }
  }

  /// The same, of folders that `taken` made entries in.
  private func syncFolders(_ names: [String], _ taken: Unsynced) -> SystemError? {
    ParallelSync.firstFailure(of: names.count) { [self] index in
      do throws(SystemError) {
        try Files.syncFolder(folder + "/" + names[index])
        return nil
      } catch {
        lock.withLock {
          unsynced.folders.insert(names[index])
          // Also those that came since `taken`: the next success of this folder would say nothing of them.
          let doubtful = taken.names.union(unsynced.names).filter { parent(of: $0).hasPrefix(names[index]) }
          unsureObjects.formUnion(doubtful)
        }
        return error
      }
    }
  }

  package func rewrite(
    _ object: BlobObject, byteCount: Int, accept: (_ bytes: UnsafeRawBufferPointer, _ isLast: Bool) -> Bool
  ) throws(BlobStoreError) -> Bool {
    try syncing.withLock { () throws(BlobStoreError) -> Bool in
      do throws(SystemError) {
        return try copy(object, byteCount, accept)
      } catch { throw BlobStoreError(error) }
    }
  }

  private func copy(
    _ object: BlobObject, _ byteCount: Int, _ accept: (_ bytes: UnsafeRawBufferPointer, _ isLast: Bool) -> Bool
  ) throws(SystemError) -> Bool {
    let path = path(of: object)
    let old = try reader(object)
    try Files.unlink(path + Self.copySuffix)
    let new = try File(path + Self.copySuffix, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
    var isNamed = false
    defer { if !isNamed { try? Files.unlink(new.path) } }
    let step = BlobGeometry.sealedByteCount(BlobGeometry.byteCountMax)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: step, alignment: 4096)
    defer { buffer.deallocate() }
    var done = 0
    repeat {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(step, byteCount - done)])
      guard try old.read(at: done, into: part) == part.count else { return false }
      guard accept(UnsafeRawBufferPointer(part), done + part.count == byteCount) else { return false }
      try new.write(UnsafeRawBufferPointer(part), at: done)
      done += part.count
    } while done < byteCount
    try new.syncData()
    try Files.rename(new.path, path)
    isNamed = true
    readers.insert(object, new)
    lock.withLock {
      unsureObjects.remove(object)
      if case .pack(let number) = object, appended[number] != nil { appended[number] = new }
      // Once more in the next pass: that it was synced under its other name is not worth an exception.
      unsynced.add(object, new, in: parent(of: object))
    }
    return true
  }

  /// What a rewrite works on ends so; left by a crash, it is no object: `removeRemains` or the next rewrite removes it.
  static let copySuffix = ".new"
}
