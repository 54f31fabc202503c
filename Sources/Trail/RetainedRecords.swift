import Glibc
import Sodium

/// Records since the last good sync, as they were before sealing, in locked memory that no core dump holds: after a failed sync they
/// are sealed again into a new segment. Wiped after each good sync. Used under the writer's lock.
final class RetainedRecords {
  /// Wiped with its owner.
  private let guarded: GuardedMemory
  private let memory: UnsafeMutableRawBufferPointer
  private var used = 0
  /// Before each record: its length and its sequence.
  private static let prefixByteCount = 16

  /// - Throws: where the memory cannot be locked.
  init(byteCount: Int) throws(SodiumError) {
    guarded = try GuardedMemory(byteCount: byteCount)
    memory = guarded.bytes
  }

  var isEmpty: Bool { used == 0 }
  var isHalfFull: Bool { used > memory.count / 2 }

  @inline(__always)
  func hasRoom(for byteCount: Int) -> Bool { memory.count - used >= byteCount + Self.prefixByteCount }

  /// Where the next record is to be encoded. Nothing is kept until `keep`.
  @inline(__always)
  func room(for byteCount: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: memory.baseAddress! + used + Self.prefixByteCount, count: byteCount)
  }

  @inline(__always)
  func keep(_ byteCount: Int, sequence: UInt64) {
    // These stay aligned: records are multiples of 32 bytes.
    memory.storeBytes(of: UInt64(byteCount), toByteOffset: used, as: UInt64.self)
    memory.storeBytes(of: sequence, toByteOffset: used + 8, as: UInt64.self)
    used += Self.prefixByteCount + byteCount
  }

  /// Each record with the sequence that it had in the segment it was sealed into first.
  func forEach<Failure: Error>(_ body: (UnsafeRawBufferPointer, UInt64) throws(Failure) -> Void) throws(Failure) {
    var position = 0
    while position < used {
      let count = Int(memory.load(fromByteOffset: position, as: UInt64.self))
      let sequence = memory.load(fromByteOffset: position + 8, as: UInt64.self)
      position += Self.prefixByteCount
      try body(UnsafeRawBufferPointer(start: memory.baseAddress! + position, count: count), sequence)
      position += count
    }
  }

  func clear() {
    explicit_bzero(memory.baseAddress!, used)
    used = 0
  }
}
