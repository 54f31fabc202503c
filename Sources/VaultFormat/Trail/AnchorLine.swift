/// One checkpoint as it is told to other places: enough to notice later that the trail was put back or rewritten.
/// One line: `strongroom-anchor 1 <vault> <epoch> <segment> <sequence> <head after the checkpoint> <wall time in ns>`.
package struct AnchorLine: Hashable, Sendable {
  package var vault: VaultID
  package var epoch: UInt64
  package var segment: UInt64
  /// The checkpoint's own frame, and the chain's head after it (its signature included).
  package var point: ChainPoint
  package var wall: Int64

  package init(vault: VaultID, epoch: UInt64, segment: UInt64, point: ChainPoint, wall: Int64) {
    self.vault = vault
    self.epoch = epoch
    self.segment = segment
    self.point = point
    self.wall = wall
  }

  /// The line, with its newline.
  package func encode() -> String { "strongroom-anchor 1 \(vault) \(epoch) \(segment) \(point.sequence) \(point.head) \(wall)\n" }

  /// Reads one line without its newline.
  package init(parsing line: some StringProtocol) throws(FormatError) {
    let parts = line.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0] == "strongroom-anchor" else { throw .malformed("not an anchor") }
    if let version = UInt64(parts[1]), version > 1 { throw .newerVersion(version) }
    guard parts.count == 8, parts[1] == "1", let vault = Hex.decode(parts[2]).flatMap({ ID128($0) }) else {
      throw .malformed("anchor")
    }
    func number(_ text: some StringProtocol) throws(FormatError) -> UInt64 {
      guard let value = UInt64(text), String(value) == text else { throw .malformed("anchor") }
      return value
    }
    guard let head = Hex.decode(parts[6]).flatMap({ ChainHead($0) }) else { throw .malformed("anchor") }
    guard let wall = Int64(parts[7]), String(wall) == parts[7] else { throw .malformed("anchor") }
    self.init(
      vault: vault, epoch: try number(parts[3]), segment: try number(parts[4]),
      point: ChainPoint(sequence: try number(parts[5]), head: head), wall: wall)
  }
}
