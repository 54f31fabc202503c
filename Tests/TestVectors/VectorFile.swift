import Glibc

/// One golden vector of `Tests/Vectors/<format>/`: lines `# comment`, then `expect: ok` or the error that must come, then
/// `name: value`, where bytes are lower-case hexadecimal and numbers decimal.
package struct VectorFile: Sendable, CustomStringConvertible {
  package let path: String
  package let expect: String
  private let fields: [String: String]

  package var description: String { path }

  /// All vectors of a folder, by name. Traps where the folder or a file cannot be read, so that no test passes for lack of vectors.
  package static func all(in folder: String) -> [VectorFile] {
    let root = #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Vectors/"
    guard let directory = opendir(root + folder) else { fatalError("no vectors in \(folder)") }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasSuffix(".txt") { names.append(name) }
    }
    precondition(!names.isEmpty, "no vectors in \(folder)")
    return names.sorted().map { VectorFile(root: root, path: folder + "/" + $0) }
  }

  package static func named(_ path: String) -> VectorFile {
    all(in: String(path.prefix { $0 != "/" })).first { $0.path == path }!
  }

  private init(root: String, path: String) {
    guard let file = fopen(root + path, "r") else { fatalError("cannot read \(path)") }
    defer { fclose(file) }
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { text += chunk[..<count] }
    var fields: [String: String] = [:]
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
      guard let colon = line.firstIndex(of: ":") else { fatalError("\(path): \(line)") }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      precondition(fields.updateValue(String(value), forKey: String(line[..<colon])) == nil, "\(path): a field twice")
    }
    self.path = path
    expect = fields.removeValue(forKey: "expect")!
    self.fields = fields
  }

  package func has(_ name: String) -> Bool { fields[name] != nil }

  /// Traps where the field is missing.
  package func text(_ name: String) -> String {
    guard let value = fields[name] else { fatalError("\(path): no \(name)") }
    return value
  }

  package func bytes(_ name: String) -> [UInt8] {
    let digits = Array(text(name).utf8)
    precondition(digits.count.isMultiple(of: 2), "\(path): \(name)")
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)!
    }
  }

  package func number(_ name: String) -> UInt64 { UInt64(text(name))! }
}
