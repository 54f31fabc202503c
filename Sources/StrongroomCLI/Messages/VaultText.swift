/// What `verify` and `key` say for people.
package enum VaultText: String, MessageTable {
  case damage, notice
  case verifyFound, verifyWhole, verifyNotices, verifyTrailBroken, verifyDamaged
  case verifyResumed
  case progressFiles, progressCatalog, progressTree, progressContent, progressPacks, progressTrail, progressLeft
  case slotAdded, slotRemoved, slotChanged, keyFileMade
  case restored, restoredBefore, restoredEnd

  package var texts: Texts {
    switch self {
    case .damage: Texts("damage", "损坏")
    case .notice: Texts("notice", "提示")
    case .verifyFound:
      Texts(
        "checked {rows} rows, {documents} documents, {blobs} blobs of {bytes}, {frames} frames of the trail",
        "已校验 {rows} 行、{documents} 个文件、{blobs} 个数据块（{bytes}）、访问日志 {frames} 帧")
    case .verifyWhole: Texts("the vault is whole", "保险库完好")
    case .verifyNotices: Texts("nothing is damaged; {notices} things to look at", "没有损坏，有 {notices} 项值得查看")
    case .verifyTrailBroken: Texts("the trail is broken; nothing else is damaged", "访问日志损坏，其余完好")
    case .verifyDamaged: Texts("the vault is damaged: {damages} findings", "保险库已损坏：{damages} 处")
    case .progressFiles: Texts("looking at the folder", "正在检查目录")
    case .progressCatalog: Texts("checking the catalog", "正在校验目录库")
    case .progressTree: Texts("checking rows: {done} of about {total}, {rate}/s", "正在校验行：{done} / 约 {total}，{rate}/秒")
    case .progressContent: Texts("checking content: {done} of {total}, {rate}/s", "正在校验内容：{done} / {total}，{rate}/秒")
    case .progressPacks: Texts("checking packs: {done} of {total}, {rate}/s", "正在校验数据包：{done} / {total}，{rate}/秒")
    case .progressTrail: Texts("checking the trail: {done} of {total}, {rate}/s", "正在校验访问日志：{done} / {total}，{rate}/秒")
    case .progressLeft: Texts("{progress}, {left} left", "{progress}，剩余 {left}")
    case .verifyResumed:
      Texts(
        "{bytes} of it was checked by the verification that began {since}, and not again",
        "其中 {bytes} 已由 {since} 开始的校验检查过，本次未再检查")
    case .slotAdded: Texts("slot {slot} is added", "已添加密钥槽 {slot}")
    case .slotRemoved:
      Texts(
        "slot {slot} is removed; copies of vault.json made before still open with it",
        "已删除密钥槽 {slot}；此前备份的 vault.json 仍可用它解锁")
    case .slotChanged:
      Texts(
        "slot {old} is replaced by slot {slot}; copies of vault.json made before still open with the old secret",
        "密钥槽 {old} 已由 {slot} 取代；此前备份的 vault.json 仍可用旧口令或密钥解锁")
    case .restored:
      Texts("the restoration is on record; the vault goes on from commit {commit}", "恢复已记录在案；保险库从第 {commit} 次提交继续")
    case .restoredBefore:
      Texts(
        "the trail goes on from {from}, whose last commit was {commit}; what came after in what was there before is left behind, and log verify says so for good",
        "访问日志从 {from} 继续，其最后一次提交为 {commit}；此前之后的内容已被舍弃，log verify 将始终指出这一点")
    case .restoredEnd:
      Texts(
        "give reviewers {end}, and run verify to see whether all content of the copy is there",
        "请把 {end} 交给审阅人，并运行 verify 确认备份内容齐全")
    case .keyFileMade: Texts("wrote a new key file: {path}", "已生成新的密钥文件：{path}")
    }
  }
}

extension Console {
  package func text(_ text: VaultText, _ arguments: [String: String] = [:]) -> String {
    Message(text, arguments).text(in: language)
  }
}
