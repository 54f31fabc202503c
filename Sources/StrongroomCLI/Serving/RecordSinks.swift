import Glibc
import Platform
import Trail
import VaultFormat

/// A record as a line of JSON with what it leaves to the OPEN of its handle filled in (docs/log-fields.md, `jsonl`). Used by one thread.
struct ForwardedLines {
  private var handles = HandleTable()

  mutating func line(_ entry: TrailReader.Entry) -> String {
    RecordJSON.line(handles.complete(segment: entry.segment, sequence: entry.sequence, entry.record))
  }
}

/// Records to a syslog daemon: RFC 5424 with `record` as the kind, facility authpriv, severity informational; alerts are warnings, as are refusals.
final class SyslogSink: RecordSink, @unchecked Sendable {
  /// Used by the forwarder's one thread, as what follows.
  private let connection: SyslogConnection
  private var lines = ForwardedLines()
  /// Up to here the daemon was given them: a batch that failed half way is not sent again from its beginning.
  private var sent: UInt64 = 0
  /// The line that was made and could not be sent: an OPEN or RELEASE counts once.
  private var unsent: (sequence: UInt64, text: String)?

  init(_ target: SyslogTarget, authorities: String?) { connection = SyslogConnection(target, authorities: authorities) }

  func send(_ records: [TrailReader.Entry]) throws(SystemError) {
    for entry in records where entry.sequence > sent {
      let isNotable = entry.record.action == .alert || entry.record.outcome != .done
      let text: String
      if let unsent, unsent.sequence == entry.sequence { text = unsent.text } else { text = lines.line(entry) }
      unsent = (entry.sequence, text)
      try connection.send(
        SyslogConnection.message(priority: 80 + (isNotable ? 4 : 6), kind: "record", text, wall: entry.record.wall))
      unsent = nil
      sent = entry.sequence
    }
  }
}

/// Records to a file in another folder, a line each; on disk before the next batch.
final class FileSink: RecordSink, @unchecked Sendable {
  private let file: LineFile
  private var lines = ForwardedLines()
  /// The lines that were made and could not be written: the same ones come again.
  private var unsent: (first: UInt64, last: UInt64, bytes: [UInt8])?

  /// - Parameter path: the file; made when it is missing, readable by its owner and group.
  init(path: String) { file = LineFile(path: path) }

  func send(_ records: [TrailReader.Entry]) throws(SystemError) {
    let bytes: [UInt8]
    if let unsent, unsent.first == records[0].sequence, unsent.last == records[records.count - 1].sequence {
      bytes = unsent.bytes
    } else {
      bytes = records.flatMap { Array((lines.line($0) + "\n").utf8) }
    }
    unsent = (records[0].sequence, records[records.count - 1].sequence, bytes)
    try file.add(bytes)
    unsent = nil
  }
}
