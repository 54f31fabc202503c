/// What `log` and `reviewer keygen` say for people.
package enum LogText: String, MessageTable {
  case identityPassphrase, newIdentityPassphrase, newIdentityPassphraseAgain
  case columnTime, columnRecord, columnUser, columnAction, columnOutcome, columnCoverage, columnBy, columnProgram, columnPlace
  case columnFirst, columnLast, columnOpened, columnReadCount, columnBytesRead, columnBytesWritten, columnBytesByOthers,
    columnDocuments,
    columnComplete
  case columnRecords, columnDenials, columnCount, columnOperation, columnFolder, columnGrants, columnKey, columnUID
  case outcomeDone, outcomeRefused, outcomeFailed, written, node, openedBy, throughPages, notReleased, shownCount
  case byGrant, byMissing, byBarrier, byCreator, byIdentityUnknown, byForeignHandle, byNeverAllowed, byOpen
  case tally, tallyFrom, unknownUsers, sealedToOthers, tornTail, nothing
  case keygenPublicKey, keygenAdvice
  case verifying, verifyCounts, verifyChain, verifySigned, verifyUnsigned, verifyOpened
  case verifyAnchorLinesSkipped
  case verifyOrigin, verifyOriginClaimed, verifyOriginUnknown, verifyEnd, verifyEndUnknown
  case verdictWhole, verdictConsistent, verdictBroken
  case findingUnsigned, findingUnsignedLast, findingUnclosed, findingDropped, findingTorn, findingUnsure, findingResumed,
    findingClock, findingRestored, findingRestoredBy
  case findingOthers, findingForeign, findingOrigin, findingEnd
  case grantNotFound
  case packMade, packSigner, packUnsigned, packOpened, packChecked, packAttested, packKeysInPack, packIdentity, packWhole
  case packConsistent, findingSigner

  package var texts: Texts {
    switch self {
    case .identityPassphrase: Texts("Passphrase of {label}", "{label} 的口令")
    case .newIdentityPassphrase: Texts("Passphrase for the new identity", "新身份的口令")
    case .newIdentityPassphraseAgain: Texts("Passphrase again", "再次输入口令")
    case .packMade:
      Texts("{path}: {records} records and {context} that they refer to", "{path}：{records} 条记录，及其引用的 {context} 条记录")
    case .packSigner:
      Texts(
        "evidence key: {key}; tell it to whoever will check the pack, by another way than the pack", "证据公钥：{key}；请通过证据包之外的途径告知校验者"
      )
    case .packUnsigned:
      Texts(
        "{count} matching records are covered by no checkpoint yet and were left out: try again in a minute",
        "{count} 条符合条件的记录尚未被检查点覆盖，未放入：请一分钟后重试")
    case .packOpened:
      Texts(
        "the pack holds the keys of its segments: whoever has it can read all that they hold, not only the chosen records",
        "证据包含有日志段密钥：持有者可读取这些日志段的全部内容，而不仅是所选记录")
    case .packChecked:
      Texts(
        "{frames} frames of {segments} segments are in the chain, {checkpoints} checkpoints are signed from the first on, the last {last}",
        "{segments} 个日志段的 {frames} 个帧在链中，{checkpoints} 个检查点自首个起逐一签名，最后一个 {last}")
    case .packAttested:
      Texts("that the records above are what the frames hold, {label} says by signature", "以上记录即帧的内容，由 {label} 签名声明")
    case .packKeysInPack: Texts("the records above were opened from the frames with the keys in the pack", "以上记录由证据包内的密钥从帧中解开")
    case .packIdentity: Texts("the records above were opened from the frames with the identity given", "以上记录由所给身份从帧中解开")
    case .packWhole: Texts("the pack is whole", "证据包完整")
    case .packConsistent: Texts("the pack is consistent; not everything was established", "证据包一致，但并非全部得到确认")
    case .findingSigner: Texts("the reviewer is not established: give --signer", "审阅人未确认：请给出 --signer")
    case .columnTime: Texts("TIME", "时间")
    case .columnRecord: Texts("RECORD", "记录")
    case .columnUser: Texts("USER", "用户")
    case .columnAction: Texts("ACTION", "动作")
    case .columnOutcome: Texts("OUTCOME", "结果")
    case .columnCoverage: Texts("READ", "读取范围")
    case .columnBy: Texts("BY", "依据")
    case .columnProgram: Texts("PROGRAM", "程序")
    case .columnPlace: Texts("PATH", "路径")
    case .columnFirst: Texts("FIRST", "首次")
    case .columnLast: Texts("LAST", "末次")
    case .columnOpened: Texts("OPENED", "打开次数")
    case .columnReadCount: Texts("READ", "读取次数")
    case .columnBytesRead: Texts("BYTES READ", "读取字节")
    case .columnBytesWritten: Texts("BYTES WRITTEN", "写入字节")
    case .columnBytesByOthers: Texts("BYTES BY OTHERS", "他人读写字节")
    case .columnDocuments: Texts("DOCUMENTS", "文件数")
    case .columnComplete: Texts("TO THE END", "读完文件数")
    case .columnRecords: Texts("RECORDS", "记录数")
    case .columnDenials: Texts("DENIALS", "拒绝次数")
    case .columnCount: Texts("COUNT", "次数")
    case .columnOperation: Texts("OPERATION", "操作")
    case .columnFolder: Texts("FOLDER", "文件夹")
    case .columnGrants: Texts("BY", "依据")
    case .columnKey: Texts("WHAT", "对象")
    case .columnUID: Texts("UID", "用户编号")
    case .outcomeDone: Texts("done", "完成")
    case .outcomeRefused: Texts("refused {errno}", "拒绝 {errno}")
    case .outcomeFailed: Texts("failed {errno}", "失败 {errno}")
    case .written: Texts("wrote {bytes}", "写入 {bytes}")
    case .node: Texts("node {node}", "节点 {node}")
    case .openedBy: Texts("opened by {user}", "由 {user} 打开")
    case .throughPages: Texts("through kernel pages", "经内核页")
    case .notReleased: Texts("not closed", "未关闭")
    case .shownCount: Texts("{count} shown", "显示 {count} 项")
    case .byGrant: Texts("grant {id}", "授权 {id}")
    case .byMissing: Texts("no {rights}", "缺少 {rights}")
    case .byBarrier: Texts("barrier {id}", "隔离墙 {id}")
    case .byCreator: Texts("creator, grant {id}", "创建者，授权 {id}")
    case .byIdentityUnknown: Texts("user unknown", "身份不明")
    case .byForeignHandle: Texts("another user's handle", "他人的句柄")
    case .byNeverAllowed: Texts("never allowed", "从不允许")
    case .byOpen: Texts("no right asked", "无需权限")
    case .tally:
      Texts(
        "{shown} shown of {matching} matching ({records} read), chain verified to {end}",
        "符合条件 {matching} 条，显示 {shown} 条（共读取 {records} 条），链已校验至 {end}")
    case .tallyFrom:
      Texts(
        "{shown} shown of {matching} matching ({records} read), chain verified from {begin} to {end}",
        "符合条件 {matching} 条，显示 {shown} 条（共读取 {records} 条），链已校验 {begin} 至 {end}")
    case .unknownUsers:
      Texts(
        "the system does not know users {uids} today: whether they are in the group is not known, and they are not shown",
        "系统目前不认识用户 {uids}，无法判断其是否属于该组，因此未显示")
    case .sealedToOthers:
      Texts("segments {segments} are not sealed to this reviewer, their records were not read", "第 {segments} 段未加密给该审阅人，其记录未读取")
    case .tornTail:
      Texts("the trail ends inside a record: a writer at work, or a crash", "访问日志末尾的记录不完整：正在写入，或曾发生崩溃")
    case .nothing: Texts("nothing", "无")
    case .keygenPublicKey: Texts("wrote {path}, and its public key to {path}.pub", "已写入 {path}，公钥写入 {path}.pub")
    case .keygenAdvice:
      Texts(
        "Give the .pub file to whoever runs the vault. Without the identity and its passphrase, what is sealed to it alone can never be read again: register a second reviewer whose identity lies offline, in escrow.",
        "请将 .pub 文件交给保险库管理者。身份文件或口令一旦丢失，仅加密给它的内容将永远无法读取：请另行登记一位审阅人，并将其身份文件离线托管保存。")
    case .verifying: Texts("verified {done} of {total} MiB", "已校验 {done}/{total} MiB")
    case .verifyCounts:
      Texts(
        "{segments} segments with {records} records, {marks} marks and {checkpoints} checkpoints",
        "{segments} 段，含 {records} 条记录、{marks} 个标记、{checkpoints} 个检查点")
    case .verifyChain: Texts("chain: whole to {end}", "链：完整至 {end}")
    case .verifySigned: Texts("signed: to #{sequence}, by checkpoint {epoch}", "签名：至 #{sequence}，检查点 {epoch}")
    case .verifyUnsigned: Texts("signed: nothing", "签名：无")
    case .verifyOpened: Texts("opened: {count} of {records} records with this identity", "解密：使用该身份打开 {records} 条记录中的 {count} 条")
    case .verifyOrigin: Texts("origin: begins with the genesis key", "起点：与创世公钥一致")
    case .verifyOriginClaimed:
      Texts("origin: not established; the trail says that its genesis key is {key}", "起点：未确认；日志自称的创世公钥为 {key}")
    case .verifyOriginUnknown: Texts("origin: not established", "起点：未确认")
    case .verifyEnd: Texts("end: agrees with what is known elsewhere, to #{sequence}", "末尾：与另存信息一致，至 #{sequence}")
    case .verifyEndUnknown:
      Texts("end: not established; keep {end} elsewhere and give it with --end next time", "末尾：未确认；请另行保存 {end}，下次用 --end 给出")
    case .verifyAnchorLinesSkipped:
      Texts(
        "{count} lines of the anchors' file look like anchors and are none: torn, or another's; they were passed over",
        "锚点文件中有 {count} 行形似锚点但并不是（残缺或来自他处），已跳过")
    case .verdictWhole: Texts("the trail is whole", "访问日志完整")
    case .verdictConsistent: Texts("the trail is consistent; not everything was established", "访问日志前后一致，但未能确认全部内容")
    case .verdictBroken: Texts("the trail is broken: {place}", "访问日志损坏：{place}")
    case .findingUnsigned:
      Texts("#{from} to #{through} were never signed: a run ended without closing", "#{from} 至 #{through} 从未签名：运行未正常结束")
    case .findingUnsignedLast: Texts("#{from} to #{through} are not signed", "#{from} 至 #{through} 尚未签名")
    case .findingUnclosed:
      Texts(
        "a run ended without closing after #{after}; what a crash took with it is not known", "#{after} 之后运行未正常结束，崩溃中丢失的内容无从得知")
    case .findingDropped:
      Texts("segment {segment}: {bytes} torn bytes were dropped after a crash", "第 {segment} 段：崩溃后丢弃了 {bytes} 个残缺字节")
    case .findingTorn:
      Texts(
        "segment {segment} ends inside a frame, {bytes} bytes: a writer at work, or a crash",
        "第 {segment} 段末尾残缺 {bytes} 字节：正在写入，或曾发生崩溃")
    case .findingUnsure:
      Texts(
        "segment {segment}: {bytes} bytes were never known to be on disk; their records are in the next segment",
        "第 {segment} 段：{bytes} 字节未确认写入磁盘，其记录在下一段中")
    case .findingResumed: Texts("the trail could not be written until segment {segment}", "在第 {segment} 段之前访问日志曾无法写入")
    case .findingRestored:
      Texts(
        "restored from a copy at segment {segment}: what came after #{after} before is left behind; anchors name {count} checkpoints of it. An identity shows by whom and why",
        "第 {segment} 段起由备份恢复：此前 #{after} 之后的内容已被舍弃，锚点记有其中 {count} 个检查点。给出审阅身份可显示操作人和原因")
    case .findingRestoredBy:
      Texts(
        "restored from a copy at segment {segment} by {operator}: {reason}. What came after #{after} before is left behind; anchors name {count} checkpoints of it",
        "第 {segment} 段起由 {operator} 从备份恢复：{reason}。此前 #{after} 之后的内容已被舍弃，锚点记有其中 {count} 个检查点")
    case .findingClock:
      Texts("the wall clock was set back by {seconds} s before #{sequence}", "#{sequence} 之前系统时钟被回拨 {seconds} 秒")
    case .findingOthers:
      Texts("segments {segments} are not sealed to this reviewer, their records were not opened", "第 {segments} 段未加密给该审阅人，其记录未打开")
    case .findingForeign: Texts("'{name}' does not belong into the trail's folder", "“{name}”不属于访问日志目录")
    case .findingOrigin: Texts("the origin is not established: give the genesis key with --genesis", "起点未确认：请用 --genesis 给出创世公钥")
    case .findingEnd: Texts("the end is not established: give --end or --anchor", "末尾未确认：请给出 --end 或 --anchor")
    case .grantNotFound: Texts("grant {id} is not in this trail", "访问日志中没有授权 {id}")
    }
  }
}
