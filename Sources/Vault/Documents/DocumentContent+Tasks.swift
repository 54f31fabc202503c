import VaultFormat

/// Segments that other threads seal meanwhile.
extension DocumentContent {
  /// Has a document that lies in memory as one small blob's worth sealed by another thread; its bytes stand still from now on, as those of a
  /// segment that filled up. False where it is not such a document, or that thread has enough to do: the caller seals.
  func sealElsewhereLocked() -> Bool {
    guard dirty.count == 1, dirty[0].start == 0, UInt64(dirty[0].count) == list.end,
      dirty[0].count <= BlobGeometry.packedByteCountMax
    else { return false }
    if dirty[0].task == nil {
      guard let task = store.closed.submit(self, dirty[0].buffer, byteCount: dirty[0].count) else { return false }
      dirty[0].task = task
      taskCount += 1
    }
    return true
  }

  /// Names what other threads have sealed meanwhile. What failed stays in memory, for a later `seal` to meet.
  func takeSealedLocked() {
    for index in dirty.indices.reversed() {
      guard let task = dirty[index].task, task.hasEnded else { continue }
      forgetTask(of: index)
      if case .success(let blob) = task.outcome() { name(blob, for: index) }
    }
  }

  /// Gives a full segment to the sealing threads, or seals it here where they have enough to do.
  func sealFull(_ index: Int) {
    if let task = store.sealing.submit(dirty[index].buffer, byteCount: dirty[index].count) {
      dirty[index].task = task
      taskCount += 1
    } else {
      try? seal(at: index)
    }
  }

  /// Makes a segment's bytes changeable: one that is being sealed goes on as a copy, and the blob that comes of it is dropped.
  func thaw(_ index: Int) {
    guard dirty[index].task != nil else { return }
    let copy = buffer(dirty[index].count)
    copy.base.copyMemory(from: dirty[index].buffer.base, byteCount: dirty[index].count)
    abandonTask(of: index)
    dirty[index] = DirtySegment(start: dirty[index].start, count: dirty[index].count, buffer: copy)
  }

  /// Nobody wants the blob that a segment is being sealed into, if it is.
  func abandonTask(of index: Int) {
    guard let task = dirty[index].task else { return }
    forgetTask(of: index)
    // No commit has named it, nor will one.
    if let blob = task.abandon() { store.discard([blob]) }
  }

  func forgetTask(of index: Int) {
    dirty[index].task = nil
    taskCount -= 1
  }

  func buffer(_ byteCount: Int) -> PlainBuffer { PlainBuffer(capacity: byteCount, pool: store.sealing.buffers) }
}
