import Glibc

/// Paths of the machine as bytes, made absolute without asking the filesystem below what may be a vault: its answers depend on rights.
package enum PathBytes {
  /// Against the working folder, without `.`, `..` and doubled slashes. Symlinks are not followed.
  package static func absolute(_ path: String) -> [UInt8] {
    var bytes = Array(path.utf8)
    if bytes.first != 0x2f { bytes = workingFolder + [0x2f] + bytes }
    var parts: [ArraySlice<UInt8>] = []
    for part in bytes.split(separator: 0x2f) where !part.elementsEqual([0x2e]) {
      if part.elementsEqual([0x2e, 0x2e]) { _ = parts.popLast() } else { parts.append(part) }
    }
    return parts.isEmpty ? [0x2f] : parts.flatMap { [0x2f] + $0 }
  }

  /// `path` with the symlinks resolved in the longest part of it that can be; absolute, as above.
  package static func resolved(_ path: [UInt8]) -> [UInt8] {
    var rest: [UInt8] = []
    var known = path
    while known != [0x2f], let slash = known.lastIndex(of: 0x2f) {
      if let real = (known + [0]).withUnsafeBytes({ realpath($0.baseAddress!.assumingMemoryBound(to: CChar.self), nil) }) {
        defer { free(real) }
        let bytes = UnsafeRawBufferPointer(start: real, count: strlen(real))
        return bytes.elementsEqual([0x2f]) ? rest : Array(bytes) + rest
      }
      rest = Array(known[slash...]) + rest
      known = slash == 0 ? [0x2f] : Array(known[..<slash])
    }
    return path
  }

  package static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private static var workingFolder: [UInt8] {
    guard let path = getcwd(nil, 0) else { return [] }
    defer { free(path) }
    return Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
  }
}
