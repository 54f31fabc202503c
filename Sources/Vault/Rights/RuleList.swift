import VaultFormat

/// A grant, barrier or boundary, by its number.
protocol NumberedRule: Sendable {
  var id: RuleID { get }
}

extension Grant: NumberedRule {}
extension Barrier: NumberedRule {}
extension Boundary: NumberedRule {}

/// The rules of one kind in order of number, in one array that tables of rights share rather than copy. Numbers only ever grow, so a new
/// rule goes to the end.
struct RuleList<Element: NumberedRule> {
  private(set) var all: [Element] = []

  subscript(id: RuleID) -> Element? {
    let index = firstIndex(from: id)
    return index < all.count && all[index].id == id ? all[index] : nil
  }

  mutating func reserve(_ count: Int) { all.reserveCapacity(count) }

  /// Adds a rule, or puts it in the place of the one with its number.
  mutating func put(_ rule: Element) {
    let index = firstIndex(from: rule.id)
    if index < all.count, all[index].id == rule.id { all[index] = rule } else { all.insert(rule, at: index) }
  }

  /// Those that are not there are nothing.
  mutating func remove(_ ids: Set<RuleID>) {
    guard ids.contains(where: { self[$0] != nil }) else { return }
    all.removeAll { ids.contains($0.id) }
  }

  /// The first whose number is `id` or above.
  private func firstIndex(from id: RuleID) -> Int {
    guard let last = all.last, id <= last.id else { return all.count }
    var low = 0
    var high = all.count
    while low < high {
      let middle = (low + high) / 2
      if all[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
