import Foundation
import Glibc
import Testing

/// A disk of its own with a filesystem on it: a loop device over a file that `strongroom-test-disk` serves.
///
/// Or `files`: no disk, but a folder that `strongroom-test-folder` serves, which keeps nothing beyond what POSIX promises.
/// Tests/TestDisk/main.c and Tests/TestFolder/main.c say what they remember, and how the disk fails.
final class TestDisk {
  enum Kind: String, CaseIterable, CustomTestStringConvertible {
    case ext4, xfs, btrfs, files
    static let disks = [Kind.ext4, .xfs]
    /// Those that power cuts are tried on.
    static let cut = [Kind.ext4, .xfs, .files]
    var testDescription: String { rawValue }
    /// XFS is made no smaller than 300 MiB, Btrfs than 109.
    var byteCountMin: Int {
      switch self {
      case .xfs: 320 << 20
      case .btrfs: 256 << 20
      case .ext4, .files: 32 << 20
      }
    }
  }

  /// Which of the writes since the last flush a power cut leaves.
  enum Mode: String, CaseIterable { case all, some, none }

  let kind: Kind
  private let folder: String
  /// Where the filesystem is.
  var place: String { folder + "/place" }
  private var device: String { folder + "/device" }
  private var image: String { folder + "/image" }
  private var base: String { folder + "/base" }
  private var log: String { folder + "/log" }
  private var control: String { folder + "/control" }
  private var cutImage: String { folder + "/cut" }
  private var cutPlace: String { folder + "/cut-place" }
  private var server: Process?

  /// Makes the filesystem and mounts it.
  init(_ kind: Kind, in parent: String, byteCount: Int = 320 << 20) throws {
    self.kind = kind
    folder = parent + "/disk"
    for path in [folder, place, device, cutPlace] { mkdir(path, 0o755) }
    guard kind != .files else {
      for path in [image, base] { mkdir(path, 0o700) }
      try serve(Programs.testFolder, [place, image, log]) { mounted(at: place) }
      return
    }
    try Programs.mustRun(["truncate", "-s", "\(max(byteCount, kind.byteCountMin))", image])
    switch kind {
    case .ext4: try Programs.mustRun(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image])
    case .xfs: try Programs.mustRun(["mkfs.xfs", "-q", "-K", image])
    case .btrfs: try Programs.mustRun(["mkfs.btrfs", "-q", "-K", image])
    case .files: break
    }
    try Programs.mustRun(["cp", "--sparse=always", image, base])
    try serve(Programs.testDisk, [device, image, log, control]) { access(device + "/disk", F_OK) == 0 }
    try Self.mount(device + "/disk", at: place, kind)
  }

  private func serve(_ program: String, _ arguments: [String], until isUp: () -> Bool) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["serve"] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: "/dev/null")
    process.standardError = FileHandle(forWritingAtPath: "/dev/null")
    try process.run()
    server = process
    try #require(eventually(within: 30) { isUp() }, "the disk does not come up")
  }

  private func mounted(at place: String) -> Bool { Machine.mounts().contains(place) }

  /// Through a loop device that goes with the mount.
  private static func mount(_ image: String, at place: String, _ kind: Kind) throws {
    let options =
      switch kind {
      case .xfs: "loop,nouuid"
      case .btrfs, .files: "loop"
      case .ext4: "loop,errors=remount-ro"
      }
    try Programs.mustRun(["mount", "-t", kind.rawValue, "-o", options, image, place])
  }

  /// Lets go of everything.
  func close() {
    setFaults()
    thaw()
    umount2(cutPlace, Int32(MNT_DETACH))
    takeOut()
  }

  /// Takes the filesystem away; what is written then is in the log too.
  func takeOut() {
    _ = eventually { umount2(place, 0) == 0 || errno == EINVAL }
    umount2(place, Int32(MNT_DETACH))
    // The loop device lets go of its file a moment later.
    _ = eventually { umount2(device, 0) == 0 || errno == EINVAL }
    umount2(device, Int32(MNT_DETACH))
    if let server, server.isRunning {
      _ = eventually(within: 5) { !server.isRunning }
      if server.isRunning { kill(server.processIdentifier, SIGKILL) }
      server.waitUntilExit()
    }
    server = nil
  }

  /// As after a restart of the machine: the filesystem comes back from what the disk holds. Nothing on it may be open.
  func restart() throws {
    setFaults()
    try #require(eventually { umount2(place, 0) == 0 }, "the filesystem is in use")
    try Self.mount(device + "/disk", at: place, kind)
  }

  // MARK: Faults

  /// What the kernel does with an ext4 that it finds damaged: no more writing, at once.
  func makeReadOnly() throws {
    let source = try Programs.mustRun(["findmnt", "--noheadings", "--output", "SOURCE", place])
    let name = (source.trimmingCharacters(in: .whitespacesAndNewlines) as NSString).lastPathComponent
    try Programs.mustRun(["sh", "-c", "echo test > /sys/fs/ext4/\(name)/trigger_fs_error"])
  }

  /// From now on the disk's reads, writes and flushes fail so; 0 for not at all.
  func setFaults(read: Int32 = 0, write: Int32 = 0, flush: Int32 = 0, hangs: Bool = false) {
    let descriptor = open(control, O_WRONLY)
    guard descriptor >= 0 else { return }
    var values = [read, write, flush, hangs ? 1 : 0]
    pwrite(descriptor, &values, 16, 0)
    Glibc.close(descriptor)
  }

  /// From now on whatever would change the filesystem hangs in its system call, as where the journal waits for a disk that does not answer.
  func freeze() throws { try Programs.mustRun(["fsfreeze", "--freeze", place]) }

  /// Ends it; also where it was not frozen.
  func thaw() { if kind != .files { _ = try? Programs.run(["fsfreeze", "--unfreeze", place]) } }

  // MARK: Quota, on Btrfs

  /// Lets the filesystem hold so many bytes more than it does now.
  func setQuota(free byteCount: Int) throws {
    try Programs.mustRun(["btrfs", "subvolume", "create", free])
    try Programs.mustRun(["btrfs", "quota", "enable", place])
    try Programs.mustRun(["btrfs", "quota", "rescan", "-w", place])
    try Programs.mustRun(["sync", "--file-system", place])
    let said = try Programs.mustRun(["btrfs", "qgroup", "show", "--raw", place])
    let used = said.split(separator: "\n").map { $0.split(separator: " ") }.first { $0.first == "0/5" }.flatMap { Int($0[1]) }
    let usedByteCount = try #require(used, "no qgroup: \(said)")
    try Programs.mustRun(["btrfs", "qgroup", "limit", "\(usedByteCount + byteCount)", "0/5", free])
  }

  func removeQuota() throws { try Programs.mustRun(["btrfs", "qgroup", "limit", "none", "0/5", free]) }

  /// A subvolume without a limit. Btrfs charges a change of a quota to the subvolume it is asked in, and one that is used up to its last block
  /// refuses even its own removal.
  private var free: String { place + "/free" }

  // MARK: Power cuts

  /// CLOCK_MONOTONIC, nanoseconds.
  static var now: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// When the disk was written to.
  func writeTimes(from: Int, to: Int) throws -> [Int] {
    try Programs.mustRun([kind == .files ? Programs.testFolder : Programs.testDisk, "times", log, "\(from)", "\(to)"]).split(
      separator: "\n"
    ).compactMap { Int($0) }
  }

  /// Runs `body` on the filesystem that a power cut at `time` leaves, its journal replayed. Tells how many blocks were lost.
  func withPowerCut(at time: Int, _ mode: Mode, seed: UInt64, _ body: (_ place: String) throws -> Void) throws -> Int {
    let (program, out) = kind == .files ? (Programs.testFolder, cutPlace) : (Programs.testDisk, cutImage)
    if kind == .files { try Programs.mustRun(["rm", "-rf", cutPlace]) }
    let said = try Programs.mustRun([program, "cut", base, log, out, "\(time)", mode.rawValue, "\(seed)"])
    let dropped = Actor.pairs(said.split(whereSeparator: \.isWhitespace).map(String.init))["dropped"].flatMap(Int.init) ?? 0
    guard kind != .files else {
      try body(cutPlace)
      return dropped
    }
    try Self.mount(cutImage, at: cutPlace, kind)
    defer {
      _ = eventually(within: 5) { umount2(cutPlace, 0) == 0 || errno == EINVAL }
      umount2(cutPlace, Int32(MNT_DETACH))
    }
    try body(cutPlace)
    return dropped
  }
}
