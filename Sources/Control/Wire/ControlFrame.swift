import FoundationEssentials

/// What one frame holds, and its JSON.
///
/// `{"version":1,"request":{"kind":…,"body":…}}` from a client; `{"version":1,"item":{"kind":…,"body":…}}`, `{"version":1,"failure":{…}}` or
/// `{"end":true,"version":1}` from a server.
package enum ControlFrame: Sendable, Equatable {
  case request(ControlRequest)
  case item(ControlResponse)
  /// The request was done; nothing more comes.
  case end
  /// The request was not done, or not to its end; nothing more comes.
  case failure(ControlFailure)
}

extension ControlFrame {
  package func encode() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Only strings, numbers, flags, lists and dictionaries of these are encoded, and none of them can fail.
    guard let data = try? encoder.encode(self) else { preconditionFailure("a control frame that cannot be encoded") }
    return Array(data)
  }

  /// - Throws: the failure that the sender should be told: malformed, an unknown kind, a later version.
  package init(parsing bytes: [UInt8]) throws(ControlFailure) {
    do {
      self = try JSONDecoder().decode(ControlFrame.self, from: Data(bytes))
    } catch let failure as ControlFailure {
      throw failure
    } catch {
      throw .malformed
    }
  }
}

extension ControlFrame: Codable {
  private enum Key: String, CodingKey {
    case version, request, item, end, failure
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let version = try container.decode(Int.self, forKey: .version)
    guard version <= Control.version else { throw ControlFailure.newerVersion(version) }
    guard version >= 1, container.allKeys.count == 2 else { throw ControlFailure.malformed }
    if container.contains(.request) {
      self = .request(try container.decode(ControlRequest.self, forKey: .request))
    } else if container.contains(.item) {
      self = .item(try container.decode(ControlResponse.self, forKey: .item))
    } else if container.contains(.failure) {
      self = .failure(try container.decode(ControlFailure.self, forKey: .failure))
    } else {
      guard try container.decode(Bool.self, forKey: .end) else { throw ControlFailure.malformed }
      self = .end
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(Control.version, forKey: .version)
    switch self {
    case .request(let request): try container.encode(request, forKey: .request)
    case .item(let response): try container.encode(response, forKey: .item)
    case .end: try container.encode(true, forKey: .end)
    case .failure(let failure): try container.encode(failure, forKey: .failure)
    }
  }
}
