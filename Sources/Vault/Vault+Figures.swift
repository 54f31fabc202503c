import Catalog
import Platform

extension Vault {
  /// Counts for `status`; no names.
  package struct Figures: Sendable {
    package var commitNumber: UInt64
    /// Nodes in memory.
    package var nodeCount: UInt64
    /// Nodes changed since the last commit.
    package var uncommittedNodeCount: UInt64
    /// Content written and not sealed yet.
    package var unsealedByteCount: UInt64
  }

  /// Statements that the catalog ran since unlocking: what operations are held to by tests.
  package var statementCount: UInt64 { catalog.statementCount }

  package var figures: Figures {
    tree.withLock {
      Figures(
        commitNumber: committer.committed, nodeCount: UInt64(table.count), uncommittedNodeCount: UInt64(committer.dirty.count),
        unsealedByteCount: UInt64(max(0, pressure.byteCount)))
    }
  }
}
