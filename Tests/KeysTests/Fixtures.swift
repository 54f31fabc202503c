import Sodium
import TestVectors
import VaultFormat

@testable import Keys

func secret(_ bytes: [UInt8]) throws(SodiumError) -> SecretBytes {
  try SecretBytes(count: bytes.count) { $0.copyBytes(from: bytes) }
}

func keyFile(_ byte: UInt8) throws(KeysError) -> SlotSecret {
  try SlotSecret(.keyFile, try sodium { () throws(SodiumError) in try secret([UInt8](repeating: byte, count: 32)) })
}

/// The slot that opens, and the root key.
func opened(_ file: VaultFile, _ secret: borrowing SlotSecret) throws(KeysError) -> (slot: UInt64, root: [UInt8]) {
  let unlocked = try file.unlock(with: secret)
  return (unlocked.slot.value, bytes(of: unlocked.root))
}

func bytes(of secret: borrowing SecretBytes) -> [UInt8] { secret.withUnsafeBytes { Array($0) } }

func vaultKeys(_ vector: VectorFile) throws -> VaultKeys {
  try VaultKeys(vault: VaultID(vector.bytes("vault"))!, root: try secret(vector.bytes("root")))
}

func freshKeys() throws -> VaultKeys { try VaultKeys(vault: VaultID.random(), root: try VaultKeys.makeRoot()) }

func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: 7 * $0 + 3) } }

/// As vectors name errors.
func name(of error: KeysError) -> String {
  switch error {
  case .authenticationFailed: "authenticationFailed"
  case .wrongSecret: "wrongSecret"
  case .badParameters: "badParameters"
  case .memoryNotLocked: "memoryNotLocked"
  case .damaged: "damaged"
  case .newerVersion(let version): "newerVersion \(version)"
  case .lastSlot: "lastSlot"
  case .noSuchSlot: "noSuchSlot"
  }
}

/// `ok` or the error's name.
func outcome(_ body: () throws(KeysError) -> Void) -> String {
  do {
    try body()
    return "ok"
  } catch { return name(of: error) }
}
