import Glibc
import Platform
package import VaultFormat

extension Record.Actor {
  /// Whoever runs this program, for records of what it does by itself: making a vault, mounting, and commands on a vault that is not mounted.
  package static func thisProcess(name: String) -> Record.Actor {
    let sight = ProcessSight.of(thread: getpid())
    return Record.Actor(uid: getuid(), name: name, pid: getpid(), program: sight.program, loginUID: sight.loginUID)
  }
}
