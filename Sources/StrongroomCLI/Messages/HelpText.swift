/// What commands, options and settings are for, as `help` and `config show` say it.
package enum HelpText: String, MessageTable {
  case strongroom, discussion
  case json, quiet, verbose, noColor, vault
  case path, folderPath, vaultArgument, mountpointArgument, target, principal, to, rights, right, from, until, at, reason, ruleID
  case grant, grantAdd, grantList, grantRevoke, grantExport, grantImport, grantExpiring, grantFile, dryRun, prune, within
  case barrier, barrierAdd, barrierList, barrierRemove, against, barrierName
  case boundary, boundarySet, boundaryClear, boundaryList
  case access, accessExplain, accessWho, accessWhat, accessConflicts, with, without
  case review, reviewOpen, reviewList, reviewShow, reviewDecide, reviewClose, reviewScope, reviewDue, reviewSuspends, reviewID
  case reviewOwner, reviewSheet, reviewFilled, reviewGrant, reviewDecision
  case duty, dutyAdd, dutyRemove, dutyList, dutyName
  case reviewer, reviewerAdd, reviewerList, reviewerRetire, reviewerName, reviewerKeygen, reviewerLabel, reviewerKey,
    identityOutput
  case status, unmount, unmountWait
  case speed, speedDiscussion, speedNoMount
  case config, configShow, configFile, options
  case create, reviewerKeys, admin, passphraseFile, keyFile, newPassphraseFile, newKeyFile, slotLabel, slotNumber
  case mount, mountUser, foreground, mountHelper, mountDaemon
  case verify, verifyQuick, verifyResume
  case restore, restoreReason
  case key, keyList, keyAdd, keyRemove, keyChange
  case log, logQuery, logVerify, logExport, trailArgument, identity, filterUser, filterPath, filterAction, filterOutcome, since
  case untilLog, follow, genesis, end, anchor, format
  case identityPassphraseFile, identityLabel, filterGroup, filterGrant, filterProgram, raw, csv, limit
  case logWho, logUser, logDenials, logFirstAccess, logOffHours, logTop, logAround, logHealth
  case logPack, logVerifyPack, packCase, packOutput, openSegments, packFile, signer
  case logPlace, logUserName, folderDepth, hours, days, topBy, aroundGrant, aroundWindow
  case settingWorkers, settingPoll, settingPageCache, settingReadAhead, settingMaxBackground, settingCommitInterval
  case settingCommitDocuments, settingStrictTrail, settingTrailGroup, settingRecordRate, settingAnchors, settingUser
  case settingAllowOther, settingIdentityCache, settingLogLevel, settingLogTo, settingSyslogIdentifier, settingPassphraseFile
  case settingKeyFile, settingForwardRecords, settingTLSAuthorities

  package var texts: Texts {
    switch self {
    case .strongroom: Texts("Keep documents sealed, every read checked and recorded.", "密封保存文件，每次读取都经过权限检查并记录。")
    case .discussion:
      Texts(
        "Exit codes: 0 done, 1 error, 2 usage, 3 done with findings, 4 refused by rights, 6 refused by retention, 10 no vault, 11 in use, 12 wrong passphrase or key, 13 trail broken, 14 vault damaged, 130 interrupted.",
        "退出码：0 完成，1 错误，2 用法错误，3 完成但有发现，4 权限不足，6 保留期限制，10 没有保险库，11 正在使用，12 口令或密钥错误，13 访问日志损坏，14 保险库损坏，130 被中断。")
    case .json: Texts("Print results as JSON, one object a line.", "以 JSON 输出结果，每行一个对象。")
    case .quiet: Texts("Print results and errors only.", "只输出结果和错误。")
    case .verbose: Texts("Say what is being done.", "说明正在进行的操作。")
    case .noColor: Texts("No colours, also on a terminal.", "在终端上也不使用颜色。")
    case .vault: Texts("The vault's folder or mountpoint; paths are then those of the vault.", "保险库目录或挂载点；此时路径为保险库内路径。")
    case .path: Texts("A path inside a mount, or in the vault given by --vault.", "挂载点内的路径，或 --vault 所指保险库内的路径。")
    case .folderPath: Texts("A folder inside a mount, or in the vault given by --vault.", "挂载点内的文件夹，或 --vault 所指保险库内的文件夹。")
    case .vaultArgument: Texts("The vault's folder.", "保险库目录。")
    case .mountpointArgument: Texts("The folder that the vault is shown as.", "挂载点文件夹。")
    case .target: Texts("A mountpoint or a vault's folder; without it, every mount.", "挂载点或保险库目录；省略则为全部挂载。")
    case .principal: Texts("user:NAME or group:NAME.", "user:名称 或 group:名称。")
    case .to: Texts("Who gets the rights: user:NAME or group:NAME.", "授权对象：user:名称 或 group:名称。")
    case .rights:
      Texts(
        "reader, filer, editor, steward, or some of list,read,add,edit,remove,grant.",
        "reader、filer、editor、steward，或 list,read,add,edit,remove,grant 中的若干项。")
    case .right: Texts("One of list, read, add, edit, remove, grant.", "list、read、add、edit、remove、grant 之一。")
    case .from: Texts("When it begins; without it, now.", "开始时间；省略则立即开始。")
    case .until:
      Texts("When it ends (exclusive); without it, never. A date alone is its first moment.", "结束时间（不含）；省略则不结束。只写日期表示当天零点。")
    case .at: Texts("The moment to judge; without it, now.", "判断的时刻；省略则为现在。")
    case .reason: Texts("Why; it stands in the trail.", "理由，会写入访问日志。")
    case .ruleID: Texts("The number of the rule.", "规则编号。")
    case .grant: Texts("Give, list and revoke rights on folders.", "授予、列出和撤销文件夹权限。")
    case .grantAdd: Texts("Give rights on a folder and all below it.", "授予对文件夹及其以下内容的权限。")
    case .grantList: Texts("List the grants that you may manage.", "列出您可管理的授权。")
    case .grantRevoke: Texts("Take a grant back, at once.", "立即撤销一项授权。")
    case .grantExport:
      Texts("Print the grants that you may manage as CSV, for 'grant import'.", "以 CSV 输出您可管理的授权，供 grant import 使用。")
    case .grantImport:
      Texts("Bring grants to what a CSV file says, all or nothing.", "使授权与 CSV 文件一致，全部完成或全不改动。")
    case .grantExpiring: Texts("List live grants that end soon.", "列出即将到期的有效授权。")
    case .grantFile: Texts("A CSV file of grants, - for standard input.", "授权 CSV 文件，- 表示标准输入。")
    case .dryRun: Texts("Show what would change, and change nothing.", "只显示将发生的更改，不作改动。")
    case .prune:
      Texts("Revoke what stands on this folder and below and is not in the file.", "撤销该文件夹及以下未列入文件的授权。")
    case .within: Texts("How soon; without it, 30d.", "期限，默认 30d。")
    case .barrier: Texts("Wall off folders from users or groups.", "为用户或组设置隔离墙。")
    case .barrierAdd: Texts("Raise a barrier: whoever it names has no rights there and below.", "设置隔离墙：所列对象在该处及以下没有任何权限。")
    case .barrierList: Texts("List barriers.", "列出隔离墙。")
    case .barrierRemove: Texts("Lift a barrier.", "解除隔离墙。")
    case .against: Texts("Whom it shuts out: user:NAME or group:NAME.", "隔离对象：user:名称 或 group:名称。")
    case .barrierName: Texts("What the barrier is called.", "隔离墙的名称。")
    case .boundary: Texts("Stop rights from above at a folder.", "在文件夹处阻断上级权限的继承。")
    case .boundarySet:
      Texts("Let no grants from above reach this folder (but 'grant', and barriers).", "使上级授权不再到达此文件夹（grant 权限和隔离墙除外）。")
    case .boundaryClear: Texts("Let grants from above reach this folder again.", "恢复上级授权对此文件夹的作用。")
    case .boundaryList: Texts("List boundaries.", "列出边界。")
    case .access: Texts("See who can do what, and why.", "查看谁能做什么以及原因。")
    case .accessExplain: Texts("Say whether someone has a right there, and which rules decide.", "说明某人在该处是否有某项权限，以及由哪些规则决定。")
    case .accessWho: Texts("List who has rights on a folder.", "列出对文件夹有权限的对象。")
    case .accessWhat: Texts("List where someone has rights.", "列出某对象拥有权限的位置。")
    case .accessConflicts: Texts("List who has duties and rights that no one person may have.", "列出兼任了不得兼任的职责或权限的人。")
    case .review: Texts("Have grants confirmed, shrunk or revoked by those who answer for them.", "定期复核授权：由负责人确认、缩减或撤销。")
    case .reviewOpen: Texts("Ask for every grant at a folder and below it.", "对某文件夹及其下的全部授权发起复核。")
    case .reviewList: Texts("List the reviews; exit 3 where one is overdue.", "列出复核；有逾期的则退出码为 3。")
    case .reviewShow: Texts("Show the worksheet of a review.", "显示复核的工作表。")
    case .reviewDecide:
      Texts("Keep, shrink or revoke a grant, or all that a worksheet answers; it counts at once.", "保留、缩减或撤销一项授权，或按工作表批量处理；立即生效。")
    case .reviewClose: Texts("End a review, and suspend what nobody answered.", "结束复核，并暂停无人答复的授权。")
    case .reviewScope:
      Texts("The folder, inside a mount, or in the vault given by --vault.", "文件夹：挂载点内的，或 --vault 所指保险库内的。")
    case .reviewDue: Texts("When it is to be answered by.", "答复期限。")
    case .reviewSuspends:
      Texts("Suspend what is not answered when it is due, without waiting for 'review close'.", "到期未答复的授权立即暂停，不等 review close。")
    case .reviewID: Texts("The number of the review.", "复核编号。")
    case .reviewOwner: Texts("Only what user:NAME or group:NAME is to answer.", "只显示由 user:名称 或 group:名称 答复的授权。")
    case .reviewSheet: Texts("Write the worksheet as CSV into a new file, or - for standard output.", "将工作表以 CSV 写入新文件，- 表示标准输出。")
    case .reviewFilled:
      Texts("A worksheet with its column 'decision' filled in, or - for standard input.", "已填写 decision 列的工作表，- 表示标准输入。")
    case .reviewGrant: Texts("The number of the grant.", "授权编号。")
    case .reviewDecision: Texts("keep, revoke or shrink.", "keep（保留）、revoke（撤销）或 shrink（缩减）。")
    case .duty: Texts("Say who is administrator, reviewer, operator, records officer.", "管理职责：管理员、审阅人、运维员、档案员。")
    case .dutyAdd: Texts("Give somebody a duty.", "授予职责。")
    case .dutyRemove: Texts("Take a duty back.", "收回职责。")
    case .dutyList: Texts("List the duties.", "列出职责。")
    case .dutyName:
      Texts(
        "administrator, reviewer, operator or records-officer.",
        "administrator（管理员）、reviewer（审阅人）、operator（运维员）或 records-officer（档案员）。")
    case .with: Texts("Suppose that this grant were live.", "假设该授权有效。")
    case .without: Texts("Suppose that this grant were gone.", "假设该授权不存在。")
    case .reviewer: Texts("Make and register the keys that can read the trail.", "生成和登记可读取访问日志的密钥。")
    case .reviewerAdd: Texts("Let a reviewer read the trail from now on.", "允许审阅人读取此后的访问日志。")
    case .reviewerList: Texts("List the reviewers.", "列出审阅人。")
    case .reviewerRetire: Texts("Take a reviewer's key out of all segments that begin from now on.", "此后的日志段不再对该审阅人可读。")
    case .reviewerName: Texts("The reviewer's fingerprint, or the label if only one bears it.", "审阅人的指纹；名称唯一时也可用名称。")
    case .reviewerKeygen: Texts("Write a new identity, protected by a passphrase, and its public key.", "生成受口令保护的新身份及其公钥。")
    case .reviewerLabel: Texts("What the reviewer is called.", "审阅人的名称。")
    case .reviewerKey: Texts("The reviewer's public key file (FILE.pub).", "审阅人的公钥文件（文件.pub）。")
    case .identityOutput: Texts("Where the identity goes; the public key goes to FILE.pub.", "身份文件的位置；公钥写入 文件.pub。")
    case .speed: Texts("Measure this machine's ciphers, and what FUSE itself allows.", "测量本机的加密速度，以及 FUSE 本身的上限。")
    case .speedDiscussion:
      Texts(
        "Takes a few seconds and touches no vault. A vault cannot be faster than the slower of the two.",
        "耗时数秒，不触及任何保险库。保险库不会快于两者中较慢的一个。")
    case .speedNoMount: Texts("Measure the ciphers only.", "只测量加密速度。")
    case .status: Texts("Show how mounts are doing: ids and counts, no names.", "显示挂载状态：只有编号和计数，没有名称。")
    case .unmount: Texts("End a mount with everything committed.", "提交全部更改后结束挂载。")
    case .unmountWait: Texts("How long to wait for it to end.", "等待结束的时长。")
    case .config: Texts("Check and show configurations of mounts.", "检查并显示挂载配置。")
    case .configShow: Texts("Check a configuration and print it with all defaults.", "检查配置并连同全部默认值一起打印。")
    case .configFile: Texts("A YAML file of settings.", "YAML 设置文件。")
    case .options: Texts("Settings as NAME=VALUE[,NAME=VALUE…]; they win over the file.", "以 名称=值[,名称=值…] 给出的设置，优先于文件。")
    case .create: Texts("Make a vault.", "创建保险库。")
    case .reviewerKeys: Texts("A reviewer's public key file; may be given several times.", "审阅人的公钥文件，可多次给出。")
    case .admin: Texts("The first administrator: user:NAME.", "首位管理员：user:名称。")
    case .passphraseFile:
      Texts("Read the passphrase from the first line of a file, - for standard input.", "从文件第一行读取口令，- 表示标准输入。")
    case .keyFile: Texts("Unlock with a key file.", "用密钥文件解锁。")
    case .newPassphraseFile: Texts("Read the new passphrase from a file, - for standard input.", "从文件读取新口令，- 表示标准输入。")
    case .newKeyFile: Texts("The key file of the new slot; written if it does not exist.", "新密钥槽的密钥文件，不存在则生成。")
    case .slotLabel: Texts("What the slot is called.", "密钥槽的名称。")
    case .slotNumber: Texts("The number of the slot.", "密钥槽编号。")
    case .mount: Texts("Show a vault as a folder; returns when it is ready.", "将保险库挂载为文件夹，就绪后返回。")
    case .mountUser: Texts("A private mount for this user alone.", "仅供该用户使用的私有挂载。")
    case .foreground: Texts("Stay, and log to standard error.", "在前台运行，日志写到标准错误。")
    case .mountHelper: Texts("What mount(8) calls for fstab.", "供 mount(8) 处理 fstab 时调用。")
    case .mountDaemon: Texts("The process of a mount.", "挂载进程。")
    case .restore: Texts("Go on with a vault that was put back from a copy, and record it.", "继续使用从备份恢复的保险库，并记录在案。")
    case .restoreReason: Texts("Which copy was put back, and why; goes into the trail.", "恢复了哪份备份及其原因，将写入访问日志。")
    case .verify: Texts("Prove every byte of a vault, mounted or not.", "校验保险库的每一个字节，无论是否已挂载。")
    case .verifyResume: Texts("Go on where an interrupted verification was.", "从上次中断处继续校验。")
    case .verifyQuick: Texts("Check structure and sizes without reading content.", "只检查结构和大小，不读取内容。")
    case .key: Texts("Manage the ways to unlock a vault.", "管理保险库的解锁方式。")
    case .keyList: Texts("List the key slots.", "列出密钥槽。")
    case .keyAdd: Texts("Add a passphrase or a key file.", "添加口令或密钥文件。")
    case .keyRemove: Texts("Remove a slot; never the last.", "删除密钥槽，最后一个不可删除。")
    case .keyChange: Texts("Change the secret of a slot.", "更换密钥槽的口令或密钥。")
    case .log: Texts("Read and prove the trail.", "读取并校验访问日志。")
    case .logQuery: Texts("Show records of the trail.", "查询访问日志。")
    case .logVerify: Texts("Prove that the trail is whole.", "校验访问日志的完整性。")
    case .logExport: Texts("Export records for other programs.", "导出访问日志供其他程序使用。")
    case .trailArgument: Texts("The vault's folder, or its trail folder alone.", "保险库目录，或单独的访问日志目录。")
    case .identity: Texts("The reviewer's identity file.", "审阅人的身份文件。")
    case .filterUser: Texts("Only what this user did.", "只显示该用户的操作。")
    case .filterPath: Texts("Only what was done at this vault path or below.", "只显示该保险库路径及以下的操作。")
    case .filterAction: Texts("Only these actions, such as OPEN,READ,DENY.", "只显示这些动作，如 OPEN,READ,DENY。")
    case .filterOutcome: Texts("Only these outcomes: done, refused, failed.", "只显示这些结果：done、refused、failed。")
    case .identityPassphraseFile:
      Texts("Read the identity's passphrase from the first line of a file, - for standard input.", "从文件第一行读取身份口令，- 表示标准输入。")
    case .identityLabel: Texts("What the reviewer is called; without it, the file's name.", "审阅人的名称，省略则用文件名。")
    case .filterGroup: Texts("Only what members of this group did, as the system knows the group now.", "只显示该组成员的操作（按系统当前的组成员）。")
    case .filterGrant: Texts("Only what this grant (or barrier) decided or is about.", "只显示由该授权（或隔离墙）决定或与其有关的操作。")
    case .filterProgram: Texts("Only what this program did: its path or its name.", "只显示该程序（路径或名称）的操作。")
    case .raw:
      Texts("Show every record instead of folding what was done through a handle into one line.", "逐条显示记录，不把同一句柄的操作合并为一行。")
    case .csv: Texts("Print CSV.", "以 CSV 输出。")
    case .limit: Texts("Show so many lines at most.", "最多显示的行数。")
    case .logWho:
      Texts(
        "Show everyone who opened or read a document or what is in a folder, how much, and by which right.",
        "显示谁打开或读取过某文件或文件夹、读取多少以及依据何种权限。")
    case .logUser: Texts("Show what a user touched, one line for each document.", "显示某用户接触过的内容，每个文件一行。")
    case .logDenials: Texts("Show what was refused, to whom, and why.", "显示被拒绝的操作、对象和原因。")
    case .logFirstAccess: Texts("Show who reached a folder for the first time.", "显示谁首次访问了某个文件夹。")
    case .logOffHours: Texts("Show what was done outside of working hours.", "显示非工作时间的操作。")
    case .logTop: Texts("Show who or what stands most often in the trail.", "显示访问日志中最频繁的用户、路径或程序。")
    case .logAround:
      Texts("Show a grant's life: given, used, revoked, and what happened around that.", "显示一项授权的始末：授予、使用、撤销及前后的操作。")
    case .logHealth:
      Texts("Show mounts, recoveries, alerts and readings of the trail, and verify it.", "显示挂载、恢复、警报和日志审阅记录，并校验日志。")
    case .logPlace: Texts("A path in the vault such as /clients, or one inside its mount.", "保险库内路径（如 /clients），或挂载点内的路径。")
    case .logUserName: Texts("The user's name or number.", "用户名或编号。")
    case .folderDepth:
      Texts("Take so many names of a path as its folder; without it, the whole folder.", "以路径的前若干级作为文件夹，省略则为完整文件夹。")
    case .hours: Texts("Working hours, by this machine's clock; without it, 08:00-19:00.", "工作时间（本机时区），默认 08:00-19:00。")
    case .days: Texts("Working days; without it, mon-fri.", "工作日，默认 mon-fri。")
    case .topBy: Texts("What to count by: user, path, folder, program or action.", "统计依据：user、path、folder、program 或 action。")
    case .aroundGrant: Texts("The number of the grant.", "授权编号。")
    case .aroundWindow: Texts("How long before and after; without it, 15m.", "前后时长，默认 15m。")
    case .since: Texts("Only from this time on.", "只显示该时间及以后。")
    case .untilLog: Texts("Only before this time.", "只显示该时间以前。")
    case .follow: Texts("Go on with new records as they come.", "持续显示新的记录。")
    case .genesis: Texts("The genesis key that 'init' printed.", "init 打印的创世公钥。")
    case .end: Texts("The last record known elsewhere, SEQUENCE:HEAD.", "另行保存的末尾记录，序号:链头。")
    case .logPack: Texts("Put records that match into a file that proves them: an evidence pack.", "将符合条件的记录连同证明写入证据包。")
    case .logVerifyPack:
      Texts("Check an evidence pack, offline and without any secret, and print its records.", "离线校验证据包（无需任何密钥）并打印其中的记录。")
    case .packCase: Texts("What the pack is for; it stands in it and in the trail.", "证据包的用途，会写入证据包和访问日志。")
    case .packOutput: Texts("Where the pack goes; may not exist.", "证据包的位置，不得已存在。")
    case .openSegments:
      Texts(
        "Put the keys of the segments into the pack: it then proves its records by itself, and whoever has it can read all that these segments hold.",
        "将日志段密钥放入证据包：证据包可自证其记录，但持有者可读取这些日志段的全部内容。")
    case .packFile: Texts("The evidence pack.", "证据包文件。")
    case .signer: Texts("The evidence key of the reviewer who made the pack, as they told it.", "制作证据包的审阅人所告知的证据公钥。")
    case .anchor: Texts("A file of anchors to compare with.", "用于比对的锚点文件。")
    case .format: Texts("jsonl, csv, ocsf, ecs or cef.", "jsonl、csv、ocsf、ecs 或 cef。")
    case .settingWorkers: Texts("Threads that read /dev/fuse; 0: as many as cores, 2 to 8.", "读取 /dev/fuse 的线程数；0 表示按核数取 2 至 8。")
    case .settingPoll:
      Texts("How long one thread stays awake for the next request; 0: never.", "一个线程为等待下一个请求而保持清醒的时长；0 表示不等待。")
    case .settingPageCache: Texts("Decrypted pages kept in locked memory.", "锁定内存中保留的解密页。")
    case .settingReadAhead: Texts("Read ahead for each handle that reads in order.", "顺序读取时每个句柄的预读量。")
    case .settingMaxBackground: Texts("Requests that the kernel may send ahead.", "内核可提前发送的请求数。")
    case .settingCommitInterval: Texts("Changes are committed at the latest after this time.", "更改最迟在此时间后提交。")
    case .settingCommitDocuments: Texts("Changes are committed at the latest after this many documents.", "更改最迟在累积这么多文件后提交。")
    case .settingStrictTrail: Texts("Sync every record before the reply.", "每条记录同步到磁盘后才应答。")
    case .settingTrailGroup: Texts("The group that may read the trail folder.", "可读取访问日志目录的组。")
    case .settingRecordRate: Texts("Records a second for one user; beyond it that user waits.", "每个用户每秒的记录数，超出则该用户等待。")
    case .settingAnchors:
      Texts(
        "Where checkpoint heads go as well: syslog, syslog:unix:/path, syslog:tcp:HOST:PORT, syslog:tls:HOST:PORT, folder:/path.",
        "检查点链头的其他去处：syslog、syslog:unix:/路径、syslog:tcp:主机:端口、syslog:tls:主机:端口、folder:/路径。")
    case .settingForwardRecords:
      Texts(
        "Where every record goes as well, readable by whoever gets it there: syslog:unix:/path, syslog:tcp:HOST:PORT, syslog:tls:HOST:PORT, folder:/path.",
        "每条记录的其他去处（在那里为明文）：syslog:unix:/路径、syslog:tcp:主机:端口、syslog:tls:主机:端口、folder:/路径。")
    case .settingTLSAuthorities:
      Texts(
        "PEM file of the authorities that may sign a syslog daemon's certificate; empty is the system's.",
        "可签发 syslog 服务器证书的机构（PEM 文件）；留空则用系统自带的。")
    case .settingUser: Texts("The one user of a private mount.", "私有挂载的唯一用户。")
    case .settingAllowOther: Texts("Let users other than the mounter in; never on a private mount.", "允许挂载者以外的用户访问；私有挂载始终不允许。")
    case .settingIdentityCache: Texts("How long a user's groups are remembered.", "用户所属组的缓存时长。")
    case .settingLogLevel:
      Texts("What is logged: debug, info, notice, warning or error, and above.", "日志级别：debug、info、notice、warning、error。")
    case .settingLogTo:
      Texts("Where the operational log goes: stderr, syslog or file:/path.", "运行日志的去处：stderr、syslog 或 file:/路径。")
    case .settingSyslogIdentifier: Texts("The name of the mount in syslog.", "挂载在 syslog 中的名称。")
    case .settingPassphraseFile:
      Texts("A file whose first line is the passphrase; better a systemd credential.", "第一行为口令的文件；更宜使用 systemd 凭据。")
    case .settingKeyFile: Texts("A key file that unlocks the vault; better a systemd credential.", "解锁保险库的密钥文件；更宜使用 systemd 凭据。")
    }
  }
}
