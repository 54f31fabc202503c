import Glibc
package import VaultFormat

/// The operating system's user database, through NSS: files, LDAP, Active Directory, whatever nsswitch.conf says.
package enum SystemResolver {
  /// An entry of a very large group is some megabytes.
  private static let bufferByteCountMax = 64 << 20
  private static let groupCountMax: Int32 = 65_536

  /// Source: getpwuid_r(3), getpwnam_r(3), getgrgid_r(3), getgrnam_r(3), getgrouplist(3). glibc returns 0 without an entry where the name
  /// service says that there is none, and an errno only where it could not say.
  package static func resolve(_ query: IdentityQuery, watchedGroups: [Principal]) -> IdentityAnswer {
    switch query {
    case .uid(let uid): user(uid, watchedGroups)
    case .userName(let name): answer(account { getpwnam_r(name, $0, $1, $2, $3) }) { .user($0.principal, groups: []) }
    case .gid(let gid): answer(group { getgrgid_r(gid, $0, $1, $2, $3) }) { .group($0.principal) }
    case .groupName(let name): answer(group { getgrnam_r(name, $0, $1, $2, $3) }) { .group($0.principal) }
    }
  }

  private enum Entry<Value> {
    case found(Value)
    case unknown
    case failed(Int32)
  }

  private struct Account {
    let principal: Principal
    let primaryGroup: gid_t
  }

  private struct Group {
    let principal: Principal
    let members: [String]
  }

  private static func answer<Value>(_ entry: Entry<Value>, _ found: (Value) -> IdentityAnswer) -> IdentityAnswer {
    switch entry {
    case .found(let value): found(value)
    case .unknown: .unknown
    case .failed(let code): .failed(code)
    }
  }

  private static func user(_ uid: uid_t, _ watchedGroups: [Principal]) -> IdentityAnswer {
    let account: Account
    switch Self.account({ getpwuid_r(uid, $0, $1, $2, $3) }) {
    case .found(let found): account = found
    case .unknown: return .unknown
    case .failed(let code): return .failed(code)
    }
    guard let ids = groupIDs(of: account) else { return .failed(ERANGE) }
    var groups: [Principal] = []
    for id in ids {
      switch group({ getgrgid_r(id, $0, $1, $2, $3) }) {
      case .found(let found): groups.append(found.principal)
      case .unknown: continue  // no rule can name it
      case .failed(let code): return .failed(code)
      }
    }
    // getgrouplist leaves out in silence what a service that is down would have said. For a grant that errs to the safe side; a barrier
    // would be missed. So each group that a barrier names must be there to be asked.
    for watched in watchedGroups where !groups.contains(where: { $0.isExactly(watched) }) {
      switch group({ getgrgid_r(watched.id, $0, $1, $2, $3) }) {
      case .found(let found): if found.members.contains(account.principal.name) { groups.append(found.principal) }
      case .unknown: continue
      case .failed(let code): return .failed(code)
      }
    }
    return .user(account.principal, groups: groups)
  }

  private static func groupIDs(of account: Account) -> [gid_t]? {
    var capacity: Int32 = 64
    while capacity <= groupCountMax {
      var ids = [gid_t](repeating: 0, count: Int(capacity))
      var count = capacity
      if getgrouplist(account.principal.name, account.primaryGroup, &ids, &count) >= 0 { return Array(ids.prefix(Int(count))) }
      capacity = max(capacity * 2, count)
    }
    return nil
  }

  private typealias Call<Raw> = (
    UnsafeMutablePointer<Raw>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<Raw>?>
  ) -> Int32

  private static func account(_ call: Call<passwd>) -> Entry<Account> {
    entry(passwd(), call) { raw in
      guard let name = String(validatingCString: raw.pw_name) else { return nil }
      return Account(principal: Principal(kind: .user, name: name, id: raw.pw_uid), primaryGroup: raw.pw_gid)
    }
  }

  private static func group(_ call: Call<Glibc.group>) -> Entry<Group> {
    entry(Glibc.group(), call) { raw in
      guard let name = String(validatingCString: raw.gr_name) else { return nil }
      var members: [String] = []
      var next = raw.gr_mem
      while let member = next?.pointee {
        if let name = String(validatingCString: member) { members.append(name) }
        next = next?.advanced(by: 1)
      }
      return Group(principal: Principal(kind: .group, name: name, id: raw.gr_gid), members: members)
    }
  }

  /// Calls with a buffer that grows until the entry fits. A name that is not UTF-8 is EILSEQ: no rule could be written for it.
  private static func entry<Raw, Value>(_ empty: Raw, _ call: Call<Raw>, _ read: (Raw) -> Value?) -> Entry<Value> {
    var byteCount = 1024
    while true {
      let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: byteCount)
      defer { buffer.deallocate() }
      var raw = empty
      var result: UnsafeMutablePointer<Raw>?
      let code = call(&raw, buffer, byteCount, &result)
      switch code {
      case 0:
        guard let result else { return .unknown }
        return read(result.pointee).map(Entry.found) ?? .failed(EILSEQ)
      case EINTR: continue
      case ERANGE where byteCount < bufferByteCountMax: byteCount *= 2
      default: return .failed(code)
      }
    }
  }
}
