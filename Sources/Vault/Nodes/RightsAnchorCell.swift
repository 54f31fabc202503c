import Synchronization
import VaultFormat

/// The nearest folder at or above a node that the rights table speaks of, with the generation of the table for which that was found. Read and
/// written by any thread, without a lock.
struct RightsAnchorCell: ~Copyable {
  /// 0 for none.
  private let anchor = Atomic<UInt64>(0)
  /// The whole of it: were only some bits kept, what was found once would count again after so many tables.
  private let generation = Atomic<UInt64>(RightsAnchorCell.unknown)

  private static let unknown: UInt64 = 0
  /// Somebody is at work on `anchor`.
  private static let changing: UInt64 = .max

  /// What was kept for this generation; nil for nothing.
  @inline(__always)
  func anchor(at generation: UInt64) -> NodeID? {
    guard self.generation.load(ordering: .acquiring) == generation else { return nil }
    let found = anchor.load(ordering: .acquiring)
    // Whoever wrote it has changed the generation before: it is this one's only if that still stands.
    return self.generation.load(ordering: .relaxed) == generation ? NodeID(found) : nil
  }

  /// Keeps what was found. It is only remembered: where somebody else writes at this moment, or kept what is as new or newer, theirs stays. So
  /// the generation only grows, and who reads it twice alike knows that nothing was written in between.
  func keep(_ found: NodeID, generation: UInt64) {
    let before = self.generation.load(ordering: .relaxed)
    // `changing` is greater than any.
    guard before < generation,
      self.generation.compareExchange(expected: before, desired: Self.changing, ordering: .acquiringAndReleasing).exchanged
    else { return }
    anchor.store(found.value, ordering: .releasing)
    self.generation.store(generation, ordering: .releasing)
  }
}
