import Access
import Vault
import VaultFormat

/// Finds who is to answer for a grant: its giver, else the nearest other holder of `grant`, else whoever opens the review; never anybody whom
/// the grant names.
struct ReviewOwners {
  private let files: VaultFS
  private let change: RuleChange
  private let judge: Judge
  private let duties: Duties
  /// Who somebody is today; nil for nobody.
  private var subjects: [Principal: Subject?] = [:]

  init(_ files: VaultFS, _ change: RuleChange) {
    self.files = files
    self.change = change
    judge = change.judge
    duties = files.duties
  }

  /// - Parameter folder: that the grant stands on.
  mutating func owner(of grant: Grant, on folder: Node) throws(AdministrationFailure) -> Principal? {
    for candidate in [grant.giver] + (try holders(from: folder)) + [judge.subject.user] {
      if try isFit(candidate, for: grant) { return candidate }
    }
    return nil
  }

  /// Those to whom `grant` was given at a folder or above it: the nearest first, then in the order of their grants.
  private func holders(from folder: Node) throws(AdministrationFailure) -> [Principal] {
    let chain: [Node]
    do throws(VaultError) { chain = try files.vault.chain(to: folder) } catch { throw .failed(FSError(error)) }
    return chain.reversed().flatMap { place in
      judge.rights.grants(on: place.id).filter { $0.rights.contains(.grant) && $0.isLive(at: judge.now) }.map(\.principal)
    }
  }

  private mutating func isFit(_ candidate: Principal, for grant: Grant) throws(AdministrationFailure) -> Bool {
    guard let subject = try subject(candidate), !subject.isNamed(by: grant.principal) else { return false }
    let rights = judge.rights.rights(of: subject, at: grant.folder, now: judge.now)
    guard rights.contains(.grant), (try? duties.requireNone(against: .grant, of: subject)) != nil else { return false }
    guard grant.folder == .root, candidate.kind == .user else { return true }
    return (try? duties.require(.administrator, of: subject)) != nil
  }

  private mutating func subject(_ principal: Principal) throws(AdministrationFailure) -> Subject? {
    if let known = subjects[principal] { return known }
    var found: Subject?
    do throws(IdentityError) {
      // A user's subject says itself whether the name is still theirs.
      var isCurrent = principal.kind == .user
      if !isCurrent { isCurrent = try change.state(of: principal) == .current }
      if isCurrent { found = try change.subject(for: principal) }
    } catch {
      guard error == .unknownUser || error == .unknownGroup else { throw .identity(error) }
    }
    subjects[principal] = .some(found)
    return found
  }
}
