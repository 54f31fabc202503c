/// BlobStore: immutable sealed objects by id, behind one small protocol. Knows no keys and no documents.
///
/// *Blob* one sealed object of content, put whole under its id · *pack* a file of many small blobs, appended to, by number ·
/// *object* either of them · *unsure* an object of which a sync failed: nothing is known of what the disk holds of it ·
/// *engine* one implementation of `BlobStore`: a local folder now (`LocalBlobStore`).
///
/// Nothing is ever rewritten: a blob is put once, a pack grows at its end. Every engine must pass `BlobStoreConformance`
/// (Tests/BlobStoreTests). The bytes inside are described in docs/format/blobs.md.
package import Platform
package import VaultFormat

/// What a store can fail with; a case for each thing that a caller does differently.
package enum BlobStoreError: Error, Equatable {
  /// No room, or no quota. What was there before is untouched; the same call can be made again.
  case outOfSpace
  /// The object is not there.
  case missing
  /// There is an object of that id or number, or something else in its place.
  case exists
  /// A sync failed for some objects, now or before: they are `unsure` until `rewrite` has saved them.
  case unsure
  /// Any other failure of the engine; the text names the call and never content.
  case io(String)

  package init(_ error: SystemError) {
    if error.isOutOfSpace {
      self = .outOfSpace
    } else if error.isMissing {
      self = .missing
    } else if error.isTaken {
      self = .exists
    } else {
      self = .io(error.description)
    }
  }
}

/// A thing that a store holds.
package enum BlobObject: Hashable, Sendable {
  /// `blobs/ab/<id>`
  case blob(BlobID)
  /// `packs/<n>`
  case pack(PackNumber)
}

/// Where sealed content lies. All calls may be made from any thread, except that one pack has one appender at a time.
///
/// Nothing is promised to be on disk before `sync` has returned without a throw; then everything is that was put or appended
/// before it was called. Until then a crash may keep any part of it, in any order.
package protocol BlobStore: AnyObject, Sendable {
  /// Puts a sealed blob under an id that was never used. On a throw nothing is left under the id.
  func put(_ id: BlobID, _ sealed: UnsafeRawBufferPointer) throws(BlobStoreError)

  /// Makes an empty pack under a number that was never used. After a throw there is none, and the same call can be made again.
  func beginPack(_ number: PackNumber) throws(BlobStoreError)

  /// Sets space aside so that a pack can grow to `byteCount` bytes. An engine that cannot does nothing.
  /// - Throws: `.outOfSpace` where the pack could not grow so far.
  func reserve(_ number: PackNumber, byteCount: Int) throws(BlobStoreError)

  /// Writes `bytes` at the pack's end, `offset`. After a throw, any part of them may be there; the same call can be made again.
  func append(_ bytes: UnsafeRawBufferPointer, to number: PackNumber, at offset: Int) throws(BlobStoreError)

  /// Says that a pack grows no more, made by this store or before it. Gives back what was set aside or lies beyond `byteCount`, such
  /// as the tail that a crash left, which nothing names.
  func endPack(_ number: PackNumber, byteCount: Int) throws(BlobStoreError)

  /// Reads from `offset` until `buffer` is full or the object ends. Returns the bytes read.
  func read(_ object: BlobObject, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(BlobStoreError) -> Int

  /// Says that the range is about to be read. Promises nothing, and may take as long as starting the reads takes.
  func prefetch(_ object: BlobObject, at offset: Int, byteCount: Int)

  /// The object's length in bytes.
  func byteCount(of object: BlobObject) throws(BlobStoreError) -> Int

  /// Everything put, begun and appended before the call is on disk on return, with its name.
  /// - Throws: What failed; the objects concerned are `unsure` from then on, the others are on disk. `.unsure` where some were so
  ///   before the call and `rewrite` has not saved them.
  func sync() throws(BlobStoreError)

  /// The objects that a failed sync left in doubt.
  var unsure: [BlobObject] { get }

  /// Saves an unsure object, which nobody appends to meanwhile: reads its first `byteCount` bytes back, lets `accept` judge them, writes them to a new place, syncs
  /// that, and only then puts it in the object's place. `accept` is shown the bytes in order, a blob in one call, and must be
  /// true for all of them; it is told which call is the last.
  /// - Returns: False if `accept` refused, or the object has become shorter: what it held is lost, and it stays unsure.
  func rewrite(
    _ object: BlobObject, byteCount: Int, accept: (_ bytes: UnsafeRawBufferPointer, _ isLast: Bool) -> Bool
  ) throws(BlobStoreError) -> Bool

  /// Removes an object, unsure or not. One that is gone already is no error. A crash soon after may bring it back.
  func delete(_ object: BlobObject) throws(BlobStoreError)

  /// What was deleted before the call does not come back after a power cut. Without it, it may until its folder is next synced.
  /// - Throws: `.io` where a folder cannot be synced; the rest is then tried all the same.
  func syncDeletions() throws(BlobStoreError)

  /// Removes what rewrites left that a crash ended, which is no object; never what one under way works on.
  func removeRemains() throws(BlobStoreError)

  /// The ids of all blobs, in no order. May take seconds per million.
  func blobs() throws(BlobStoreError) -> [BlobID]

  /// The numbers of all packs, in no order.
  func packs() throws(BlobStoreError) -> [PackNumber]
}
