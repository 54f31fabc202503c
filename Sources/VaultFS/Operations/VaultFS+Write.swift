import Access
import Synchronization
import Trail
import Vault
package import VaultFormat

/// WRITE, FALLOCATE, COPY_FILE_RANGE.
extension VaultFS {
  /// Row 9. `appends` where the WRITE itself carries O_APPEND: it goes to the document's own end, since the kernel's is stale with two
  /// users. Returns the bytes taken, all of them.
  package func write(
    _ caller: Caller, _ id: HandleID, _ bytes: UnsafeRawBufferPointer, at offset: UInt64, appends: Bool
  ) throws(FSError) -> Int {
    statistics.operation()
    guard let handle = handles[id], handle.canWrite else { throw .badHandle }
    let decision = try judgeHandle(handle, caller, .edit, .write)
    try requireTrail()
    let place: UInt64
    do throws(VaultError) {
      place = try vault.write(handle.node, bytes, at: appends ? nil : offset).offset
    } catch {
      recordWrite(caller, handle, decision, offset, asked: bytes.count, returned: 0, kind: "data", failure: FSError(error))
      throw FSError(error)
    }
    recordWritten(caller, handle, decision, place, bytes.count)
    handle.noteWrite(bytes.count)
    statistics.writtenBytes.add(UInt64(bytes.count), ordering: .relaxed)
    return bytes.count
  }

  /// The record of a plain WRITE that succeeded: by the opener, where what OPEN names decided, without allocation.
  private func recordWritten(
    _ caller: Caller, _ handle: OpenDocument, _ decision: Record.Decision?, _ offset: UInt64, _ count: Int
  ) {
    if caller.uid == handle.opener.uid, decision == nil {
      let byteCount = UInt64(count)
      do throws(TrailError) {
        return try trail.appendRead(
          .write, handle: handle.id, offset: offset, asked: byteCount, returned: byteCount, uid: caller.uid)
      } catch {}
    }
    recordWrite(caller, handle, decision, offset, asked: count, returned: count, kind: "data")
  }

  /// - Parameter decision: nil where it is OPEN's.
  func recordWrite(
    _ caller: Caller, _ handle: OpenDocument, _ decision: Record.Decision?, _ offset: UInt64, asked: Int, returned: Int,
    kind: String, failure: FSError? = nil, link: HandleID? = nil
  ) {
    var record = Record(.write)
    record.handle = handle.id
    record.range = Record.Range(offset: offset, asked: UInt64(asked), returned: UInt64(returned))
    record.decision = decision
    if kind != "data" { record.details.append(Record.Detail("kind", kind)) }
    if let link { record.details.append(Record.Detail("from-handle", String(link.value))) }
    if caller.uid != handle.opener.uid { name(caller, through: handle, in: &record) }
    if let failure {
      record.outcome = .failed
      record.errno = failure.errno
    }
    recordDone(record, by: caller)
  }

  /// What FALLOCATE asks for.
  package enum Allocation: String, Sendable {
    /// Grow the document with zeros where the range lies past its end.
    case extend
    /// Room only; the size stays. Nothing to do, since content moves to the disk with its commit.
    case reserve
    case punch
    case zero
    /// Zero, and grow.
    case zeroAndExtend = "zero-extend"
  }

  /// Row 9, FALLOCATE.
  package func allocate(_ caller: Caller, _ id: HandleID, _ kind: Allocation, at offset: UInt64, count: UInt64) throws(FSError) {
    statistics.operation()
    guard let handle = handles[id], handle.canWrite else { throw .badHandle }
    guard count > 0, offset <= UInt64(Int64.max), count <= UInt64(Int64.max) - offset else { throw .invalid }
    let decision = try judgeHandle(handle, caller, .edit, .allocate)
    try requireTrail()
    let end = offset + count
    do throws(VaultError) {
      switch kind {
      case .extend: try vault.extend(handle.node, to: end)
      case .reserve: break
      case .punch, .zero: try vault.punch(handle.node, from: offset, to: end, extends: false)
      case .zeroAndExtend: try vault.punch(handle.node, from: offset, to: end, extends: true)
      }
    } catch { throw FSError(error) }
    recordWrite(caller, handle, decision, offset, asked: Int(count), returned: Int(count), kind: kind.rawValue)
  }

  /// Row 12. Copies through memory, a piece at a time; each piece is judged, and recorded as a READ and a WRITE that name each other.
  package func copy(
    _ caller: Caller, from source: HandleID, at sourceOffset: UInt64, to target: HandleID, at targetOffset: UInt64, count: UInt64
  ) throws(FSError) -> Int {
    statistics.operation()
    guard let from = handles[source], from.canRead, let to = handles[target], to.canWrite else { throw .badHandle }
    guard count <= UInt64(Int64.max) else { throw .fileTooLarge }
    guard sourceOffset <= UInt64(Int64.max) - count, targetOffset <= UInt64(Int64.max) - count else { throw .fileTooLarge }
    if from.node === to.node {
      let distance = sourceOffset > targetOffset ? sourceOffset - targetOffset : targetOffset - sourceOffset
      guard distance >= count else { throw .invalid }
    }
    let piece = Int(min(count, 1 << 20))
    guard piece > 0 else { return 0 }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 4096)
    defer {
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      buffer.deallocate()
    }
    var done: UInt64 = 0
    while done < count {
      let reading = try judgeHandle(from, caller, .read, .copy)
      let writing = try judgeHandle(to, caller, .edit, .copy)
      let wanted = Int(min(UInt64(piece), count - done))
      let got = try copyPiece(
        caller, from, reading, at: sourceOffset + done, to, writing, at: targetOffset + done,
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
      done += UInt64(got)
      if got < wanted { break }
      // A long copy answers with what it has, so that nobody waits for gigabytes.
      if done >= 64 << 20 { break }
    }
    return Int(done)
  }

  private func copyPiece(
    _ caller: Caller, _ from: OpenDocument, _ reading: Record.Decision?, at sourceOffset: UInt64, _ to: OpenDocument,
    _ writing: Record.Decision?, at targetOffset: UInt64, _ buffer: UnsafeMutableRawBufferPointer
  ) throws(FSError) -> Int {
    let got: Int
    do throws(VaultError) {
      got = try vault.read(from.node, at: sourceOffset, into: buffer)
    } catch { throw try readFailure(error, caller, from, reading, sourceOffset, buffer.count) }
    guard got > 0 else { return 0 }
    var record = uncommonRead(caller, from, reading, sourceOffset, buffer.count, got, false)
    record.details = [Record.Detail("to-handle", String(to.id.value))]
    try append(record, by: caller)
    from.noteRead(sourceOffset, got)
    do throws(VaultError) {
      _ = try vault.write(to.node, UnsafeRawBufferPointer(rebasing: buffer[..<got]), at: targetOffset)
    } catch {
      recordWrite(
        caller, to, writing, targetOffset, asked: got, returned: 0, kind: "copy", failure: FSError(error), link: from.id)
      throw FSError(error)
    }
    recordWrite(caller, to, writing, targetOffset, asked: got, returned: got, kind: "copy", link: from.id)
    to.noteWrite(got)
    return got
  }
}
