import Fuse
import Glibc

// fuse-floor MOUNTPOINT [--workers N] [--poll-microseconds N] [--private]
// Serves a `MemoryFilesystem` until it is unmounted or asked to end (INT, TERM): what FUSE itself costs, for `make bench`.

var options = SessionOptions()
options.sourceName = "fuse-floor"
options.allowsOtherUsers = true
var mountpoint: String?
var arguments = CommandLine.arguments.dropFirst()
func refuse(_ message: String) -> Never {
  print("fuse-floor: \(message)\nusage: fuse-floor MOUNTPOINT [--workers N] [--poll-microseconds N] [--private]")
  exit(2)
}
while let argument = arguments.popFirst() {
  switch argument {
  case "--workers", "--poll-microseconds":
    guard let value = arguments.popFirst().flatMap({ Int($0) }), value >= (argument == "--workers" ? 1 : 0) else {
      refuse("\(argument) needs a number")
    }
    if argument == "--workers" { options.workerCount = value } else { options.pollMicroseconds = value }
  case "--private":
    options.allowsOtherUsers = false
  default:
    guard mountpoint == nil, !argument.hasPrefix("-") else { refuse("unexpected: \(argument)") }
    mountpoint = argument
  }
}
guard let mountpoint else { refuse("the mountpoint is missing") }

var signals = sigset_t()
sigemptyset(&signals)
sigaddset(&signals, SIGINT)
sigaddset(&signals, SIGTERM)
pthread_sigmask(SIG_BLOCK, &signals, nil)
do throws(FuseError) {
  let session = try Session(MemoryFilesystem(), at: mountpoint, options: options)
  print("ready")
  fflush(nil)
  while !session.hasEnded {
    var soon = timespec(tv_sec: 0, tv_nsec: 100_000_000)
    if sigtimedwait(&signals, nil, &soon) > 0 { try session.unmount(.abort) }
  }
} catch {
  print("fuse-floor: \(error)")
  exit(1)
}
