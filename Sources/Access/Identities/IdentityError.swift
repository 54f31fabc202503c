/// Why it could not be established who somebody is. The operation is refused, whichever it is.
package enum IdentityError: Error, Hashable, Sendable {
  /// The system knows no such user. In the trail their name is empty.
  case unknownUser
  /// The system knows no such group.
  case unknownGroup
  /// The name service has not answered within the deadline.
  case timedOut
  /// The name service answered with an error; the errno.
  case unavailable(Int32)
  /// Not `user:NAME` or `group:NAME`, or no name that a system could have.
  case badSyntax
  /// Another name comes first for the same id, so a rule in this name would never be about anyone: the name to use.
  case sharesID(with: String)
}
