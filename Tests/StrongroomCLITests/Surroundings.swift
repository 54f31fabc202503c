import Foundation
import TestKit
import Testing

extension TemporaryFolder {
  @discardableResult
  func write(_ name: String, _ content: String) -> String {
    try? Data(content.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    return path + "/" + name
  }
}

/// Tests that read or change the process's time zone, one at a time.
@Suite(.serialized) struct InChina {
  init() {
    // No tzdata needed: CST-8 is POSIX for eight hours east.
    setenv("TZ", "CST-8", 1)
    tzset()
  }
}

let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .path
