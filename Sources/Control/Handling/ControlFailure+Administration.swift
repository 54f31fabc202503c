import Access
import Trail
import Vault
import VaultFS
import VaultFormat

extension ControlFailure {
  /// Why an administrator's command did nothing, in codes that the command line has texts for. Exit codes are those of DESIGN §8.
  /// - Parameter named: what the request named, for the places of the text: `path`, `principal`, `id`.
  init(_ failure: AdministrationFailure, _ files: VaultFS, named: [String: String]) {
    switch failure {
    case .noSuchPath: self.init(code: "no-such-name", exitCode: 1)
    case .notFolder: self.init(code: "not-a-folder", hint: "name-its-folder", exitCode: 1)
    case .noSuchRule(let id): self.init(code: "no-such-rule", arguments: ["id": String(id.value)], exitCode: 1)
    case .noSuchReview(let id): self.init(code: "no-such-review", arguments: ["id": String(id.value)], exitCode: 1)
    case .notInReview(let id): self.init(code: "not-in-review", arguments: ["id": String(id.value)], exitCode: 1)
    case .badText: self.init(code: "bad-text", exitCode: 2)
    case .repeatsLine(let line): self.init(code: "repeats-line", arguments: ["line": String(line)], exitCode: 2)
    case .noSuchDuty: self.init(code: "no-such-duty", exitCode: 1)
    case .identity(let error): self.init(error)
    case .refused(let error): self.init(error, files)
    case .failed(.io):
      let reason = files.vault.trail.status.refusal ?? ""
      self.init(code: "trail-unavailable", arguments: ["reason": reason], hint: "see-status", exitCode: 1)
    case .failed(.accessDenied): self.init(code: "identity-unknown", exitCode: 4)
    case .failed(.noSpace):
      let reason = files.vault.changeFailure?.reason ?? ""
      self.init(code: "changes-refused", arguments: ["reason": reason], hint: "see-status", exitCode: 1)
    case .failed(let error):
      self.init(code: "operation-failed", arguments: ["errno": String(error.errno)], hint: "see-status", exitCode: 1)
    }
    arguments.merge(named) { own, _ in own }
  }

  private init(_ error: IdentityError) {
    switch error {
    case .unknownUser, .unknownGroup: self.init(code: "unknown-principal", hint: "check-name", exitCode: 1)
    case .badSyntax: self.init(code: "bad-principal", exitCode: 2)
    case .sharesID(let name): self.init(code: "shares-id", arguments: ["name": name], exitCode: 1)
    case .timedOut, .unavailable: self.init(code: "identity-unknown", hint: "see-log", exitCode: 1)
    }
  }

  private init(_ error: AdministrationError, _ files: VaultFS) {
    func path(_ folder: NodeID) -> [String: String] { ["path": VaultPath(of: folder, files).text] }
    switch error {
    case .lacksGrant(let folder):
      let needed = path(folder).merging(["right": Rights.grant.names]) { $1 }
      self.init(code: "not-permitted", arguments: needed, hint: "ask-administrator", exitCode: 4)
    case .forThemself(let principal):
      self.init(code: "own-grant", arguments: ["principal": principal.description], hint: "ask-another", exitCode: 4)
    case .otherMaker: self.init(code: "not-permitted", arguments: ["right": Rights.grant.names], exitCode: 4)
    case .neverValid: self.init(code: "never-valid", exitCode: 2)
    case .givesNothing: self.init(code: "bad-rights", arguments: ["value": ""], exitCode: 2)
    case .boundaryStands(let id): self.init(code: "boundary-exists", arguments: ["id": String(id.value)], exitCode: 1)
    case .noBoundary(let folder): self.init(code: "no-boundary", arguments: path(folder), exitCode: 1)
    case .boundaryAtRoot: self.init(code: "boundary-at-root", exitCode: 1)
    case .lacksDuty(let kind):
      self.init(code: "lacks-duty", arguments: ["duty": kind.name], hint: "ask-administrator", exitCode: 4)
    case .dutiesConflict(let one, let other, let principal):
      self.init(
        code: "duties-conflict", arguments: ["principal": principal.description, "duty": one.name, "other": other.name],
        hint: "keep-apart", exitCode: 4)
    case .dutyForbids(let kind, let right, let principal):
      self.init(
        code: "duty-forbids", arguments: ["principal": principal.description, "duty": kind.name, "right": right.names],
        hint: "keep-apart", exitCode: 4)
    case .dutyStands: self.init(code: "duty-exists", exitCode: 1)
    case .ownAccess(let principal):
      self.init(code: "own-access", arguments: ["principal": principal.description], hint: "ask-another", exitCode: 4)
    case .notSmaller: self.init(code: "not-smaller", hint: "shrink", exitCode: 2)
    case .reviewClosed(let id): self.init(code: "review-closed", arguments: ["id": String(id.value)], exitCode: 1)
    case .dueInPast: self.init(code: "due-in-past", exitCode: 2)
    case .nothingToReview: self.init(code: "nothing-to-review", exitCode: 1)
    case .lastAdministrator: self.init(code: "last-administrator", hint: "another-administrator", exitCode: 4)
    }
  }
}
