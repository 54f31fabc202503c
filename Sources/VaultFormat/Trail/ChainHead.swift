/// The running hash over all frames up to a point: 32 bytes of BLAKE2b. Kept as four words, so that it is copied without allocating.
package struct ChainHead: Hashable, Sendable, CustomStringConvertible {
  package static let byteCount = 32
  /// Before the first segment of all.
  package static let zero = ChainHead(words: (0, 0, 0, 0))

  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  private init(words: (UInt64, UInt64, UInt64, UInt64)) { (first, second, third, fourth) = words }

  /// Reads the 32 bytes at `memory`, which need no alignment.
  @inline(__always)
  package init(loading memory: UnsafeRawPointer) {
    self.init(
      words: (
        memory.loadUnaligned(as: UInt64.self), memory.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
        memory.loadUnaligned(fromByteOffset: 16, as: UInt64.self), memory.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
      ))
  }

  /// Nil unless `bytes` are 32.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self = Array(bytes).withUnsafeBytes { ChainHead(loading: $0.baseAddress!) }
  }

  @inline(__always)
  package func store(to memory: UnsafeMutableRawPointer) {
    memory.storeBytes(of: first, as: UInt64.self)
    memory.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
    memory.storeBytes(of: third, toByteOffset: 16, as: UInt64.self)
    memory.storeBytes(of: fourth, toByteOffset: 24, as: UInt64.self)
  }

  package var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, used in
      store(to: UnsafeMutableRawPointer(buffer.baseAddress!))
      used = Self.byteCount
    }
  }

  /// 64 lower-case hexadecimal digits.
  package var description: String { Hex.encode(bytes) }
}

/// A place in the trail: the number of a frame, counted from 1 over all segments, and the chain's head after it.
/// Written `SEQUENCE:HEAD`.
package struct ChainPoint: Hashable, Sendable, CustomStringConvertible {
  package var sequence: UInt64
  package var head: ChainHead

  package init(sequence: UInt64, head: ChainHead) {
    self.sequence = sequence
    self.head = head
  }

  /// Nil for anything but a decimal number in its shortest form, a colon and 64 lower-case hexadecimal digits.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let sequence = UInt64(parts[0]), String(sequence) == parts[0] else { return nil }
    guard let bytes = Hex.decode(parts[1]), let head = ChainHead(bytes) else { return nil }
    self.init(sequence: sequence, head: head)
  }

  package var description: String { "\(sequence):\(head)" }
}
