/// What to do about it.
package enum HintText: String, MessageTable {
  case controlBusy = "control-busy"
  case loadFuse = "load-fuse"
  case runVerify = "run-verify"
  case makeMountpoint = "make-mountpoint"
  case emptyMountpoint = "empty-mountpoint"
  case mountAsRoot = "mount-as-root"
  case userAllowOther = "user-allow-other"
  case nameItsFolder = "name-its-folder"
  case seeStatus = "see-status"
  case addSlotFirst = "add-slot-first"
  case addReviewerFirst = "add-reviewer-first"
  case narrowFilter = "narrow-filter"
  case listReviewers = "list-reviewers"
  case listSlots = "list-slots"
  case emptyVaultFolder = "empty-vault-folder"
  case otherPassphrase = "other-passphrase"
  case sameVersion = "control-same-version"
  case mountFirst = "mount-first"
  case unmountFirst = "unmount-first"
  case foreignOwner = "foreign-owner"
  case runtimeFolder = "runtime-folder"
  case seeLog = "see-log"
  case givePath = "give-path"
  case nameVault = "name-vault"
  case initFirst = "init-first"
  case secondCopy = "second-copy"
  case newerProgram = "newer-program"
  case usage = "usage"
  case times = "times"
  case rights = "rights"
  case rightsSingle = "rights-single"
  case vaultPath = "vault-path"
  case ruleID = "rule-id"
  case reason = "reason"
  case openFiles = "open-files"
  case giveSecret = "give-secret"
  case longerPassphrase = "longer-passphrase"
  case oneLine = "one-line"
  case memoryLock = "memory-lock"
  case didYouMean = "did-you-mean"
  case settings = "settings"
  case durations = "durations"
  case sizes = "sizes"
  case foregroundLog = "foreground-log"
  case askAdministrator = "ask-administrator"
  case askAnother = "ask-another"
  case checkName = "check-name"
  case trailFolder = "trail-folder"
  case trailBroken = "trail-broken"
  case trailReadable = "trail-readable"
  case identityFile = "identity-file"
  case giveIdentityPassphrase = "give-identity-passphrase"
  case wrongIdentity = "wrong-identity"
  case genesis = "genesis"
  case signer = "signer"
  case hours = "hours"
  case label = "label"
  case askOperator = "ask-operator"
  case keepApart = "keep-apart"
  case anotherAdministrator = "another-administrator"
  case verifyResume = "verify-resume"
  case csvColumns = "csv-columns"
  case csvQuotes = "csv-quotes"
  case splitImport = "split-import"
  case worksheetColumns = "worksheet-columns"
  case decide = "decide"
  case shrink = "shrink"
  case reviewID = "review-id"

  package var texts: Texts {
    switch self {
    case .verifyResume: Texts("'verify --resume' goes on where it was", "verify --resume 可从中断处继续")
    case .runVerify:
      Texts(
        "strongroom verify VAULT names all that is damaged; keep a copy before you try to mend it",
        "strongroom verify 保险库 会列出全部损坏之处；修复前请先保留副本")
    case .loadFuse:
      Texts("load the module with: modprobe fuse; a container must be given the device", "可运行 modprobe fuse；容器需映射该设备")
    case .makeMountpoint: Texts("make it first: mkdir {path}", "请先创建：mkdir {path}")
    case .emptyMountpoint: Texts("use an empty folder: what is in it would be hidden", "请使用空目录：其中内容会被遮盖")
    case .mountAsRoot: Texts("mount as root, or on a folder of your own", "请以 root 身份挂载，或挂载到自己的目录")
    case .userAllowOther:
      Texts("add that line to /etc/fuse.conf, or mount for one user with --user", "请在 /etc/fuse.conf 中加入该行，或用 --user 只为一个用户挂载")
    case .nameItsFolder: Texts("rights stand on folders: name the folder that holds it", "权限设在目录上，请指明其所在目录")
    case .seeStatus: Texts("strongroom status says what is wrong", "strongroom status 会说明原因")
    case .listSlots: Texts("see the slots: strongroom key list VAULT", "可用 strongroom key list 保险库 查看密钥槽")
    case .narrowFilter: Texts("choose fewer with --since, --until, --user, --path", "请用 --since、--until、--user、--path 缩小范围")
    case .addReviewerFirst:
      Texts(
        "add another reviewer first: strongroom reviewer add FILE.pub --label NAME",
        "请先添加另一位：strongroom reviewer add 文件.pub --label 名称")
    case .listReviewers: Texts("'reviewer list' shows labels and fingerprints", "reviewer list 可查看名称和指纹")
    case .addSlotFirst: Texts("add another slot first: strongroom key add VAULT", "请先添加另一个：strongroom key add 保险库")
    case .emptyVaultFolder: Texts("name a folder that does not exist yet, or an empty one", "请指定尚不存在的目录或空目录")
    case .otherPassphrase: Texts("try again; strongroom key list shows which slots there are", "请重试；strongroom key list 会列出密钥槽")
    case .controlBusy: Texts("try again in a few seconds", "请几秒后重试")
    case .sameVersion: Texts("use the same version of strongroom for the mount and the command", "挂载进程与命令请使用同一版本的 strongroom")
    case .mountFirst: Texts("mount it first: strongroom mount VAULT MOUNTPOINT", "请先挂载：strongroom mount 保险库 挂载点")
    case .unmountFirst: Texts("end the other mount first: strongroom unmount MOUNTPOINT", "请先卸载：strongroom unmount 挂载点")
    case .foreignOwner: Texts("someone may be imitating the mount; tell your administrator", "可能有人冒充挂载进程，请告知管理员")
    case .runtimeFolder: Texts("set XDG_RUNTIME_DIR to a shorter folder", "请将 XDG_RUNTIME_DIR 设为较短的路径")
    case .seeLog: Texts("the log of the mount says why: journalctl -t strongroom", "原因见挂载进程的日志：journalctl -t strongroom")
    case .givePath:
      Texts(
        "give a path inside a mount, or --vault DIR and a path in the vault such as /clients",
        "请给出挂载点内的路径，或用 --vault 目录 加保险库内路径（如 /clients）")
    case .nameVault: Texts("name one with --vault, by its folder or its mountpoint", "请用 --vault 指明保险库目录或挂载点")
    case .initFirst: Texts("make one with: strongroom init VAULT", "可用 strongroom init 保险库 创建")
    case .secondCopy: Texts("the second copy is damaged too; restore vault.json from a backup", "第二副本也已损坏，请从备份恢复 vault.json")
    case .newerProgram: Texts("install a newer version of strongroom", "请安装更新版本的 strongroom")
    case .usage: Texts("usage: {usage}", "用法：{usage}")
    case .times:
      Texts(
        "write 2026-03-01T08:00:00+08:00, 2026-03-01, today, tomorrow, -2h, +30d or '2d ago'",
        "可写作 2026-03-01T08:00:00+08:00、2026-03-01、today、tomorrow、-2h、+30d 或 '2d ago'")
    case .rights:
      Texts(
        "use reader, filer, editor, steward, or some of list,read,add,edit,remove,grant",
        "可用 reader、filer、editor、steward，或 list,read,add,edit,remove,grant 中的若干项")
    case .rightsSingle: Texts("use one of list, read, add, edit, remove, grant", "可用 list、read、add、edit、remove、grant 之一")
    case .vaultPath:
      Texts("it begins with / and has no . or .. in it; a backslash is written \\\\", "路径以 / 开头，不含 . 或 ..；反斜杠写作 \\\\")
    case .ruleID: Texts("'grant list' and 'barrier list' show the numbers", "grant list 和 barrier list 会显示编号")
    case .reason: Texts("say why with --reason: it stands in the trail", "请用 --reason 说明理由，它会写入访问日志")
    case .openFiles: Texts("see who has files open there: fuser -vm {path}", "可用 fuser -vm {path} 查看谁仍在使用")
    case .giveSecret:
      Texts(
        "use --passphrase-file FILE (or - for standard input), --key-file FILE, or a systemd credential strongroom-passphrase or strongroom-key",
        "请用 --passphrase-file 文件（- 表示标准输入）、--key-file 文件，或 systemd 凭据 strongroom-passphrase、strongroom-key")
    case .longerPassphrase: Texts("several unrelated words are easy to keep in mind and hard to guess", "几个互不相关的词既好记又难猜")
    case .oneLine: Texts("the first line of the file is the passphrase", "文件的第一行即为口令")
    case .memoryLock:
      Texts(
        "raise the limit: ulimit -l unlimited, or LimitMEMLOCK=infinity in the unit",
        "请提高限制：ulimit -l unlimited，或在单元文件中设置 LimitMEMLOCK=infinity")
    case .didYouMean: Texts("did you mean '{suggestion}'?", "是否想写“{suggestion}”？")
    case .settings: Texts("strongroom config show lists all settings", "strongroom config show 会列出全部设置")
    case .durations: Texts("write 250ms, 2s, 15m, 1h or 7d", "可写作 250ms、2s、15m、1h 或 7d")
    case .sizes: Texts("write 64MiB, 1GiB or a number of bytes", "可写作 64MiB、1GiB 或字节数")
    case .foregroundLog: Texts("run it with --foreground to see more", "加 --foreground 运行可看到更多信息")
    case .askAdministrator: Texts("ask who manages rights there", "请联系管理该处权限的人")
    case .askAnother: Texts("ask another administrator", "请联系另一位管理员")
    case .checkName:
      Texts(
        "getent passwd NAME and getent group NAME show whom the system knows", "可用 getent passwd 名称 或 getent group 名称 查看系统中的用户和组")
    case .trailFolder:
      Texts("give the vault's folder, or the folder that holds the .segment files", "请给出保险库目录，或存放 .segment 文件的目录")
    case .trailBroken:
      Texts("see all that can be said about it: strongroom log verify TRAIL", "可用 strongroom log verify 日志目录 查看详情")
    case .trailReadable:
      Texts(
        "reviewers need read access to the trail folder: see trail-group in 'config show'",
        "审阅人需要日志目录的读取权限，见 config show 中的 trail-group")
    case .identityFile: Texts("give the file that 'reviewer keygen' wrote, without .pub", "请给出 reviewer keygen 生成的文件（不带 .pub）")
    case .giveIdentityPassphrase:
      Texts("use --identity-passphrase-file FILE (or - for standard input)", "请用 --identity-passphrase-file 文件（- 表示标准输入）")
    case .wrongIdentity:
      Texts(
        "a reviewer reads from the segment after they were added; 'reviewer list' shows who can read",
        "审阅人只能读取登记之后的日志段；reviewer list 可查看审阅人")
    case .genesis: Texts("it is the 64 hexadecimal digits that 'init' printed", "应为 init 打印的 64 位十六进制数")
    case .signer:
      Texts("it is the 64 hexadecimal digits that 'log pack' printed as evidence key", "应为 log pack 打印的 64 位十六进制证据公钥")
    case .hours: Texts("write --hours 08:00-19:00 and --days mon-fri", "可写作 --hours 08:00-19:00 和 --days mon-fri")
    case .askOperator: Texts("ask whoever runs this mount", "请联系负责该挂载的运维员")
    case .keepApart:
      Texts(
        "these are kept apart, also where a group brings them together: see 'access conflicts'",
        "这些职责和权限不得由一人兼任（经由组也不行），见 access conflicts")
    case .anotherAdministrator:
      Texts(
        "make somebody else administrator first: 'duty add', and 'grant add / --rights steward'",
        "请先设立另一位管理员：duty add，以及 grant add / --rights steward")
    case .csvColumns:
      Texts(
        "the first line names the columns: path,to,rights and, if wanted, id,from,until,reason; 'grant export' writes such a file",
        "首行为列名：path,to,rights，可另有 id,from,until,reason；grant export 会生成这样的文件")
    case .worksheetColumns:
      Texts(
        "'review show ID --csv FILE' writes such a file; it needs the columns grant and decision",
        "review show 编号 --csv 文件 会生成这样的文件；必须有 grant 和 decision 两列")
    case .decide:
      Texts(
        "review decide ID GRANT keep|revoke|shrink --reason TEXT, or review decide ID --csv FILE --reason TEXT",
        "review decide 编号 授权 keep|revoke|shrink --reason 理由，或 review decide 编号 --csv 文件 --reason 理由")
    case .shrink:
      Texts(
        "shrink takes fewer rights with --rights, an earlier end with --until, or both", "shrink 用 --rights 减少权限，或用 --until 提前结束")
    case .reviewID: Texts("'review list' shows the numbers", "review list 会显示编号")
    case .csvQuotes:
      Texts("a cell with commas or quotes is put in quotes, and each quote in it doubled", "含逗号或引号的单元格须加引号，其中的引号写两次")
    case .splitImport: Texts("split it: about 5,000 lines go at once", "请拆分文件：一次约可导入 5,000 行")
    case .label: Texts("use 1 to 128 bytes of text without control characters", "1 至 128 字节的文本，不含控制字符")
    }
  }
}
