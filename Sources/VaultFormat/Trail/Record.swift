/// One entry of the trail, before sealing. Fields that an action does not have are nil.
package struct Record: Hashable, Sendable {
  package var action: Action
  /// Wall and boot time in nanoseconds; stamped by the writer as it appends.
  package var wall: Int64 = 0
  package var boot: Int64 = 0
  /// Who did it: the caller of the request. Nil for the program itself, and in READ and WRITE where it is OPEN's.
  package var actor: Actor?
  /// Who opened the handle, where that is someone else.
  package var opener: Actor?
  package var object: Object?
  /// The other side of a RENAME or a copy.
  package var target: Object?
  package var handle: HandleID?
  package var range: Range?
  package var outcome: Outcome = .done
  /// The errno that was answered; 0 for none.
  package var errno: Int32 = 0
  /// What decided: the grant, or what was missing. Nil in READ and WRITE where it is OPEN's.
  package var decision: Decision?
  /// How often, for records that count (LOOKUP refusals, floods).
  package var count: UInt64?
  /// RELEASE: bytes read and written through the handle, and how many different bytes were read.
  package var usage: Usage?
  /// Anything else, by key; keys are English and never translated.
  package var details: [Detail] = []

  package init(_ action: Action) { self.action = action }

  /// Numbers are on disk; never renumbered.
  package enum Action: UInt8, Hashable, Sendable, CaseIterable {
    case open = 1
    case read = 2
    case pages = 3
    case write = 4
    case release = 5
    case list = 6
    case deny = 7
    case create = 8
    case rename = 9
    case remove = 10
    case grant = 11
    case revoke = 12
    case barrier = 13
    case boundary = 14
    case key = 15
    case reviewer = 16
    case mount = 17
    case unmount = 18
    case auditStart = 19
    case auditStop = 20
    case recovery = 21
    case restore = 22
    case review = 23
    case alert = 24
    case unlock = 25
    case duty = 26
    case certify = 27

    /// As the log shows it: `OPEN`, `AUDIT-START`.
    package var name: String {
      switch self {
      case .auditStart: "AUDIT-START"
      case .auditStop: "AUDIT-STOP"
      default: "\(self)".uppercased()
      }
    }
  }

  package struct Actor: Hashable, Sendable {
    package var uid: UInt32
    /// Empty where the system knows no name.
    package var name: String
    /// The process, not the thread.
    package var pid: Int32
    /// Program and login uid as seen in /proc at that time; nil where it could not be seen.
    package var program: String?
    package var loginUID: UInt32?

    package init(uid: UInt32, name: String, pid: Int32, program: String? = nil, loginUID: UInt32? = nil) {
      self.uid = uid
      self.name = name
      self.pid = pid
      self.program = program
      self.loginUID = loginUID
    }
  }

  package struct Object: Hashable, Sendable {
    package var node: NodeID
    /// The vault path at that time, raw bytes, beginning with `/`. Empty where only the node is known.
    package var path: [UInt8]
    package var size: UInt64?

    package init(node: NodeID, path: [UInt8], size: UInt64? = nil) {
      self.node = node
      self.path = path
      self.size = size
    }
  }

  package struct Range: Hashable, Sendable {
    package var offset: UInt64
    package var asked: UInt64
    package var returned: UInt64

    package init(offset: UInt64, asked: UInt64, returned: UInt64) {
      self.offset = offset
      self.asked = asked
      self.returned = returned
    }
  }

  package enum Outcome: UInt8, Hashable, Sendable {
    case done = 0
    case refused = 1
    case failed = 2
  }

  /// Numbers are on disk; never renumbered.
  package enum Decision: Hashable, Sendable {
    /// The grant that gave the right.
    case grant(RuleID)
    /// No live grant gives the right named.
    case missing(Rights)
    case barrier(RuleID)
    /// The handle's own maker, while `add` holds (OPERATIONS, rows 7 and 9).
    case creator(RuleID)
    /// The groups or the name of the caller could not be established.
    case identityUnknown
    /// A node id of another user's slot was used.
    case foreignHandle
    /// The operation exists for nobody (hard links, devices, …).
    case neverAllowed
    /// No right is asked for.
    case open
  }

  package struct Usage: Hashable, Sendable {
    package var readByteCount: UInt64
    package var distinctByteCount: UInt64
    package var writtenByteCount: UInt64

    package init(readByteCount: UInt64, distinctByteCount: UInt64, writtenByteCount: UInt64) {
      self.readByteCount = readByteCount
      self.distinctByteCount = distinctByteCount
      self.writtenByteCount = writtenByteCount
    }
  }

  package struct Detail: Hashable, Sendable {
    package var key: String
    package var value: String
    package init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }
}
