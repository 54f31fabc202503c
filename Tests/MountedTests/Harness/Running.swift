import Foundation
import Glibc

/// What a program said, and how it ended.
struct Output {
  let status: Int32
  let standardOutput: String
  let standardError: String

  /// Both streams and the status, for the comment of an expectation.
  var all: String { "exit \(status)\n\(standardOutput)\(standardError)" }
}

struct CommandFailed: Error, CustomStringConvertible {
  let command: [String]
  let output: Output
  var description: String { "`\(command.joined(separator: " "))`: \(output.all)" }
}

/// Where the built executables are, and how they and ordinary programs are run.
enum Programs {
  /// The folder of the test bundle, in which `swift build` puts the executables too.
  static let folder: String = {
    var path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    // With Swift Testing the process is a helper of the toolchain; the bundle is then named in its arguments.
    if let bundle = CommandLine.arguments.last(where: { $0.contains(".xctest") }) { path = bundle }
    while !path.isEmpty && path != "/" {
      path = (path as NSString).deletingLastPathComponent
      if FileManager.default.isExecutableFile(atPath: path + "/strongroom-actor") { return path }
    }
    return ".build/debug"
  }()

  static var strongroom: String { ProcessInfo.processInfo.environment["STRONGROOM_BINARY"] ?? folder + "/strongroom" }
  static var actor: String { folder + "/strongroom-actor" }
  static var attacker: String { folder + "/strongroom-attacker" }
  static var posix: String { folder + "/strongroom-posix" }
  static var testFolder: String { folder + "/strongroom-test-folder" }
  static var testDisk: String { folder + "/strongroom-test-disk" }
  static var crashWriter: String { folder + "/strongroom-crash-writer" }

  /// Runs a program as a user (nil: as root) and waits for it.
  ///
  /// `command[0]` is searched on PATH. Output goes through unlinked files, so that a daemon that keeps them open holds nobody up.
  static func run(
    _ command: [String], as user: TestUser? = nil, in folder: String = "/", input: String = "",
    environment: [String: String] = [:]
  ) throws -> Output {
    let process = Process()
    let user = user ?? TestUsers.root
    process.executableURL = URL(fileURLWithPath: actor)
    process.arguments = ["\(user.uid)", "\(user.gid)", user.groupList] + command
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    var variables = [
      "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
      Machine.mark.name: Machine.mark.value,
    ]
    variables.merge(environment) { $1 }
    process.environment = variables

    let (out, err, into) = (try Scratch(), try Scratch(), try Scratch())
    into.handle.write(Data(input.utf8))
    try into.handle.seek(toOffset: 0)
    process.standardInput = into.handle
    process.standardOutput = out.handle
    process.standardError = err.handle
    try process.run()
    process.waitUntilExit()
    let status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    return Output(status: status, standardOutput: out.content(), standardError: err.content())
  }

  /// As `run`, and anything but exit 0 is an error. Returns standard output.
  @discardableResult
  static func mustRun(
    _ command: [String], as user: TestUser? = nil, in folder: String = "/", input: String = "",
    environment: [String: String] = [:]
  ) throws -> String {
    let output = try run(command, as: user, in: folder, input: input, environment: environment)
    guard output.status == 0 else { throw CommandFailed(command: command, output: output) }
    return output.standardOutput
  }
}

/// A program that runs beside the test. It ends with the object, at the latest.
final class Background {
  private let process = Process()

  fileprivate init(_ command: [String], as user: TestUser) throws {
    process.executableURL = URL(fileURLWithPath: Programs.actor)
    process.arguments = ["\(user.uid)", "\(user.gid)", user.groupList] + command
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
  }

  deinit { end() }

  /// Waits for it; its status.
  func wait() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }

  func end() {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }
}

extension Programs {
  /// Starts a program as a user and goes on. Its errors go where the test's go.
  static func start(_ command: [String], as user: TestUser) throws -> Background { try Background(command, as: user) }
}

/// An unlinked file for a program's output.
private struct Scratch {
  let handle: FileHandle

  init() throws {
    var template = Array("/tmp/strongroom-test-output-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    unlink(template)
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  func content() -> String {
    try? handle.seek(toOffset: 0)
    return String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
  }
}

/// Tries until `condition` holds or the seconds have passed; for what the product does by itself, such as ending a process.
func eventually(within seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
  let end = Date().addingTimeInterval(seconds)
  while Date() < end {
    if try condition() { return true }
    usleep(20_000)
  }
  return try condition()
}
