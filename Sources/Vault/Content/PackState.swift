package import VaultFormat

/// What the catalog is to say of a pack from now on.
package struct PackState: Sendable, Equatable {
  package let number: PackNumber
  /// Nil: the pack is gone, and its row goes too.
  package let record: PackRecord?

  package init(number: PackNumber, record: PackRecord?) {
    self.number = number
    self.record = record
  }
}
