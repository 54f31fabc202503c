import TestOracle
import VaultFormat

/// All worlds that there were, in order: the rules and the tree after each change, and what each user could do in them.
///
/// World 0 is the one in which the attack began; world *n* the one after change *n*.
struct AttackWorlds {
  struct Rules {
    var grants: [Grant] = []
    var barriers: [Barrier] = []
    var boundaries: [Boundary] = []
  }

  struct Tree {
    var parents: [Int]
    /// Where each document is, or was last.
    var documentFolders: [Int: Int]
    var removed: Set<Int> = []
    /// Counts the moves of folders, which change rights; those of documents do not.
    var folderMoveCount = 0
  }

  /// What one user may do in one world at one time, at every folder (-1 is the root).
  final class Standing {
    let rights: [Int: Rights]
    let visible: Set<Int>

    init(rights: [Int: Rights], visible: Set<Int>) {
      self.rights = rights
      self.visible = visible
    }
  }

  private struct Key: Hashable { let rules, tree, user, epoch: Int }

  let people: [NaiveEvaluator.Person]
  private(set) var rules: [Rules]
  private(set) var trees: [Tree]
  /// For each world, the change that made its rules: worlds between share them.
  private var rulesNumbers: [Int]
  /// Every moment at which a rule begins or ends.
  private let moments: [Int64]
  private var known: [Key: Standing] = [:]

  init(
    people: [NaiveEvaluator.Person], tree first: Tree, rules rulesFirst: Rules, rulesAfter: [Int: Rules],
    treeAfter: [AttackRecord]
  ) {
    self.people = people
    let moves = Dictionary(uniqueKeysWithValues: treeAfter.map { ($0.change, $0) })
    let last = max(rulesAfter.keys.max() ?? 0, moves.keys.max() ?? 0)
    var (rules, trees, rulesNumbers) = ([rulesFirst], [first], [0])
    for change in stride(from: 1, through: last, by: 1) {
      rules.append(rulesAfter[change] ?? rules[change - 1])
      rulesNumbers.append(rulesAfter[change] == nil ? rulesNumbers[change - 1] : change)
      trees.append(moves[change].map { Self.moved(trees[change - 1], $0) } ?? trees[change - 1])
    }
    (self.rules, self.trees, self.rulesNumbers) = (rules, trees, rulesNumbers)
    let all = rules.flatMap { $0.grants.flatMap { [$0.from, $0.until] } }
    moments = Set(all.compactMap(\.self)).sorted()
  }

  private static func moved(_ tree: Tree, _ record: AttackRecord) -> Tree {
    var tree = tree
    switch record.kind {
    case .create: tree.documentFolders[record.document] = record.folder
    case .unlink: tree.removed.insert(record.document)
    case .moveDocument: tree.documentFolders[record.document] = record.otherFolder
    case .moveFolder:
      tree.parents[record.folder] = record.otherFolder
      tree.folderMoveCount += 1
    default: break
    }
    return tree
  }

  static func node(_ folder: Int) -> NodeID { folder < 0 ? .root : NodeID(UInt64(folder) + 2) }

  mutating func standing(_ user: Int, in world: Int, at time: Int64) -> Standing {
    let world = min(world, trees.count - 1)
    let epoch = moments.firstIndex { $0 > time } ?? moments.count
    let key = Key(rules: rulesNumbers[world], tree: trees[world].folderMoveCount, user: user, epoch: epoch)
    if let standing = known[key] { return standing }
    let (rules, tree) = (rules[world], trees[world])
    var parents: [NodeID: NodeID] = [.root: .none]
    for (folder, parent) in tree.parents.enumerated() { parents[Self.node(folder)] = Self.node(parent) }
    let naive = NaiveEvaluator(grants: rules.grants, barriers: rules.barriers, boundaries: rules.boundaries, parents: parents)
    let person = people[user]
    var rights: [Int: Rights] = [:]
    for folder in -1..<tree.parents.count { rights[folder] = naive.rights(person, Self.node(folder), time) }
    let visible = naive.visible(person, time).visible
    let made = Standing(rights: rights, visible: Set((-1..<tree.parents.count).filter { visible.contains(Self.node($0)) }))
    known[key] = made
    return made
  }

  /// Whether a rule begins or ends between two moments, with room for the coarseness of clocks.
  func isSteady(_ began: Int64, _ ended: Int64) -> Bool {
    !moments.contains { $0 > began - 20_000_000 && $0 <= ended + 20_000_000 }
  }
}
