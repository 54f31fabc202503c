import Foundation
import Glibc
import Testing

@testable import StrongroomCLI

@Suite struct RunningProcessTests {
  @Test func aProcessIsThereUntilItHasEnded() throws {
    #expect(RunningProcess.isThere(getpid()))
    #expect(!RunningProcess.isThere(0))
    #expect(!RunningProcess.isThere(-1))
    var id: pid_t = 0
    let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    defer { for argument in arguments { free(argument) } }
    try #require(posix_spawnp(&id, "sleep", nil, nil, arguments, nil) == 0)
    #expect(RunningProcess.isThere(id))
    kill(id, SIGKILL)
    // Ended, and not yet asked about.
    var info = siginfo_t()
    try #require(waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) == 0)
    #expect(!RunningProcess.isThere(id))
    try #require(waitpid(id, nil, 0) == id)
    #expect(!RunningProcess.isThere(id))
  }
}
