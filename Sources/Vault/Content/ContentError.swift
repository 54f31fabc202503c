import BlobStore
import Keys
import VaultFormat

/// What can go wrong with content.
package enum ContentError: Error, Equatable {
  /// Bytes at rest are not what was sealed, or are gone. The text names blob and page, or pack.
  case damaged(String)
  /// No room on the disk. What was sealed before is safe, what was to be sealed is still the caller's.
  case outOfSpace
  /// Past the greatest size of a document.
  case tooLarge
  /// The page cache or a key cannot be locked in memory: the program must refuse to start.
  case memoryNotLocked
  /// The store failed; the text says at which call.
  case io(String)

  init(_ error: BlobStoreError, _ object: BlobObject) {
    switch error {
    case .outOfSpace: self = .outOfSpace
    case .missing: self = .damaged("\(object.title) is missing")
    case .exists: self = .io("\(object.title) exists already")
    case .unsure: self = .io("an earlier sync failed")
    case .io(let what): self = .io(what)
    }
  }

  init(_ error: BlobStoreError) {
    switch error {
    case .outOfSpace: self = .outOfSpace
    case .missing: self = .io("the store's folder is missing")
    case .exists: self = .io("a file of that name exists already")
    case .unsure: self = .io("an earlier sync failed")
    case .io(let what): self = .io(what)
    }
  }

  init(_ error: KeysError, _ blob: BlobReference) {
    switch error {
    case .memoryNotLocked: self = .memoryNotLocked
    default: self = .damaged("the key of blob \(blob.id)")
    }
  }
}

extension BlobObject {
  /// `blob 00…ff` or `pack 7`, for people.
  var title: String {
    switch self {
    case .blob(let id): "blob \(id)"
    case .pack(let number): "pack \(number.value)"
    }
  }
}

extension BlobReference {
  /// The object that holds the blob's sealed bytes.
  @inline(__always) var object: BlobObject {
    switch place {
    case .file: .blob(id)
    case .pack(let number, _): .pack(number)
    }
  }

  /// Where in the object they begin.
  @inline(__always) var objectOffset: Int {
    switch place {
    case .file: 0
    case .pack(_, let offset): Int(clamping: offset)
    }
  }

  @inline(__always) var sealedByteCount: Int { BlobGeometry.sealedByteCount(Int(byteCount)) }
}
