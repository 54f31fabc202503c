import Access
import Synchronization
import Trail
import Vault
package import VaultFormat

/// READ, LSEEK: content leaves by these and by nothing else.
extension VaultFS {
  /// Row 8. `throughPages` where the kernel reads for itself: a mapping, an exec, a sendfile.
  ///
  /// Returns how many bytes of `buffer` were filled. The record with the exact range is in the trail's file on return.
  package func read(
    _ caller: Caller, _ id: HandleID, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer, throughPages: Bool = false
  ) throws(FSError) -> Int {
    statistics.operation()
    guard let handle = handles[id] else { throw .badHandle }
    guard handle.canRead else { throw .badHandle }
    #if STRONGROOM_BENCHMARK_UNCHECKED
      let decision: Record.Decision? = nil
    #else
      let decision = try judgeHandle(handle, caller, .read, throughPages ? .pages : .read)
    #endif
    let count: Int
    do throws(VaultError) {
      count = try vault.read(handle.content(in: vault), at: offset, into: buffer)
    } catch {
      throw try readFailure(error, caller, handle, decision, offset, buffer.count)
    }
    #if !STRONGROOM_BENCHMARK_UNCHECKED
      do throws(TrailError) {
        if throughPages || decision != nil || caller.uid != handle.opener.uid {
          try trail.append(uncommonRead(caller, handle, decision, offset, buffer.count, count, throughPages), uid: caller.uid)
        } else {
          try trail.appendRead(
            handle: id, offset: offset, asked: UInt64(buffer.count), returned: UInt64(count), uid: caller.uid)
        }
      } catch {
        // Nothing was answered: what was unsealed into the worker's memory is overwritten by its next request.
        throw .io
      }
    #endif
    handle.noteRead(offset, count)
    statistics.readBytes.add(UInt64(count), ordering: .relaxed)
    return count
  }

  /// A READ that names its caller where they are not the opener, and what decided where that is not what OPEN names.
  func uncommonRead(
    _ caller: Caller, _ handle: OpenDocument, _ decision: Record.Decision?, _ offset: UInt64, _ asked: Int, _ returned: Int,
    _ throughPages: Bool
  ) -> Record {
    var record = Record(throughPages ? .pages : .read)
    record.handle = handle.id
    record.range = Record.Range(offset: offset, asked: UInt64(asked), returned: UInt64(returned))
    record.decision = decision
    if caller.uid != handle.opener.uid { name(caller, through: handle, in: &record) }
    return record
  }

  /// Damage is on record with the range that met it, and never becomes data.
  func readFailure(
    _ error: VaultError, _ caller: Caller, _ handle: OpenDocument, _ decision: Record.Decision?, _ offset: UInt64, _ asked: Int
  ) throws(FSError) -> FSError {
    var record = Record(.read)
    record.handle = handle.id
    if caller.uid == handle.opener.uid {
      record.actor = actor(caller, name: handle.openerName)
    } else {
      name(caller, through: handle, in: &record)
    }
    record.object = object(handle.node)
    record.decision = decision
    record.range = Record.Range(offset: offset, asked: UInt64(asked), returned: 0)
    record.outcome = .failed
    record.errno = FSError(error).errno
    if case .damaged(let what) = error { record.details = [Record.Detail("damage", what)] }
    try append(record)
    return FSError(error)
  }

  /// Row 11: where data or a hole begins at or after `offset`.
  /// - Throws: `outOfRange` (ENXIO) past the end.
  package func seek(_ caller: Caller, _ id: HandleID, from offset: UInt64, toData: Bool) throws(FSError) -> UInt64 {
    statistics.operation()
    guard let handle = handles[id] else { throw .badHandle }
    try requireTrail()
    try judgeHandle(handle, caller, .read, .seek)
    let found: UInt64?
    do throws(VaultError) { found = try vault.seek(handle.node, from: offset, toData: toData) } catch { throw FSError(error) }
    guard let found else { throw .outOfRange }
    return found
  }
}
