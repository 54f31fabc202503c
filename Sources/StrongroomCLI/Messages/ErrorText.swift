/// What went wrong. The raw value is the stable code that `--json` and the control socket carry.
package enum ErrorText: String, MessageTable {
  // The transport (keys of Control)
  case controlMalformed = "control-malformed"
  case controlTooLarge = "control-too-large"
  case controlBusy = "control-busy"
  case controlUnknownRequest = "control-unknown-request"
  case controlNewerVersion = "control-newer-version"
  case refusedOtherwise = "refused-otherwise"
  case notMounted = "not-mounted"
  case alreadyMounted = "already-mounted"
  case foreignOwner = "foreign-owner"
  case socketPathTooLong = "socket-path-too-long"
  case mountSilent = "mount-silent"
  case mountWentAway = "mount-went-away"
  case answerMalformed = "answer-malformed"
  case system = "system"
  case outputFailed = "output-failed"

  // Finding a vault
  case notInVault = "not-in-vault"
  case noVault = "no-vault"
  case vaultFileDamaged = "vault-file-damaged"
  case newerFormat = "newer-format"
  case noMounts = "no-mounts"
  case severalMounts = "several-mounts"
  case notAMountpoint = "not-a-mountpoint"
  case unmountUnfinished = "unmount-unfinished"

  // Values on the command line
  case usage = "usage"
  case badTime = "bad-time"
  case badPrincipal = "bad-principal"
  case badRights = "bad-rights"
  case badRight = "bad-right"
  case badVaultPath = "bad-vault-path"
  case badRuleID = "bad-rule-id"
  case badDuty = "bad-duty"
  case emptyReason = "empty-reason"
  case emptyName = "empty-name"
  case untilBeforeFrom = "until-before-from"
  case badOption = "bad-option"
  case unsupportedOption = "unsupported-option"

  // Files of grants and worksheets
  case inLine = "in-line"
  case csvNotUTF8 = "csv-not-text"
  case csvUnclosedQuote = "csv-unclosed-quote"
  case csvStrayQuote = "csv-stray-quote"
  case csvEmpty = "csv-empty"
  case csvCellCount = "csv-cell-count"
  case csvUnknownColumn = "csv-unknown-column"
  case csvColumnTwice = "csv-column-twice"
  case csvNoColumn = "csv-no-column"
  case importTooLarge = "import-too-large"
  case repeatsLine = "repeats-line"
  case badDecision = "bad-decision"
  case onlyShrink = "only-shrink"
  case decideEither = "decide-either"
  case badReviewID = "bad-review-id"

  // Secrets
  case noSecret = "no-secret"
  case secretCancelled = "secret-cancelled"
  case passphraseEmpty = "passphrase-empty"
  case passphraseTooShort = "passphrase-too-short"
  case passphraseTooLong = "passphrase-too-long"
  case passphrasesDiffer = "passphrases-differ"
  case unreadable = "unreadable"
  case keyFileSize = "key-file-size"
  case memoryNotLocked = "memory-not-locked"
  case wrongSecret = "wrong-secret"

  // The trail and its reviewers
  case noTrail = "no-trail"
  case trailBroken = "trail-broken"
  case trailUnreadable = "trail-unreadable"
  case trailNewer = "trail-newer"
  case notAnIdentity = "not-an-identity"
  case badCase = "bad-case"
  case nothingToPack = "nothing-to-pack"
  case packTooLarge = "pack-too-large"
  case packBroken = "pack-broken"
  case identityParameters = "identity-parameters"
  case wrongIdentityPassphrase = "wrong-identity-passphrase"
  case wrongIdentity = "wrong-identity"
  case fileExists = "file-exists"
  case fileNotMade = "file-not-made"
  case badLabel = "bad-label"
  case badGenesis = "bad-genesis"
  case badEnd = "bad-end"
  case badHours = "bad-hours"
  case badCount = "bad-count"
  case badAction = "bad-action"
  case badOutcome = "bad-outcome"
  case badSigner = "bad-signer"
  case denialsAreRefused = "denials-are-refused"

  // Configuration of mounts
  case configUnreadable = "config-unreadable"
  case configSyntax = "config-syntax"
  case configNotAMapping = "config-not-a-mapping"
  case configUnknown = "config-unknown"
  case configRepeated = "config-repeated"
  case configNotAValue = "config-not-a-value"
  case configBadCount = "config-bad-count"
  case configBadDuration = "config-bad-duration"
  case configBadSize = "config-bad-size"
  case configBadFlag = "config-bad-flag"
  case configBadWord = "config-bad-word"
  case configBadText = "config-bad-text"
  case configConflict = "config-conflict"

  // Starting a mount
  case daemonNotStarted = "daemon-not-started"
  case daemonDied = "daemon-died"
  case launchDamaged = "launch-damaged"

  // Unlocking
  case vaultInUse = "vault-in-use"
  case vaultFolderTaken = "vault-folder-taken"
  case vaultDamaged = "vault-damaged"
  case trailBrokenAtUnlock = "trail-broken-at-unlock"
  case slotParameters = "slot-parameters"

  // Mounting
  case fuseMissing = "fuse-missing"
  case mountpointMissing = "mountpoint-missing"
  case mountpointNotFolder = "mountpoint-not-a-folder"
  case mountpointNotEmpty = "mountpoint-not-empty"
  case mountpointBusy = "mountpoint-busy"
  case mountNotPermitted = "mount-not-permitted"
  case userAllowOther = "user-allow-other"

  // Answers of a mount
  case badText = "bad-text"
  case sharesID = "shares-id"
  case neverValid = "never-valid"
  case boundaryAtRoot = "boundary-at-root"
  case operationFailed = "operation-failed"
  case lastSlot = "last-slot"
  case noSuchSlot = "no-such-slot"
  case tooManySlots = "too-many-slots"
  case notPermitted = "not-permitted"
  case noSuchName = "no-such-name"
  case notAFolder = "not-a-folder"
  case noSuchRule = "no-such-rule"
  case unknownPrincipal = "unknown-principal"
  case identityUnknown = "identity-unknown"
  case ownGrant = "own-grant"
  case barrierNamesYou = "barrier-names-you"
  case boundaryExists = "boundary-exists"
  case noBoundary = "no-boundary"
  case trailUnavailable = "trail-unavailable"
  case changesRefused = "changes-refused"
  case onlyOperator = "only-operator"
  case onlyOfficers = "only-officers"
  case lacksDuty = "lacks-duty"
  case dutiesConflict = "duties-conflict"
  case dutyForbids = "duty-forbids"
  case dutyExists = "duty-exists"
  case noSuchDuty = "no-such-duty"
  case ownAccess = "own-access"
  case notSmaller = "not-smaller"
  case noSuchReview = "no-such-review"
  case notInReview = "not-in-review"
  case reviewClosed = "review-closed"
  case dueInPast = "due-in-past"
  case nothingToReview = "nothing-to-review"
  case lastAdministrator = "last-administrator"
  case badReviewerKey = "bad-reviewer-key"
  case reviewerExists = "reviewer-exists"
  case noSuchReviewer = "no-such-reviewer"
  case severalReviewers = "several-reviewers"
  case lastReviewer = "last-reviewer"
  case vaultFileRefused = "vault-file-refused"
  case verifyNotPermitted = "verify-not-permitted"
  case verifyBusy = "verify-busy"
  case verifyInterrupted = "verify-interrupted"
  case verifyFailed = "verify-failed"

  package var texts: Texts {
    switch self {
    case .controlMalformed: Texts("the mount did not understand the request", "挂载进程无法理解该请求")
    case .controlTooLarge: Texts("the request is too large", "请求过大")
    case .controlBusy: Texts("the mount has too many open connections", "挂载进程的连接数已满")
    case .controlUnknownRequest: Texts("the mount does not know the request '{kind}'", "挂载进程不支持请求“{kind}”")
    case .controlNewerVersion:
      Texts("the other side speaks version {version}, this one up to {known}", "对方使用协议版本 {version}，本程序最高支持 {known}")
    case .refusedOtherwise: Texts("the mount refused: {code} {details}", "挂载进程拒绝：{code} {details}")
    case .notMounted: Texts("no mount of this vault is running", "该保险库没有正在运行的挂载")
    case .alreadyMounted: Texts("this vault is mounted already", "该保险库已经挂载")
    case .foreignOwner:
      Texts("the control socket belongs to user id {uid}, who did not mount this vault", "控制套接字属于用户编号 {uid}，而非挂载该保险库的用户")
    case .socketPathTooLong: Texts("the path of the control socket is too long", "控制套接字的路径过长")
    case .mountSilent: Texts("the mount does not answer", "挂载进程没有应答")
    case .mountWentAway: Texts("the mount ended before it had answered", "挂载进程在应答之前已退出")
    case .answerMalformed: Texts("the answer of the mount is not understood", "无法理解挂载进程的应答")
    case .system: Texts("{reason}", "{reason}")
    case .outputFailed: Texts("the output could not be written: {reason}", "无法写出结果：{reason}")

    case .notInVault: Texts("'{path}' is not inside a mounted vault", "“{path}”不在已挂载的保险库中")
    case .noVault: Texts("there is no vault in '{path}'", "“{path}”中没有保险库")
    case .vaultFileDamaged: Texts("vault.json in '{path}' is damaged", "“{path}”中的 vault.json 已损坏")
    case .newerFormat:
      Texts("this vault has format version {version}, this program reads up to {known}", "该保险库的格式版本为 {version}，本程序最高支持 {known}")
    case .noMounts: Texts("no vault is mounted", "没有已挂载的保险库")
    case .severalMounts: Texts("several vaults are mounted", "挂载了多个保险库")
    case .notAMountpoint: Texts("no vault is mounted on '{path}'", "“{path}”上没有挂载保险库")
    case .unmountUnfinished: Texts("the mount on '{path}' has not ended within {seconds} s", "“{path}”上的挂载在 {seconds} 秒内仍未结束")

    case .usage: Texts("{reason}", "命令行有误：{reason}")
    case .badTime: Texts("'{value}' for {option} is no time", "{option} 的值“{value}”不是有效时间")
    case .badPrincipal: Texts("'{value}' is neither user:NAME nor group:NAME", "“{value}”既不是 user:名称 也不是 group:名称")
    case .badRights: Texts("'{value}' are no rights", "“{value}”不是有效权限")
    case .badRight: Texts("'{value}' is no right", "“{value}”不是单项权限")
    case .badVaultPath: Texts("'{value}' is no path of a vault", "“{value}”不是保险库内的路径")
    case .badRuleID: Texts("'{value}' is no number of a rule", "“{value}”不是规则编号")
    case .emptyReason: Texts("the reason is empty", "理由为空")
    case .emptyName: Texts("the name is empty or over 255 bytes", "名称为空或超过 255 字节")
    case .untilBeforeFrom: Texts("the time of --until is not after that of --from", "--until 的时间不晚于 --from 的时间")
    case .badOption: Texts("'{value}' is not NAME=VALUE", "“{value}”不是 名称=值 的形式")
    case .unsupportedOption: Texts("the mount option '{value}' is not supported", "不支持挂载选项“{value}”")

    case .inLine: Texts("line {line}: {what}", "第 {line} 行：{what}")
    case .csvNotUTF8: Texts("the file is not UTF-8", "文件不是 UTF-8 编码")
    case .csvUnclosedQuote: Texts("line {line}: a quote is never closed", "第 {line} 行：引号未闭合")
    case .csvStrayQuote: Texts("line {line}: a quote stands where none may", "第 {line} 行：引号位置有误")
    case .csvEmpty: Texts("the file is empty", "文件为空")
    case .csvCellCount:
      Texts("line {line}: {count} cells where the first line has {expected}", "第 {line} 行：有 {count} 个单元格，而首行有 {expected} 个")
    case .csvUnknownColumn: Texts("line {line}: unknown column '{name}'", "第 {line} 行：未知的列“{name}”")
    case .csvColumnTwice: Texts("line {line}: the column '{name}' stands there twice", "第 {line} 行：列“{name}”出现两次")
    case .csvNoColumn: Texts("line {line}: the column '{name}' is missing", "第 {line} 行：缺少列“{name}”")
    case .importTooLarge: Texts("'{path}' is too large for one import", "“{path}”过大，无法一次导入")
    case .repeatsLine: Texts("it says again what line {line} says", "与第 {line} 行重复")

    case .noSecret: Texts("there is no terminal to ask for a passphrase", "没有终端可供输入口令")
    case .secretCancelled: Texts("no passphrase was given", "未输入口令")
    case .passphraseEmpty: Texts("the passphrase is empty", "口令为空")
    case .passphraseTooShort:
      Texts("the new passphrase has {count} characters, at least {min} are needed", "新口令只有 {count} 个字符，至少需要 {min} 个")
    case .passphraseTooLong: Texts("the passphrase is longer than {max} bytes", "口令超过 {max} 字节")
    case .passphrasesDiffer: Texts("the two passphrases differ", "两次输入的口令不一致")
    case .unreadable: Texts("'{path}' cannot be read: {reason}", "无法读取“{path}”：{reason}")
    case .keyFileSize:
      Texts("'{path}' is no key file: it must have {min} to {max} bytes", "“{path}”不是密钥文件：长度必须为 {min} 至 {max} 字节")
    case .memoryNotLocked: Texts("keys cannot be locked in memory", "无法将密钥锁定在内存中")
    case .wrongSecret: Texts("wrong passphrase or key", "口令或密钥错误")

    case .noTrail: Texts("there is no trail in '{path}'", "“{path}”中没有访问日志")
    case .trailBroken: Texts("the trail is broken: {place}", "访问日志损坏：{place}")
    case .trailUnreadable: Texts("the trail cannot be read: {reason}", "无法读取访问日志：{reason}")
    case .trailNewer:
      Texts(
        "{place}: made by a later version of strongroom (format {version}), or this byte was changed",
        "{place}：由更高版本的 strongroom 生成（格式 {version}），或该字节已被更改")
    case .badCase:
      Texts(
        "'{value}' is no text for a case: at most 4096 bytes without control characters", "“{value}”不能作为案件说明：最多 4096 字节且不含控制字符")
    case .nothingToPack: Texts("no signed record matches: there is nothing to pack", "没有符合条件且已签名的记录，无可打包")
    case .packTooLarge: Texts("more than {limit} records match", "符合条件的记录超过 {limit} 条")
    case .packBroken: Texts("the evidence pack was changed or is none: {what}", "证据包被更改或不是证据包：{what}")
    case .notAnIdentity: Texts("'{path}' is no reviewer's identity", "“{path}”不是审阅人的身份文件")
    case .identityParameters:
      Texts("the password-hash parameters in '{path}' are not acceptable", "“{path}”中的口令散列参数不可接受")
    case .wrongIdentityPassphrase:
      Texts("the passphrase does not open '{path}', or the file was changed", "口令无法打开“{path}”，或文件已被改动")
    case .wrongIdentity: Texts("nothing in this trail is sealed to '{label}'", "此访问日志中没有加密给“{label}”的内容")
    case .fileExists: Texts("'{path}' exists already and is never overwritten", "“{path}”已存在，不会被覆盖")
    case .fileNotMade: Texts("'{path}' cannot be written: {reason}", "无法写入“{path}”：{reason}")
    case .badLabel: Texts("'{value}' cannot be a label", "“{value}”不能作为名称")
    case .badGenesis: Texts("'{value}' is no genesis key", "“{value}”不是创世公钥")
    case .badEnd: Texts("'{value}' is no SEQUENCE:HEAD", "“{value}”不是 序号:链头 的形式")
    case .badHours: Texts("'{value}' are no working hours", "“{value}”不是有效的工作时间")
    case .badCount: Texts("'{value}' for {option} is no whole number from 1", "{option} 的值“{value}”不是正整数")
    case .badAction: Texts("'{value}' is no action; there are {words}", "“{value}”不是动作，可用：{words}")
    case .badOutcome: Texts("'{value}' is no outcome; there are done, refused, failed", "“{value}”不是结果，可用：done、refused、failed")
    case .badSigner: Texts("'{value}' is no evidence key of a reviewer", "“{value}”不是审阅人的证据公钥")
    case .denialsAreRefused:
      Texts("the outcome of denials is always 'refused': leave --outcome out", "拒绝记录的结果总是 refused：请勿使用 --outcome")

    case .configUnreadable: Texts("'{place}' cannot be read: {reason}", "无法读取“{place}”：{reason}")
    case .configSyntax: Texts("{place}: {reason}", "{place}：{reason}")
    case .configNotAMapping: Texts("{place}: expected lines of 'name: value'", "{place}：应为“名称: 值”的形式")
    case .configUnknown: Texts("{place}: unknown setting '{name}'", "{place}：未知设置“{name}”")
    case .configRepeated: Texts("{place}: '{name}' is given twice", "{place}：“{name}”重复出现")
    case .configNotAValue: Texts("{place}: '{name}' needs a single value", "{place}：“{name}”只能是单个值")
    case .configBadCount:
      Texts(
        "{place}: '{name}' is '{value}', expected a whole number from {min} to {max}",
        "{place}：“{name}”的值为“{value}”，应为 {min} 至 {max} 的整数")
    case .configBadDuration:
      Texts(
        "{place}: '{name}' is '{value}', expected a duration from {min} to {max}",
        "{place}：“{name}”的值为“{value}”，应为 {min} 至 {max} 的时长")
    case .configBadSize:
      Texts(
        "{place}: '{name}' is '{value}', expected a size from {min} to {max}", "{place}：“{name}”的值为“{value}”，应为 {min} 至 {max} 的大小"
      )
    case .configBadFlag:
      Texts("{place}: '{name}' is '{value}', expected true or false", "{place}：“{name}”的值为“{value}”，应为 true 或 false")
    case .configBadWord:
      Texts("{place}: '{name}' is '{value}', expected one of: {words}", "{place}：“{name}”的值为“{value}”，应为以下之一：{words}")
    case .configBadText: Texts("{place}: '{name}' is '{value}', expected {words}", "{place}：“{name}”的值为“{value}”，应为 {words}")
    case .configConflict: Texts("{place}: '{name}' and '{other}' cannot be used together", "{place}：“{name}”与“{other}”不能同时使用")

    case .daemonNotStarted: Texts("the mount process could not be started: {reason}", "无法启动挂载进程：{reason}")
    case .daemonDied: Texts("the mount process ended before it was ready ({reason})", "挂载进程在就绪之前退出（{reason}）")
    case .launchDamaged: Texts("this command is started by 'strongroom mount' only", "此命令只能由 strongroom mount 启动")

    case .vaultInUse: Texts("the vault in '{path}' is in use by another process", "“{path}”中的保险库正被另一进程使用")
    case .vaultFolderTaken: Texts("'{path}' is not an empty folder", "“{path}”不是空目录")
    case .vaultDamaged: Texts("the vault is damaged: {what}", "保险库已损坏：{what}")
    case .trailBrokenAtUnlock: Texts("the trail does not fit: {what}", "访问日志不一致：{what}")
    case .slotParameters: Texts("a key slot asks for more than this program accepts", "密钥槽的参数超出本程序接受的范围")

    case .fuseMissing: Texts("there is no /dev/fuse on this machine", "本机没有 /dev/fuse")
    case .mountpointMissing: Texts("the mountpoint '{path}' does not exist", "挂载点“{path}”不存在")
    case .mountpointNotFolder: Texts("the mountpoint '{path}' is not a folder", "挂载点“{path}”不是目录")
    case .mountpointNotEmpty: Texts("the mountpoint '{path}' is not empty", "挂载点“{path}”不是空目录")
    case .mountpointBusy: Texts("'{path}' is in use", "“{path}”正在使用中")
    case .mountNotPermitted: Texts("mounting on '{path}' is not permitted", "无权在“{path}”上挂载")
    case .userAllowOther:
      Texts(
        "other users cannot be let in: user_allow_other is not set in /etc/fuse.conf",
        "无法允许其他用户访问：/etc/fuse.conf 未设置 user_allow_other")

    case .badText: Texts("the reason or name is empty, too long or holds control characters", "理由或名称为空、过长或含有控制字符")
    case .sharesID: Texts("another name comes first for the same id: '{name}'", "同一编号另有优先名称：“{name}”")
    case .neverValid: Texts("it would end before it begins, or has ended already", "结束时间早于开始时间，或已过期")
    case .boundaryAtRoot: Texts("a boundary at the root would stop nothing", "根目录上的边界没有意义")
    case .operationFailed: Texts("the mount could not do it (errno {errno})", "挂载进程无法完成操作（errno {errno}）")
    case .lastSlot: Texts("the last key slot cannot be removed", "不能删除最后一个密钥槽")
    case .tooManySlots: Texts("the vault has {max} key slots already", "保险库已有 {max} 个密钥槽")
    case .noSuchSlot: Texts("there is no such key slot", "没有该密钥槽")
    case .notPermitted: Texts("this needs the right '{right}' on '{path}'", "此操作需要对“{path}”拥有 {right} 权限")
    case .noSuchName: Texts("there is no '{path}' in this vault, or you may not see it", "保险库中没有“{path}”，或您无权查看")
    case .notAFolder: Texts("'{path}' is no folder", "“{path}”不是文件夹")
    case .noSuchRule: Texts("there is no rule {id} that you may manage", "没有您可管理的规则 {id}")
    case .unknownPrincipal: Texts("the system knows no '{principal}'", "系统中没有“{principal}”")
    case .identityUnknown: Texts("the system does not answer who you are", "系统无法确认您的身份")
    case .ownGrant: Texts("nobody gives rights to themselves", "任何人都不能给自己授权")
    case .barrierNamesYou: Texts("a barrier that names you can only be lifted by others", "针对您的隔离墙只能由他人解除")
    case .boundaryExists: Texts("'{path}' is a boundary already", "“{path}”已经是边界")
    case .noBoundary: Texts("'{path}' is no boundary", "“{path}”不是边界")
    case .trailUnavailable: Texts("the trail cannot be written, so nothing was changed: {reason}", "无法写入访问日志，未作任何更改：{reason}")
    case .changesRefused: Texts("the mount refuses changes at the moment: {reason}", "挂载进程目前拒绝更改：{reason}")
    case .verifyNotPermitted:
      Texts(
        "only root, the user who mounted this vault, or whoever has 'grant' on all of it may verify it",
        "只有 root、挂载该保险库的用户或对整个保险库拥有 grant 权限的人可以校验")
    case .verifyBusy: Texts("this vault is being verified already", "该保险库正在校验中")
    case .verifyInterrupted: Texts("the verification was ended before it was done", "校验未完成即被终止")
    case .verifyFailed: Texts("the verification could not go on", "校验无法继续")
    case .onlyOperator:
      Texts("only root, the user who mounted this vault and its operators may do this", "只有 root、挂载该保险库的用户和运维员可以执行此操作")
    case .onlyOfficers:
      Texts(
        "only root, the user who mounted this vault and those with a duty in it may ask this", "只有 root、挂载该保险库的用户和在其中任职的人可以查询")
    case .lacksDuty: Texts("this needs the duty '{duty}'", "此操作需要 {duty} 职责")
    case .dutiesConflict:
      Texts("{principal} would be both {duty} and {other}", "{principal} 将同时担任 {duty} 和 {other}")
    case .dutyForbids: Texts("{principal} is {duty}, and may not have '{right}'", "{principal} 担任 {duty}，不得拥有 {right} 权限")
    case .dutyExists: Texts("{principal} has this duty already", "{principal} 已有该职责")
    case .ownAccess:
      Texts(
        "nobody certifies their own access: this grant is to {principal}, and so for you too",
        "任何人不得复核自己的访问权：该授权给予 {principal}，您也在内")
    case .notSmaller: Texts("that is no less than what stands", "所给内容并不比现有授权小")
    case .noSuchReview: Texts("there is no review {id} that you may see", "没有您可查看的复核 {id}")
    case .notInReview: Texts("grant {id} is not in this review", "授权 {id} 不在此次复核中")
    case .reviewClosed: Texts("review {id} is closed", "复核 {id} 已结束")
    case .dueInPast: Texts("a review is due later than now", "复核期限必须晚于现在")
    case .nothingToReview: Texts("no grant that you may manage stands there", "该处没有您可管理的授权")
    case .badDecision: Texts("'{value}' is no decision; there are keep, revoke, shrink", "“{value}”不是有效决定，可用 keep、revoke、shrink")
    case .onlyShrink: Texts("only 'shrink' takes rights or an end", "只有 shrink 可以附带权限或结束时间")
    case .decideEither: Texts("name a grant and a decision, or a worksheet, not both", "请指明授权及决定，或给出工作表，二者选一")
    case .badReviewID: Texts("'{value}' is no number of a review", "“{value}”不是复核编号")
    case .noSuchDuty: Texts("{principal} has no such duty", "{principal} 没有该职责")
    case .lastAdministrator: Texts("nobody would be left to administer this vault", "该保险库将没有管理员")
    case .badDuty: Texts("'{value}' is no duty; there are {words}", "“{value}”不是职责，可用：{words}")
    case .badReviewerKey: Texts("'{path}' is no public key of a reviewer", "“{path}”不是审阅人的公钥")
    case .reviewerExists: Texts("this reviewer is there already", "该审阅人已存在")
    case .noSuchReviewer: Texts("there is no such reviewer", "没有该审阅人")
    case .severalReviewers: Texts("several reviewers bear this label", "有多个审阅人使用该名称")
    case .lastReviewer: Texts("the last reviewer cannot be retired", "不能停用最后一位审阅人")
    case .vaultFileRefused: Texts("the mount refused the new vault.json: {reason}", "挂载进程拒绝了新的 vault.json：{reason}")
    }
  }
}
