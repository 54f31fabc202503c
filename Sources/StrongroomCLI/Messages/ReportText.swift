/// What results say for people: titles of columns, notes, prompts.
package enum ReportText: String, MessageTable {
  case passphrase, newPassphrase, newPassphraseAgain
  case columnID, columnPath, columnTo, columnAgainst, columnRights, columnFrom, columnUntil, columnState, columnGiver,
    columnReason
  case columnName, columnOwner, columnSet, columnVia, columnPrincipal, columnLabel, columnFingerprint, columnNumber, columnKind
  case columnCreated, columnDuty, dutyAdded, dutyRemoved
  case live, notYet, ended, orphaned, suspended, suspendedBy
  case columnGrant, columnDue, columnOpen, columnAnswered, columnSuspended, columnOpener, columnAnswerer, columnUses,
    columnLastUse
  case columnNote
  case reviewOpened, reviewUnassigned, reviewClosed, reviewSpared, reviewSheetWritten, reviewNobody
  case reviewIsOpen, reviewIsOverdue, reviewIsClosed
  case itemPending, itemKept, itemShrunk, itemShrunkTo, itemRevoked, itemUnanswered, itemGone
  case stepKeep, stepRestore, stepRevoke, stepShrink, decideDone, decideWould, effectSuspended, troubleReview
  case noRules, grantAdded, grantRevoked, barrierAdded, barrierRemoved, boundarySet, boundaryCleared, reviewerAdded,
    reviewerRetired, unmounted
  case allowed, refused, noSuchName, decidedBy, nothingDecided, nearly
  case ruleGrant, ruleBarrier, ruleBarrierNamed, ruleBoundary, viaPrincipal, becauseOf
  case effectDecided, effectEnded, effectNotYet, effectOrphaned, effectBeyondBoundary, effectGivenByAsker, effectOtherRights
  case effectOtherPrincipal, whoNotAsked
  case statusVault, statusMountpoint, statusProcess, statusMounted, statusPrivateUser, statusGeneration, statusCommit, statusNodes
  case statusHandles, statusRules, statusTrail, statusCheckpoint, statusHealthy, statusNever, statusNodesValue, statusRulesValue
  case statusTrailLag, statusMilliseconds, statusOperations, statusOperationsValue, statusMemory, statusMemoryValue,
    statusDescriptors
  case statusTrailValue, problem, troubleTrail, troubleChanges, troubleIdentities, troubleClock
  case importDone, importWould, importNothing, stepNew, stepKnown
  case asking, vaultMade, genesisKey, genesisAdvice, mountReady

  package var texts: Texts {
    switch self {
    case .vaultMade: Texts("made vault {vault} in {path}", "已在 {path} 创建保险库 {vault}")
    case .genesisKey: Texts("genesis key of the trail: {genesis}", "访问日志的创始公钥：{genesis}")
    case .genesisAdvice:
      Texts(
        "keep the genesis key elsewhere: with it 'log verify --genesis' proves that the trail is whole from its first record",
        "请另行妥善保存创始公钥：log verify --genesis 凭它证明日志自第一条记录起完整无缺")
    case .mountReady: Texts("vault {vault} is mounted on {path}", "保险库 {vault} 已挂载到 {path}")
    case .passphrase: Texts("Passphrase", "口令")
    case .newPassphrase: Texts("New passphrase", "新口令")
    case .newPassphraseAgain: Texts("New passphrase again", "再次输入新口令")
    case .columnID: Texts("ID", "编号")
    case .columnPath: Texts("PATH", "路径")
    case .columnTo: Texts("TO", "授权对象")
    case .columnAgainst: Texts("AGAINST", "隔离对象")
    case .columnRights: Texts("RIGHTS", "权限")
    case .columnFrom: Texts("FROM", "开始")
    case .columnUntil: Texts("UNTIL", "结束")
    case .columnState: Texts("STATE", "状态")
    case .columnGiver: Texts("GIVEN BY", "授予人")
    case .columnReason: Texts("REASON", "理由")
    case .columnName: Texts("NAME", "名称")
    case .columnOwner: Texts("OWNER", "负责人")
    case .columnSet: Texts("SET", "设立时间")
    case .columnVia: Texts("BY GRANTS", "依据授权")
    case .columnPrincipal: Texts("WHO", "对象")
    case .columnLabel: Texts("LABEL", "名称")
    case .columnFingerprint: Texts("FINGERPRINT", "指纹")
    case .columnNumber: Texts("SLOT", "槽号")
    case .columnKind: Texts("KIND", "类型")
    case .columnCreated: Texts("CREATED", "创建时间")
    case .columnDuty: Texts("DUTY", "职责")
    case .dutyAdded: Texts("{principal} is {duty} from now on", "{principal} 自此担任 {duty}")
    case .dutyRemoved: Texts("{principal} is {duty} no more", "{principal} 不再担任 {duty}")
    case .live: Texts("live", "有效")
    case .notYet: Texts("not yet", "未开始")
    case .ended: Texts("ended", "已结束")
    case .orphaned: Texts("orphaned", "无主")
    case .suspended: Texts("suspended", "已暂停")
    case .suspendedBy: Texts("suspended by review {review}", "被复核 {review} 暂停")
    case .effectSuspended: Texts("is suspended by review {review}", "已被复核 {review} 暂停")
    case .columnGrant: Texts("GRANT", "授权")
    case .columnDue: Texts("DUE", "期限")
    case .columnOpen: Texts("OPEN", "未答复")
    case .columnAnswered: Texts("ANSWERED", "已答复")
    case .columnSuspended: Texts("SUSPENDED", "已暂停")
    case .columnOpener: Texts("OPENED BY", "发起人")
    case .columnAnswerer: Texts("TO ANSWER", "答复人")
    case .columnUses: Texts("USES", "使用次数")
    case .columnLastUse: Texts("LAST USE", "最近使用")
    case .columnNote: Texts("NOTE", "备注")
    case .reviewOpened: Texts("review {id} of {path}: {count} grants to answer by {due}", "复核 {id}（{path}）：{count} 项授权，期限 {due}")
    case .reviewUnassigned:
      Texts("nobody was found to answer for {count} of them: see 'review show'", "其中 {count} 项找不到答复人，见 review show")
    case .reviewClosed:
      Texts(
        "review {id} is closed: {kept} kept, {shrunk} shrunk, {revoked} revoked, {suspended} suspended",
        "复核 {id} 已结束：保留 {kept} 项，缩减 {shrunk} 项，撤销 {revoked} 项，暂停 {suspended} 项")
    case .reviewSpared:
      Texts(
        "{count} was not answered and stands: nobody else would manage rights at the root",
        "{count} 项未答复但保留：否则根目录将无人管理权限")
    case .reviewSheetWritten: Texts("{count} grants are in {path}", "已将 {count} 项授权写入 {path}")
    case .reviewNobody: Texts("nobody", "无人")
    case .reviewIsOpen: Texts("open", "进行中")
    case .reviewIsOverdue: Texts("overdue", "已逾期")
    case .reviewIsClosed: Texts("closed", "已结束")
    case .itemPending: Texts("open", "未答复")
    case .itemKept: Texts("kept", "已保留")
    case .itemShrunk: Texts("shrunk", "已缩减")
    case .itemShrunkTo: Texts("shrunk: grant {id}, {rights}, until {until}", "已缩减：授权 {id}，{rights}，至 {until}")
    case .itemRevoked: Texts("revoked", "已撤销")
    case .itemUnanswered: Texts("not answered, stands", "未答复，仍有效")
    case .itemGone: Texts("gone", "已不存在")
    case .stepKeep: Texts("keep grant {id}: {to} has {rights} on {path}", "保留授权 {id}：{to} 对 {path} 拥有 {rights}")
    case .stepRestore:
      Texts("keep grant {id}, suspended no more: {to} has {rights} on {path}", "保留授权 {id} 并解除暂停：{to} 对 {path} 拥有 {rights}")
    case .stepRevoke: Texts("revoke grant {id}: {to} had {rights} on {path}", "撤销授权 {id}：{to} 对 {path} 曾拥有 {rights}")
    case .stepShrink:
      Texts("shrink grant {id}: {to} has {new} on {path}, until {until}", "缩减授权 {id}：{to} 对 {path} 拥有 {new}，至 {until}")
    case .decideDone: Texts("{answered} answered, {unchanged} as they were", "已答复 {answered} 项，{unchanged} 项不变")
    case .decideWould: Texts("would answer {answered}, leave {unchanged} as they are", "将答复 {answered} 项，{unchanged} 项不变")
    case .troubleReview: Texts("a review of grants is past its date", "授权复核已逾期")
    case .noRules: Texts("none", "无")
    case .grantAdded: Texts("grant {id}: {to} has {rights} on {path}", "授权 {id}：{to} 对 {path} 拥有 {rights}")
    case .grantRevoked: Texts("grant {id} is revoked", "授权 {id} 已撤销")
    case .barrierAdded: Texts("barrier {id}: {against} is shut out of {path}", "隔离墙 {id}：{against} 不能进入 {path}")
    case .barrierRemoved: Texts("barrier {id} is lifted", "隔离墙 {id} 已解除")
    case .boundarySet: Texts("{path} is a boundary", "{path} 已设为边界")
    case .boundaryCleared: Texts("{path} is no boundary any more", "{path} 不再是边界")
    case .reviewerRetired:
      Texts(
        "{label} ({fingerprint}) reads nothing of the trail from now on; what was written before stays readable with that key",
        "{label}（{fingerprint}）不能再读取此后的访问日志；此前的内容仍可用该密钥读取")
    case .reviewerAdded: Texts("{label} ({fingerprint}) can read the trail from now on", "{label}（{fingerprint}）可读取此后的访问日志")
    case .unmounted: Texts("{path} is unmounted", "{path} 已卸载")
    case .allowed: Texts("allowed: {principal} has {right} on {path} at {at}", "允许：{principal} 在 {at} 对 {path} 拥有 {right}")
    case .refused: Texts("refused: {principal} has no {right} on {path} at {at}", "拒绝：{principal} 在 {at} 对 {path} 没有 {right}")
    case .noSuchName: Texts("no such name: {path}", "没有此名称：{path}")
    case .decidedBy: Texts("decided by:", "决定依据：")
    case .nothingDecided: Texts("no rule gives it", "没有规则给予该权限")
    case .nearly: Texts("nearly:", "接近的规则：")
    case .ruleGrant: Texts("grant {id} on {path}", "授权 {id}（{path}）")
    case .ruleBarrier: Texts("a barrier ({id}) on {path}", "隔离墙 {id}（{path}）")
    case .ruleBarrierNamed: Texts("barrier {id} '{name}' on {path}", "隔离墙 {id}“{name}”（{path}）")
    case .ruleBoundary: Texts("boundary {id} on {path}", "边界 {id}（{path}）")
    case .viaPrincipal: Texts("by {principal}", "通过 {principal}")
    case .becauseOf: Texts("reason: {reason}", "理由：{reason}")
    case .effectDecided: Texts("stands", "有效")
    case .effectEnded: Texts("ended {time}", "已于 {time} 结束")
    case .effectNotYet: Texts("begins {time}", "将于 {time} 开始")
    case .effectOrphaned: Texts("its name and id are no longer one", "名称与编号已不对应")
    case .effectBeyondBoundary: Texts("lies above a boundary", "位于边界之上")
    case .effectGivenByAsker: Texts("was given by the same person", "由其本人授予")
    case .effectOtherRights: Texts("gives {rights} only", "仅给予 {rights}")
    case .effectOtherPrincipal: Texts("is for someone else", "授予其他对象")
    case .whoNotAsked:
      Texts("the system did not say in time whether {count} of them still exist", "系统未能及时确认其中 {count} 个对象是否仍然存在")
    case .statusVault: Texts("vault", "保险库")
    case .statusMountpoint: Texts("mounted on", "挂载点")
    case .statusProcess: Texts("process", "进程")
    case .statusMounted: Texts("since", "挂载时间")
    case .statusPrivateUser: Texts("private to", "专属用户")
    case .statusGeneration: Texts("generation", "代次")
    case .statusCommit: Texts("commit", "提交")
    case .statusNodes: Texts("nodes", "节点")
    case .statusHandles: Texts("open handles", "打开的句柄")
    case .statusRules: Texts("rules", "规则")
    case .statusTrail: Texts("trail", "访问日志")
    case .statusCheckpoint: Texts("last checkpoint", "最近检查点")
    case .statusHealthy: Texts("all is well", "一切正常")
    case .statusNever: Texts("none yet", "尚无")
    case .statusNodesValue: Texts("{count}, {uncommitted} not committed", "{count} 个，其中 {uncommitted} 个未提交")
    case .statusRulesValue:
      Texts("{grants} grants, {barriers} barriers, {boundaries} boundaries", "{grants} 项授权，{barriers} 道隔离墙，{boundaries} 个边界")
    case .statusTrailValue:
      Texts("segment {segment}, {records} records, {unsynced} not synced", "第 {segment} 段，{records} 条记录，{unsynced} 条未同步")
    case .statusTrailLag: Texts("trail lag", "日志滞后")
    case .statusMilliseconds: Texts("{count} ms", "{count} 毫秒")
    case .statusOperations: Texts("operations", "操作")
    case .statusOperationsValue:
      Texts("{count}, {queued} not answered yet, {refused} refused", "{count} 次，{queued} 次未答复，{refused} 次被拒绝")
    case .statusMemory: Texts("memory", "内存")
    case .statusMemoryValue: Texts("{count}, {unsealed} of content to be sealed", "{count}，其中待密封内容 {unsealed}")
    case .statusDescriptors: Texts("descriptors", "文件描述符")
    case .problem: Texts("problem since {since}: {what} ({reason})", "自 {since} 起的问题：{what}（{reason}）")
    case .troubleTrail: Texts("the trail cannot be written, operations are refused", "无法写入访问日志，操作被拒绝")
    case .troubleChanges: Texts("a commit failed, changes are refused", "提交失败，更改被拒绝")
    case .troubleIdentities: Texts("users and groups cannot be established", "无法确认用户和组")
    case .troubleClock: Texts("the wall clock was set back", "系统时钟被回拨")
    case .importDone:
      Texts(
        "{added} given, {replaced} replaced, {revoked} revoked, {unchanged} as they were",
        "授予 {added} 项，替换 {replaced} 项，撤销 {revoked} 项，{unchanged} 项不变")
    case .importWould:
      Texts(
        "would give {added}, replace {replaced}, revoke {revoked}, leave {unchanged} as they are",
        "将授予 {added} 项，替换 {replaced} 项，撤销 {revoked} 项，{unchanged} 项不变")
    case .importNothing: Texts("nothing was changed: {problems} lines cannot be done", "未作任何更改：{problems} 行无法执行")
    case .stepNew: Texts("new grant: {path} {to} {rights} ({validity})", "新授权：{path} {to} {rights}（{validity}）")
    case .stepKnown: Texts("grant {id}: {path} {to} {rights} ({validity})", "授权 {id}：{path} {to} {rights}（{validity}）")
    case .asking: Texts("asking the mount of vault {vault}", "正在询问保险库 {vault} 的挂载进程")
    }
  }
}
