import CSystem
import Fuse
import Glibc
import Platform

/// Mounts a `FloorFilesystem` in a folder of its own, reads it, and takes both away again.
struct MountFloor {
  let stopwatch: Stopwatch

  /// - Throws: why this machine or this user cannot mount, or a read failed.
  func rows(_ take: (SpeedRow) -> Void) throws(CommandFailure) {
    var template = Array("/tmp/strongroom-speed-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw CommandFailure(SystemError(naming: "mkdtemp", errno)) }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { rmdir(folder) }
    // A signal waits until the mount is gone.
    var signals = sigset_t()
    var before = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var options = SessionOptions()
    options.sourceName = "strongroom-speed"
    options.isReadOnly = true
    do throws(FuseError) {
      let session = try Session(FloorFilesystem(), at: folder, options: options)
      let failure: SystemError?
      do throws(SystemError) {
        try measure(folder + "/" + FloorFilesystem.fileName, take)
        failure = nil
      } catch { failure = error }
      try session.unmount(.abort)
      if let failure { throw FuseError.system(call: "read", code: failure.code) }
    } catch {
      throw CommandFailure(error, mountpoint: folder)
    }
  }

  private func measure(_ path: String, _ take: (SpeedRow) -> Void) throws(SystemError) {
    let file = try File(path, O_RDONLY)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    func secondsPerRead(_ byteCount: Int, from next: (Int) -> Int) throws(SystemError) -> Double {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount])
      let pieceCount = FloorFilesystem.fileByteCount / byteCount
      var piece = 0
      return try stopwatch.secondsPerCall { () throws(SystemError) in
        _ = try file.read(at: piece * byteCount, into: part)
        piece = next(piece) % pieceCount
      }
    }
    for (name, byteCount) in [(SpeedText.floorRead128K, 128 << 10), (.floorRead1M, 1 << 20)] {
      let seconds = try secondsPerRead(byteCount) { $0 + 1 }
      take(SpeedRow(name, .megabytesPerSecond, Double(byteCount) / seconds / 1e6))
    }
    // A stride that is prime goes everywhere and never on to the neighbour.
    take(SpeedRow(.floorRandom4K, .microseconds, try secondsPerRead(4096) { $0 + 7_919 } * 1e6))
  }
}
