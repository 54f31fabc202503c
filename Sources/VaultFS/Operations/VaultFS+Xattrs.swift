import Access
import Trail
import Vault
import VaultFormat

/// Extended attributes: `user.*` of the archive's own, and `user.strongroom.why`.
extension VaultFS {
  private static let ownPrefix = Array("user.strongroom.".utf8)
  private static let userPrefix = Array("user.".utf8)
  static let whyName = Array("user.strongroom.why".utf8)

  /// XATTR_CREATE and XATTR_REPLACE of setxattr(2), or neither.
  package enum XattrMode: Sendable { case either, create, replace }

  /// Row 23.
  package func setXattr(
    _ caller: Caller, _ number: FileNumber, _ name: [UInt8], _ value: UnsafeRawBufferPointer, mode: XattrMode
  ) throws(FSError) {
    statistics.operation()
    let judge = try judge(caller, .setxattr)
    let (node, standing) = try visibleNode(number, judge, .setxattr)
    try checkWritableName(name, judge, node, .setxattr)
    guard value.count <= NodeRecord.xattrByteCountMax else { throw .argumentTooLong }
    try require(.edit, judge, standing, .setxattr, node)
    try requireTrail()
    let fresh = NodeRecord.Xattr(name: name, value: Array(value))
    try changeXattrs(node) { (xattrs) throws(FSError) in
      let place = xattrs.firstIndex { $0.name == name }
      if mode == .create, place != nil { throw .exists }
      if mode == .replace, place == nil { throw .noData }
      if let place { xattrs[place] = fresh } else { xattrs.append(fresh) }
      xattrs.sort { $0.name.lexicographicallyPrecedes($1.name) }
      let total = xattrs.reduce(0) { $0 + $1.name.count + $1.value.count }
      guard total <= NodeRecord.xattrTotalByteCountMax else { throw .noSpace }
    }
    recordXattr(judge, node, .write, name, "xattr", standing.decision(for: .edit))
  }

  /// Row 23.
  package func removeXattr(_ caller: Caller, _ number: FileNumber, _ name: [UInt8]) throws(FSError) {
    statistics.operation()
    let judge = try judge(caller, .removexattr)
    let (node, standing) = try visibleNode(number, judge, .removexattr)
    try checkWritableName(name, judge, node, .removexattr)
    try require(.edit, judge, standing, .removexattr, node)
    try requireTrail()
    try changeXattrs(node) { (xattrs) throws(FSError) in
      guard let place = xattrs.firstIndex(where: { $0.name == name }) else { throw .noData }
      xattrs.remove(at: place)
    }
    recordXattr(judge, node, .write, name, "xattr-removed", standing.decision(for: .edit))
  }

  /// Row 24.
  package func listXattrs(_ caller: Caller, _ number: FileNumber) throws(FSError) -> [[UInt8]] {
    statistics.operation()
    let judge = try judge(caller, .listxattr)
    let (node, standing) = try visibleNode(number, judge, .listxattr)
    guard standing.rights.contains(.list) else { return [] }
    return vault.record(of: node).xattrs.map(\.name)
  }

  /// Rows 24 and 25.
  package func xattr(_ caller: Caller, _ number: FileNumber, _ name: [UInt8]) throws(FSError) -> [UInt8] {
    statistics.operation()
    let judge = try judge(caller, .getxattr)
    let (node, standing) = try visibleNode(number, judge, .getxattr)
    if name == Self.whyName { return Array(try why(judge, node).utf8) }
    guard name.starts(with: Self.userPrefix) else { throw .notSupported }
    guard standing.rights.contains(.list) else { throw .noData }
    guard let found = vault.record(of: node).xattrs.first(where: { $0.name == name }) else { throw .noData }
    if node.kind != .folder { try require(.read, judge, standing, .getxattr, node) }
    var record = Record(.read)
    record.actor = actor(judge)
    record.object = object(node)
    record.decision = standing.decision(for: node.kind == .folder ? .list : .read)
    record.details = [Record.Detail("kind", "xattr"), Record.Detail("name", PathText.encode(name))]
    try append(record, judge)
    return found.value
  }

  private func checkWritableName(_ name: [UInt8], _ judge: Judge, _ node: Node, _ operation: Operation) throws(FSError) {
    guard name.starts(with: Self.userPrefix), name.count > Self.userPrefix.count else { throw .notSupported }
    guard name.count <= NodeRecord.xattrNameByteCountMax else { throw .rangeTooSmall }
    guard !name.starts(with: Self.ownPrefix) else { throw deny(judge, operation, node, .neverAllowed, .notPermitted) }
    // As on other filesystems, symlinks carry no user attributes.
    guard node.kind != .symlink else { throw .notPermitted }
  }

  private func changeXattrs(_ node: Node, _ body: (inout [NodeRecord.Xattr]) throws(FSError) -> Void) throws(FSError) {
    var failure: FSError?
    do throws(VaultError) {
      try vault.change(node) { record in
        var xattrs = record.xattrs
        do throws(FSError) {
          try body(&xattrs)
          record.xattrs = xattrs
        } catch { failure = error }
        return failure == nil
      }
    } catch { throw FSError(error) }
    if let failure { throw failure }
  }

  private func recordXattr(
    _ judge: Judge, _ node: Node, _ action: Record.Action, _ name: [UInt8], _ kind: String, _ decision: Record.Decision
  ) {
    var record = Record(action)
    record.actor = actor(judge)
    record.object = object(node)
    record.decision = decision
    // Names are bytes as paths are, and two must not look alike.
    record.details = [Record.Detail("kind", kind), Record.Detail("name", PathText.encode(name))]
    recordDone(record, judge)
  }
}
