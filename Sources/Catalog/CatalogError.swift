/// Why the catalog could not answer. Texts hold codes and numbers, no names and no content.
package enum CatalogError: Error, Equatable {
  /// The file is not what this program writes: corrupt, cut, missing, or with a foreign schema.
  case damaged(String)
  /// The disk is full, or a quota is used up. Nothing of the commit is there; it can be tried again.
  case outOfSpace
  /// The system failed, or the catalog is closed.
  case io(String)
  /// A later program wrote it; the number is its schema version.
  case newerVersion(UInt64)
  /// Another process, or a snapshot, holds what was needed.
  case busy
}
