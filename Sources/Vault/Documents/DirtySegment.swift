/// Bytes of a document that were written and are not yet part of its extents.
struct DirtySegment {
  var start: UInt64
  var count: Int
  let buffer: PlainBuffer
  /// The bytes are being sealed, and do not change.
  var task: SealingTask?

  var end: UInt64 { start + UInt64(count) }

  var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: buffer.base, count: count) }
}
