import Glibc

/// What the command line asks for.
struct Options {
  var documentCount = 100_000
  var folderDocumentCount = 1_000
  var operationCount = 20_000
  var vault: String?
  /// Only this measurement, over and over for a profiler.
  var only: String?

  init(_ arguments: ArraySlice<String>) {
    var arguments = arguments
    func number(_ name: String, _ text: String?) -> Int {
      guard let number = text.flatMap({ Int($0) }), number > 0 else { fatalError("\(name) needs a number") }
      return number
    }
    while let name = arguments.popFirst() {
      let value = arguments.popFirst()
      switch name {
      case "--documents": documentCount = number(name, value)
      case "--folder-documents": folderDocumentCount = number(name, value)
      case "--operations": operationCount = number(name, value)
      case "--vault": vault = value
      case "--only": only = value
      default: fatalError("unexpected: \(name)")
      }
    }
  }

  var folderCount: Int { (documentCount + folderDocumentCount - 1) / folderDocumentCount }
}
