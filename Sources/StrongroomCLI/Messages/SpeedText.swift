/// What `speed` says for people. The raw values of the rows are their names in JSON.
package enum SpeedText: String, MessageTable {
  case pageSeal = "page-seal"
  case pageOpen = "page-open"
  case rowSeal = "row-seal"
  case rowOpen = "row-open"
  case recordSeal = "record-seal"
  case hash
  case passphrase
  case floorRead128K = "floor-read-128k"
  case floorRead1M = "floor-read-1m"
  case floorRandom4K = "floor-random-4k"
  case columnWhat, columnSpeed, notMeasured

  package var texts: Texts {
    switch self {
    case .pageSeal: Texts("seal content: AES-256-GCM, pages of 16 KiB", "密封内容：AES-256-GCM，16 KiB 页")
    case .pageOpen: Texts("open content: AES-256-GCM, pages of 16 KiB", "打开内容：AES-256-GCM，16 KiB 页")
    case .rowSeal: Texts("seal a row: XChaCha20-Poly1305, 256 bytes", "密封一行：XChaCha20-Poly1305，256 字节")
    case .rowOpen: Texts("open a row: XChaCha20-Poly1305, 256 bytes", "打开一行：XChaCha20-Poly1305，256 字节")
    case .recordSeal: Texts("seal a record: secretstream with rekey, 32 bytes", "密封一条记录：secretstream（每条换钥），32 字节")
    case .hash: Texts("hash: BLAKE2b with a key, 16 KiB", "散列：带密钥 BLAKE2b，16 KiB")
    case .passphrase: Texts("stretch a passphrase: Argon2id, 3 passes over 256 MiB", "口令派生：Argon2id，256 MiB，3 遍")
    case .floorRead128K: Texts("mount floor: read from memory at 128 KiB", "挂载下限：每次 128 KiB 从内存读取")
    case .floorRead1M: Texts("mount floor: read from memory at 1 MiB", "挂载下限：每次 1 MiB 从内存读取")
    case .floorRandom4K: Texts("mount floor: one read of 4 KiB", "挂载下限：一次 4 KiB 读取")
    case .columnWhat: Texts("ONE THREAD", "单线程")
    case .columnSpeed: Texts("SPEED", "速度")
    case .notMeasured: Texts("not measured", "未测量")
    }
  }
}
