import Foundation

/// A program that runs while the test goes on. `wait` once.
final class BackgroundProgram: @unchecked Sendable {
  private let done = DispatchSemaphore(value: 0)
  private var result: Result<Output, any Error>?

  init(_ command: [String], as user: TestUser? = nil) {
    Thread.detachNewThread { [self] in
      result = Result { try Programs.run(command, as: user) }
      done.signal()
    }
  }

  func wait() throws -> Output {
    done.wait()
    return try result!.get()
  }
}
