package import Vault
import VaultFormat

/// One finding of a verification, with the path for whoever may see it.
package struct FindingReport: Codable, Sendable, Hashable {
  package var kind: Finding.Kind
  package var severity: Finding.Severity
  package var subject: String
  package var fault: Finding.Fault
  package var arguments: [String: String]
  package var node: UInt64?
  package var path: VaultPath?

  package init(_ finding: Finding, path: VaultPath? = nil) {
    kind = finding.kind
    severity = finding.severity
    subject = finding.subject
    fault = finding.fault
    arguments = finding.arguments
    node = finding.node?.value
    self.path = path
  }
}

/// How far a verification is, as `VerifyProgress`.
package struct VerifyProgressReport: Codable, Sendable, Hashable {
  package var phase: VerifyProgress.Phase
  package var done: UInt64
  package var total: UInt64

  package init(_ progress: VerifyProgress) {
    phase = progress.phase
    done = progress.doneCount
    total = progress.totalCount
  }

  package var progress: VerifyProgress { VerifyProgress(phase: phase, doneCount: done, totalCount: total) }
}
