import VaultFormat

/// SplitMix64: the same trail for the same seed, but for its keys.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  /// 0 ..< bound, well enough spread for a model.
  mutating func below(_ bound: Int) -> Int { Int((next() >> 33) % UInt64(bound)) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// The people, folders and documents of an office: a firm with clients, in two languages.
struct Office {
  struct Document {
    var node: NodeID
    var path: [UInt8]
    var size: UInt64
    var folder: Int
  }

  let users: [Record.Actor]
  let folders: [Record.Object]
  let documents: [Document]
  /// Reads everything at night.
  let indexer = Record.Actor(uid: 990, name: "indexer", pid: 1_213, program: "/usr/lib/recoll/recollindex", loginUID: nil)

  private static let givenNames = [
    "lin", "chen", "maria", "john", "wei", "sofia", "ahmed", "ines", "tom", "yuki", "olga", "paul",
  ]
  private static let programs = [
    "/usr/bin/evince", "/usr/lib/libreoffice/program/soffice.bin", "/usr/bin/python3.13", "/usr/bin/cp", "/usr/sbin/smbd",
    "/usr/bin/less", "/usr/bin/rsync",
  ]
  private static let clients = [
    "王小明", "Harlan & Co", "Ostrava Steel", "李医生诊所", "Northwind", "Baker, M.", "中原物流", "Société Rivoli",
  ]
  private static let matters = ["lease", "tax", "合同", "merger", "estate", "patient file", "audit", "诉讼"]
  private static let documents = ["contract", "letter", "扫描件", "minutes", "invoice", "报告", "photo", "draft"]
  private static let endings = ["pdf", "docx", "xlsx", "jpg", "txt"]

  init(users userCount: Int, folders folderCount: Int, documents documentCount: Int, _ numbers: inout SeededNumbers) {
    users = (0..<userCount).map { number in
      let uid = UInt32(2_000 + number)
      let name = Self.givenNames[number % Self.givenNames.count] + String(number)
      return Record.Actor(
        uid: uid, name: name, pid: Int32(3_000 + number * 131 % 60_000),
        program: Self.programs[number * 7 % Self.programs.count], loginUID: uid)
    }
    folders = (0..<folderCount).map { number in
      let client = Self.clients[number % Self.clients.count]
      let matter = Self.matters[number / 8 % Self.matters.count]
      return Record.Object(
        node: NodeID(UInt64(10 + number)), path: Array("/clients/\(client) \(number / 8)/2026-\(number) \(matter)".utf8))
    }
    var made: [Document] = []
    made.reserveCapacity(documentCount)
    for number in 0..<documentCount {
      let folder = numbers.below(folderCount)
      let name = Self.documents[numbers.below(Self.documents.count)]
      let ending = Self.endings[numbers.below(Self.endings.count)]
      // From some kilobytes to about four megabytes.
      let size = UInt64(2_000 + numbers.below(1 << (10 + numbers.below(13))))
      made.append(
        Document(
          node: NodeID(UInt64(1_000_000 + number)), path: folders[folder].path + Array("/\(name) \(number).\(ending)".utf8),
          size: size,
          folder: folder))
    }
    documents = made
  }
}
