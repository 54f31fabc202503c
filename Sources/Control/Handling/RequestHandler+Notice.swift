import Platform
import Trail
import Vault
import VaultFS
import VaultFormat

/// "A reviewer reads the trail on this machine": on record like any other reading.
extension RequestHandler {
  /// The longest name and text of a filter that a record holds, UTF-8 bytes.
  static let filterNameByteCountMax = 32
  static let filterTextByteCountMax = 256

  /// Taken from anybody, since it only adds to the record, and reading needs no account of its own. So it is held to what a reviewer's program
  /// says: somebody without any right could fill the trail's disk otherwise. Waits where the caller makes too many records.
  func noteReview(_ notice: ReviewNotice, _ caller: Caller) throws(ControlFailure) {
    guard ReviewNotice.commands.contains(notice.command) else { throw .malformed }
    guard isReviewer(notice.fingerprint) else {
      throw ControlFailure(code: "no-such-reviewer", hint: "list-reviewers", exitCode: 1)
    }
    let filters = notice.filters.sorted { $0.key < $1.key }.prefix(32).map { filter in
      (
        key: "filter-" + Self.cut(filter.key, Self.filterNameByteCountMax),
        value: Self.cut(filter.value, Self.filterTextByteCountMax)
      )
    }
    let record = files.record(.review, caller, [("fingerprint", notice.fingerprint), ("command", notice.command)] + filters)
    do throws(FSError) { try files.append(record) } catch {
      throw ControlFailure(code: "trail-unavailable", hint: "see-status", exitCode: 1)
    }
  }

  /// Whether it names somebody who can read some of this trail: a reviewer of the vault, or one who was retired.
  private func isReviewer(_ fingerprint: String) -> Bool {
    if reviewers().contains(where: { $0.fingerprint == fingerprint }) { return true }
    return knownReviewers.contains(fingerprint, trail: files.vault.folder.trailPath)
  }

  /// The beginning of a text, whole characters of Unicode, of at most so many bytes.
  static func cut(_ text: String, _ byteCountMax: Int) -> String {
    guard text.utf8.count > byteCountMax else { return text }
    var count = 0
    let scalars = text.unicodeScalars.prefix { scalar in
      count += scalar.utf8.count
      return count <= byteCountMax
    }
    return String(String.UnicodeScalarView(scalars))
  }
}

/// Who was a reviewer at some time, by the headers of the trail's segments: read once a mount, when somebody names one who is none now.
final class KnownReviewers: @unchecked Sendable {
  private let lock = Lock()
  /// Those who were retired during this mount.
  private var retired: Set<String> = []
  private var earlier: Set<String>?

  func note(_ fingerprint: String) { lock.withLock { _ = retired.insert(fingerprint) } }

  func contains(_ fingerprint: String, trail: String) -> Bool {
    lock.withLock {
      if retired.contains(fingerprint) { return true }
      if earlier == nil { earlier = TrailReviewers.everyone(in: trail) }
      return earlier!.contains(fingerprint)
    }
  }
}
