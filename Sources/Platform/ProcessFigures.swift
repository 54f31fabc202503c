import Glibc

/// What this process holds, as the kernel counts it.
package struct ProcessFigures: Sendable {
  /// Resident memory.
  package var residentByteCount: UInt64
  /// Open descriptors; nil where this process may not list its own (/proc of one that cannot be dumped belongs to root).
  package var descriptorCount: UInt64?

  package static func current() -> ProcessFigures {
    // statm: size, resident, … in pages (proc(5)).
    var resident: UInt64 = 0
    if let file = try? File("/proc/self/statm", O_RDONLY) {
      let text = [UInt8](unsafeUninitializedCapacity: 256) { buffer, used in
        used = (try? file.read(at: 0, into: UnsafeMutableRawBufferPointer(buffer))) ?? 0
      }
      let words = String(decoding: text, as: UTF8.self).split(separator: " ")
      if words.count > 1, let pages = UInt64(words[1]) { resident = pages * UInt64(sysconf(Int32(_SC_PAGESIZE))) }
    }
    // Less the one that lists them.
    let descriptors = (try? Files.list("/proc/self/fd")).map { UInt64(max(0, $0.count - 1)) }
    return ProcessFigures(residentByteCount: resident, descriptorCount: descriptors)
  }
}
