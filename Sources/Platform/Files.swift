package import CSystem
import Glibc

/// Calls on paths rather than descriptors.
package enum Files {
  package static func makeFolder(_ path: String, mode: mode_t) throws(SystemError) {
    try Seam.check("mkdir", path)
    guard mkdir(path, mode) == 0 else { throw SystemError("mkdir", errno) }
  }

  package static func rename(_ old: String, _ new: String) throws(SystemError) {
    try Seam.check("rename", old)
    guard Glibc.rename(old, new) == 0 else { throw SystemError("rename", errno) }
  }

  /// Removes a file; one that is gone already is no error.
  package static func unlink(_ path: String) throws(SystemError) {
    try Seam.check("unlink", path)
    guard Glibc.unlink(path) == 0 || errno == ENOENT else { throw SystemError("unlink", errno) }
  }

  package static func exists(_ path: String) -> Bool {
    var value = stat()
    return lstat(path, &value) == 0
  }

  /// The entries of a folder are on disk on return.
  package static func syncFolder(_ path: String) throws(SystemError) {
    try File(path, O_RDONLY | O_DIRECTORY).sync()
  }

  /// Names in a folder, without `.` and `..`, in byte order.
  package static func list(_ path: String) throws(SystemError) -> [String] {
    try Seam.check("opendir", path)
    guard let stream = opendir(path) else { throw SystemError("opendir", errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Writes a new file beside `path`, syncs it, renames it over `path` and syncs the folder: at any instant the old or the
  /// new content is there, whole. A crash may leave `path.new`, which the next call replaces.
  package static func replace(_ path: String, with bytes: [UInt8], mode: mode_t) throws(SystemError) {
    let fresh = path + ".new"
    let file = try File(fresh, O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
    try file.write(bytes, at: 0)
    try file.sync()
    try rename(fresh, path)
    try syncFolder(folder(of: path))
  }

  /// The part of `path` before its last slash; `.` where there is none.
  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
