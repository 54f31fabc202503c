import GRDB
import GRDBSQLite
import Glibc
import Platform

/// SQLite's result codes (sqlite.org/rescode.html), GRDB's errors and system errors as `CatalogError`.
extension CatalogError {
  /// `code` may be extended; `systemCode` is the errno that SQLite kept with it, or 0.
  init(sqlite code: Int32, systemCode: Int32 = 0) {
    let text = "\(String(cString: sqlite3_errstr(code))) (\(code))"
    switch code & 0xff {
    case SQLITE_FULL: self = .outOfSpace
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_ERROR:
      // SQLITE_ERROR: the statements are ours and correct, so the schema they meet is not.
      self = .damaged(text)
    case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
    case SQLITE_IOERR where systemCode == ENOSPC || systemCode == EDQUOT: self = .outOfSpace
    case SQLITE_IOERR where code == Self.shortRead: self = .damaged(text)
    default: self = .io(text)
    }
  }

  /// SQLITE_IOERR_SHORT_READ, a macro that Swift cannot import: the file ends where a page should be.
  private static let shortRead: Int32 = SQLITE_IOERR | 2 << 8

  init(_ error: any Error) {
    switch error {
    case let error as CatalogError: self = error
    case let error as DatabaseError: self = CatalogError(sqlite: error.extendedResultCode.rawValue)
    case let error as SystemError: self = error.isOutOfSpace ? .outOfSpace : .io(error.description)
    default: self = .io("\(type(of: error))")
    }
  }

  static var closed: CatalogError { .io("the catalog is closed") }
}
