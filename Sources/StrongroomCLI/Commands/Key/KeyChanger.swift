import Control
import Glibc
import Keys
import Platform
import Sodium
import Trail
import Vault
import VaultFS
import VaultFormat

/// Changes of key slots: unlocks with a secret that is there, makes the next vault.json, and has it written by whoever holds the vault.
struct KeyChanger {
  let context: CommandContext
  /// The vault's folder, as it was given.
  let path: String

  /// The next file and the slot that it is about, from the present file, the slot that the secret opened, and the root key.
  typealias Change = (VaultFile, KeySlotID, borrowing SecretBytes) throws(KeysError) -> (file: VaultFile, slot: KeySlotID)

  /// - Parameters:
  ///   - check: what can be refused, and what is to be asked for, once the vault is unlocked and before anything is changed.
  /// - Returns: what the change returned, once it is on disk.
  func run(
    _ action: KeyChangeRequest.Action, _ secret: SecretOptions, check: (VaultFile, KeySlotID) throws(CommandFailure) -> Void,
    _ change: Change
  ) throws(CommandFailure) -> (file: VaultFile, slot: KeySlotID, opened: KeySlotID) {
    let found = try VaultFinder(table: try context.mountTable()).find(folder: path)
    try context.secure()
    let present = try SlotSecret(unlocking: try secret.read(environment: context.environment))
    let unlocked: UnlockedVaultFile
    do throws(UnlockError) { unlocked = try Vault.readFile(at: path, secret: present) } catch {
      throw CommandFailure(error, path: path)
    }
    let file = unlocked.file
    let opened = unlocked.slot
    let root = unlocked.takeRoot()
    try check(file, opened)
    if found.mountpoint != nil {
      let next: (file: VaultFile, slot: KeySlotID)
      do throws(KeysError) { next = try change(file, opened, root) } catch { throw Self.failure(error) }
      let text = String(decoding: next.file.encode(), as: UTF8.self)
      try context.connect(found).ask(
        .keyChange(KeyChangeRequest(action: action, slot: next.slot.value, vaultFile: text))
      ) { _ in }
      return (next.file, next.slot, opened)
    }
    let next = try write(action, opened, root, change)
    return (next.file, next.slot, opened)
  }

  /// A change that needs a new secret: read after unlocking and `check`, and a key file that was made for it goes where the change fails.
  func replacing(
    _ action: KeyChangeRequest.Action, _ secret: SecretOptions, _ new: NewSlotOptions,
    check: (VaultFile, KeySlotID) throws(CommandFailure) -> Void,
    change: (VaultFile, KeySlotID, borrowing SecretBytes, borrowing SlotSecret) throws(KeysError) -> (
      file: VaultFile, slot: KeySlotID
    )
  ) throws(CommandFailure) -> (file: VaultFile, slot: KeySlotID, opened: KeySlotID) {
    var made: NewSlotSecret?
    do throws(CommandFailure) {
      let result = try run(action, secret) { (file, opened) throws(CommandFailure) in
        try check(file, opened)
        made = try new.read()
      } _: { (file, opened, root) throws(KeysError) in
        try change(file, opened, root, made!.secret)
      }
      if let path = made?.madeFile { context.console.note(Message(VaultText.keyFileMade, ["path": path])) }
      return result
    } catch {
      made?.discardFile()
      throw error
    }
  }

  /// The vault is nobody's: held for as long as this takes.
  private func write(
    _ action: KeyChangeRequest.Action, _ opened: KeySlotID, _ root: consuming SecretBytes, _ change: Change
  ) throws(CommandFailure) -> (file: VaultFile, slot: KeySlotID) {
    var settings = VaultSettings()
    settings.content.pageCacheByteCount = 4 << 20
    settings.content.readAheadByteCount = 0
    let vault: Vault
    do throws(UnlockError) { vault = try Vault.unlock(at: path, root: root, settings: settings) } catch {
      throw CommandFailure(error, path: path)
    }
    let outcome: Result<(file: VaultFile, slot: KeySlotID), CommandFailure>
    do throws(CommandFailure) { outcome = .success(try write(action, opened, in: vault, change)) } catch {
      outcome = .failure(error)
    }
    do throws(VaultError) { try vault.close() } catch {
      // An earlier failure says more.
      _ = try outcome.get()
      throw CommandFailure(.error, .changesRefused, ["reason": error.reason])
    }
    return try outcome.get()
  }

  private func write(
    _ action: KeyChangeRequest.Action, _ opened: KeySlotID, in vault: Vault, _ change: Change
  ) throws(CommandFailure) -> (file: VaultFile, slot: KeySlotID) {
    let next: (file: VaultFile, slot: KeySlotID)
    do throws(KeysError) {
      // The file is made before the record, so that the record can name the slot.
      let root = try vault.keys.rootCopy()
      next = try change(vault.file, opened, root)
    } catch { throw Self.failure(error) }
    var record = Record(.key)
    record.actor = Record.Actor.thisProcess(name: Self.userName)
    record.details = [Record.Detail("change", action.rawValue), Record.Detail("slot", next.slot.description)]
    do throws(TrailError) { try vault.trail.append(record) } catch {
      throw CommandFailure(.error, .trailUnavailable, ["reason": "\(error)"])
    }
    do throws(VaultFileChangeError) {
      _ = try vault.changeFile { (_, _) throws(KeysError) in next.file }
    } catch {
      switch error {
      case .keys(let error): throw Self.failure(error)
      case .vault(let error): throw CommandFailure(.error, .changesRefused, ["reason": error.reason])
      }
    }
    return next
  }

  static func failure(_ error: KeysError) -> CommandFailure {
    switch error {
    case .lastSlot: CommandFailure(.error, .lastSlot, hint: .addSlotFirst)
    case .noSuchSlot: CommandFailure(.error, .noSuchSlot, hint: .listSlots)
    case .memoryNotLocked: CommandFailure(.error, .memoryNotLocked, hint: .memoryLock)
    case .damaged(let what): CommandFailure(.vaultDamaged, .vaultDamaged, ["what": what], hint: .runVerify)
    case .newerVersion(let version):
      CommandFailure(
        .error, .newerFormat, ["version": String(version), "known": String(vaultFormatVersion)], hint: .newerProgram)
    case .authenticationFailed, .wrongSecret: CommandFailure(.wrongSecret, .wrongSecret)
    case .badParameters: CommandFailure(.usage, .slotParameters)
    }
  }

  /// The label and the room for one more slot, before a new secret is asked for.
  static func checkAddition(label: String, to file: VaultFile) throws(CommandFailure) {
    guard VaultFile.isLabel(label) else { throw CommandFailure(.usage, .badLabel, ["value": label], hint: .label) }
    guard file.slots.count < VaultFile.slotCountMax else {
      throw CommandFailure(.error, .tooManySlots, ["max": String(VaultFile.slotCountMax)])
    }
  }

  /// Who runs this, for the record; empty where the system does not say.
  private static var userName: String {
    guard let entry = getpwuid(getuid()) else { return "" }
    return String(cString: entry.pointee.pw_name)
  }
}

extension Console {
  /// A slot that was made.
  func show(_ slot: KeySlotID, of file: VaultFile, _ message: Message) {
    if isJSON, let slot = file.slots.first(where: { $0.id == slot }) { print(json: KeySlotReport(slot)) }
    note(message)
  }
}

extension KeySlotReport {
  init(_ slot: KeySlot) {
    self.init(
      number: slot.id.value, kind: slot.kind.name, label: slot.label, created: WallTime(nanoseconds: slot.created * 1_000_000_000)
    )
  }
}
