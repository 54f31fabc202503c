import Glibc
import Platform
package import VaultFormat

/// Where the socket of a mounted vault lies: `<folder>/<vault id>.sock`. The folder is 0755 and the socket 0666, since anybody may ask and
/// the answer is judged for who asks; what protects a client is that it looks at the owner of the folder and of the server.
package struct ControlAddress: Sendable, Hashable {
  package let folder: String
  package let vault: VaultID

  package init(folder: String, vault: VaultID) {
    self.folder = folder
    self.vault = vault
  }

  package var path: String { "\(folder)/\(vault).sock" }

  /// The folder in which a server with this uid makes its socket: what systemd made for it, else `/run/strongroom` for root, else the
  /// user's runtime folder, else one under `/tmp`.
  package static func serverFolder(uid: UInt32, environment: [String: String]) -> String {
    if let made = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first, made.hasPrefix("/") { return String(made) }
    if uid == 0 { return "/run/strongroom" }
    if let user = environment["XDG_RUNTIME_DIR"], user.hasPrefix("/") { return user + "/strongroom" }
    return "/tmp/strongroom-\(uid)"
  }

  /// Where a client looks for the server of a mount by `mounter`, in order.
  package static func candidates(vault: VaultID, mounter: UInt32, caller: UInt32, environment: [String: String])
    -> [ControlAddress]
  {
    var folders = ["/run/strongroom"]
    if mounter != 0 {
      if mounter == caller, let user = environment["XDG_RUNTIME_DIR"], user.hasPrefix("/") {
        folders.append(user + "/strongroom")
      }
      folders.append("/run/user/\(mounter)/strongroom")
      folders.append("/tmp/strongroom-\(mounter)")
    }
    var seen: Set<String> = []
    return folders.filter { seen.insert($0).inserted }.map { ControlAddress(folder: $0, vault: vault) }
  }

  /// Makes the folder, or accepts one that only root or this process can change.
  /// - Throws: `foreignOwner`, `system`.
  func prepareFolder() throws(ControlError) {
    do throws(SystemError) {
      try Files.makeFolder(folder, mode: 0o755)
      guard chmod(folder, 0o755) == 0 else { throw SystemError("chmod", errno) }
    } catch {
      guard error.code == EEXIST else { throw .system(error) }
    }
    try checkFolder(owners: [0, geteuid()])
  }

  /// A real folder, of one of the owners, that nobody else can write.
  func checkFolder(owners: Set<UInt32>) throws(ControlError) {
    var status = stat()
    guard lstat(folder, &status) == 0 else {
      if errno == ENOENT || errno == EACCES { throw .notRunning }
      throw .system(SystemError("lstat", errno))
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .system(SystemError("lstat", ENOTDIR)) }
    guard owners.contains(status.st_uid), status.st_mode & 0o022 == 0 else { throw .foreignOwner(uid: status.st_uid) }
  }

  /// `path` as the address of a socket.
  func withSocketAddress<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) throws(ControlError) -> Result
  ) throws(ControlError) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw .pathTooLong }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    var failure: ControlError?
    let result: Result? = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        do throws(ControlError) {
          return try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        } catch {
          failure = error
          return nil
        }
      }
    }
    if let failure { throw failure }
    return result!
  }
}
