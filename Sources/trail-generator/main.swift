// trail-generator: a trail such as an office makes in a year, in the real format, to measure what it costs and how fast it is read.
//
//   trail-generator FOLDER [--records 1000000] [--days 365 | --rate RECORDS-A-SECOND] [--seed 1]
//
// With --days the records fall as an office works: by day on weekdays, and an indexer by night. With --rate they come without a pause, as on a busy mount.
// Makes FOLDER/trail, FOLDER/reviewer.identity and FOLDER/passphrase (for --identity-passphrase-file), and prints figures as JSON. FOLDER may
// not exist. Nobody can write on with such a trail: it has no signer.
import Glibc
import Platform
import Sodium
import Trail
import TrailMaking
import VaultFormat

struct Options {
  var folder = ""
  var records: UInt64 = 1_000_000
  var days = 365
  var rate: UInt64?
  var seed: UInt64 = 1

  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--records":
        guard let value = rest.popFirst().flatMap({ UInt64($0) }), value > 0 else { return nil }
        records = value
      case "--days":
        guard let value = rest.popFirst().flatMap({ Int($0) }), (1...3_650).contains(value) else { return nil }
        days = value
      case "--rate":
        guard let value = rest.popFirst().flatMap({ UInt64($0) }), (10...1_000_000).contains(value) else { return nil }
        rate = value
      case "--seed":
        guard let value = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
        seed = value
      default:
        guard folder.isEmpty, !argument.hasPrefix("-") else { return nil }
        folder = argument
      }
    }
    if folder.isEmpty { return nil }
  }
}

func write(_ text: String, to path: String) throws {
  try File(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600).write(Array(text.utf8), at: 0)
}

func generate(_ options: Options) throws {
  try Files.makeFolder(options.folder, mode: 0o700)
  let passphrase = "a trail to be measured"
  try write(passphrase + "\n", to: options.folder + "/passphrase")
  let identity = try ReviewerIdentity.make(label: "reviewer")
  let secret = try SecretBytes(count: passphrase.utf8.count) { $0.copyBytes(from: passphrase.utf8) }
  try identity.save(to: options.folder + "/reviewer.identity", passphrase: secret)

  let began = Clock.boot()
  var numbers = SeededNumbers(seed: options.seed)
  let office = Office(users: 200, folders: 2_000, documents: 50_000, &numbers)
  let year = Year(office, seed: numbers.next())
  let maker = try TrailMaker(
    in: options.folder + "/trail", vault: .random(), reviewers: [identity.publicKey],
    // Monday, 2025-01-06, at midnight or at nine in the morning (UTC).
    wall: 1_736_121_600_000_000_000 + (options.rate == nil ? 0 : 9 * 3_600_000_000_000), openHandles: { year.openHandles })
  if let rate = options.rate {
    try year.fill(maker, records: options.records, perSecond: rate)
  } else {
    try year.fill(maker, records: options.records, days: options.days)
  }
  let end = try maker.close()
  let seconds = Double(Clock.boot() - began) / 1e9

  let figures = maker.figures
  func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
  print(
    """
    {"records":\(figures.records),"checkpoints":\(figures.checkpoints),"segments":\(figures.segments),"bytes":\(figures.bytes),\
    "bytes_per_record":\(rounded(Double(figures.bytes) / Double(figures.records))),"seconds":\(rounded(seconds)),\
    "genesis":"\(Hex.encode(maker.genesis))","end":"\(end)"}
    """)
}

func fail(_ text: String, _ code: Int32) -> Never {
  text.withCString { _ = Glibc.write(STDERR_FILENO, $0, strlen($0)) }
  exit(code)
}

guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
  fail("usage: trail-generator FOLDER [--records COUNT] [--days COUNT | --rate COUNT] [--seed NUMBER]\n", 64)
}
do { try generate(options) } catch { fail("trail-generator: \(error)\n", 1) }
