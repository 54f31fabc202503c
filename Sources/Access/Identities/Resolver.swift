package import VaultFormat

/// A question to the system's user database.
package enum IdentityQuery: Hashable, Sendable {
  /// The user of a uid, with all their groups.
  case uid(UInt32)
  /// The user of a name; groups are not asked for.
  case userName(String)
  case gid(UInt32)
  case groupName(String)
}

/// What the system's user database says.
package enum IdentityAnswer: Hashable, Sendable {
  /// The groups are empty unless asked by uid.
  case user(Principal, groups: [Principal])
  case group(Principal)
  /// It says for certain that there is none.
  case unknown
  /// It could not say; the errno.
  case failed(Int32)
}

/// Asks the user database. May block as long as it likes: it is called on threads that exist for it.
///
/// `watchedGroups` matters for `.uid` alone: the answer must be `.failed` where it cannot be told whether the user is in one of them.
package typealias IdentityResolver = @Sendable (_ query: IdentityQuery, _ watchedGroups: [Principal]) -> IdentityAnswer
