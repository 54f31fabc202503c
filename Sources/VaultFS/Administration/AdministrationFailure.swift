package import Access
import Vault
package import VaultFormat

/// Why an administrator's command did nothing.
package enum AdministrationFailure: Error, Sendable {
  /// Absent, or hidden from whoever asks: not told apart.
  case noSuchPath
  /// Rules stand on folders; this is a document or symlink, whose rights are its folder's.
  case notFolder
  /// No rule has the number, or none that whoever asks may know of.
  case noSuchRule(RuleID)
  /// No review has the number, or none that whoever asks may know of.
  case noSuchReview(RuleID)
  /// The review does not ask for the grant, or whoever asks may not know of it.
  case notInReview(RuleID)
  /// The principal has not the duty that was to be taken.
  case noSuchDuty
  case refused(AdministrationError)
  case identity(IdentityError)
  /// A reason is 1…4096 bytes without control characters; a barrier's name 1…255.
  case badText
  /// The line of a file says again what an earlier one said: its number.
  case repeatsLine(Int)
  /// The trail or the vault could not take it; nothing has changed.
  case failed(FSError)
}
