/// How fast this machine is at one thing; one line of `strongroom speed`.
package struct SpeedRow: Equatable, Sendable, Encodable {
  package enum Unit: String, Sendable, Encodable {
    case megabytesPerSecond = "MB/s"
    case operationsPerSecond = "1/s"
    case microseconds = "µs"
  }

  /// What was done; the same in all versions.
  package let name: SpeedText
  package let unit: Unit
  /// Nil where it could not be measured.
  package let value: Double?
  /// Why not, as an error code of the program.
  package let reason: String?

  package init(_ name: SpeedText, _ unit: Unit, _ value: Double) {
    (self.name, self.unit, self.value, reason) = (name, unit, value, nil)
  }

  package init(_ name: SpeedText, _ unit: Unit, missing reason: String) {
    (self.name, self.unit, value, self.reason) = (name, unit, nil, reason)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name.rawValue, forKey: .name)
    try container.encode(unit, forKey: .unit)
    try container.encode(value.map { ($0 * 100).rounded() / 100 }, forKey: .value)
    try container.encodeIfPresent(reason, forKey: .reason)
  }

  private enum CodingKeys: CodingKey {
    case name, unit, value, reason
  }
}
