package import Vault

/// What `verify` finds.
extension Finding.Fault: MessageTable {
  package var texts: Texts {
    switch self {
    case .copyOlder: Texts("is of generation {generation}, an earlier one", "属于更早的代次 {generation}")
    case .copyDiverged: Texts("is another file of the same generation", "是同一代次的另一份文件")
    case .copyDamaged: Texts("is damaged ({detail})", "已损坏（{detail}）")
    case .copyNewer: Texts("says that it is of format {version}", "自称为格式 {version}")
    case .copyMissing: Texts("is missing or cannot be read", "缺失或无法读取")
    case .fileOlder:
      Texts("is older than the catalog: of generation {generation}, not {needed}", "比目录库旧：代次为 {generation}，应为 {needed}")
    case .foreignFile: Texts("does not belong there", "不属于此处")
    case .unnamed: Texts("is named by no document", "没有任何文件引用")
    case .unlistable: Texts("cannot be listed: {detail}", "无法列出：{detail}")
    case .bytesBehind: Texts("{count} bytes after its end that nothing names", "末尾之后有 {count} 字节无人引用")
    case .trailBroken: Texts("is broken: {detail}", "已损坏：{detail}")
    case .trailNewer: Texts("says that it is of version {version}", "自称为版本 {version}")
    case .trailMissing: Texts("there is none", "不存在")
    case .trailTorn: Texts("its last {count} bytes are no whole frame", "最后 {count} 字节不是完整的帧")
    case .trailUnsigned: Texts("are not signed: the last run did not end in order", "未签名：上次运行未正常结束")
    case .structure: Texts("its structure: {detail}", "结构错误：{detail}")
    case .unreadable: Texts("cannot be read: {detail}", "无法读取：{detail}")
    case .otherFile: Texts("its bytes are not those of the last orderly end", "内容与上次正常关闭时不同")
    case .digestsDisagree: Texts("the digests do not add up to its own", "各摘要之和与其自身不符")
    case .commitMissing: Texts("its row is missing", "对应的行缺失")
    case .disagreesWithTrail: Texts("does not agree with the trail: {detail}", "与访问日志不一致：{detail}")
    case .otherCommit: Texts("is not what the catalog on the disk holds", "与磁盘上的目录库内容不符")
    case .rowChanged: Texts("is not what was sealed", "与密封时的内容不符")
    case .rowsNotCommitted:
      Texts("its rows are not the ones committed: one is missing, older, or added", "其中的行与提交的不符：有缺失、回退或添加")
    case .misplaced: Texts("its row stands in another's place", "其行位于他处")
    case .rootMissing: Texts("the root folder is missing", "根文件夹缺失")
    case .folderMissing: Texts("its folder {folder} is missing", "所在文件夹 {folder} 缺失")
    case .inNoFolder: Texts("what it lies in is no folder", "所在之处不是文件夹")
    case .circle: Texts("its folders form a circle", "所属文件夹形成循环")
    case .extentsWithoutDocument: Texts("{count} extents that no document has", "{count} 个区段不属于任何文件")
    case .extentsIncomplete: Texts("its extents do not cover its {size} bytes", "区段未覆盖其 {size} 字节")
    case .contentChanged: Texts("is not what was sealed: {detail}", "与密封时的内容不符：{detail}")
    case .contentMissing: Texts("its file is missing", "文件缺失")
    case .wrongLength: Texts("its file has {found} bytes, not {expected}", "文件为 {found} 字节，应为 {expected} 字节")
    }
  }
}
