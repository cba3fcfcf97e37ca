//! What commands of the zone say in Chinese, by code.

use super::{Chinese, zh};

/// Code → cause and fix.
pub(crate) const TABLE: &[(&str, Chinese)] = &[
    (
        "app.foreign_option",
        zh(
            "给出的选项属于另一个平台的应用",
            "企业微信应用加 `--platform wecom`，客服应用加 `--platform desk`，飞书应用不加",
        ),
    ),
    (
        "app.nothing",
        zh(
            "没有给出要修改的内容",
            "例如 `ringback app set APP --enabled false`",
        ),
    ),
    (
        "app.which_secret",
        zh(
            "飞书应用有多个密钥",
            "用 `--secret app_secret|verification_token|encrypt_key` 指明",
        ),
    ),
    (
        "apply.program_file",
        zh(
            "程序的描述文件和这里的写法冲突",
            "只写一处：`file`，或程序的各项",
        ),
    ),
    ("archive.bad_edition", zh("版本信息有误", "")),
    (
        "archive.bad_member",
        zh("这一行有一项写法有误", "修正后重新导入；已导入的不会重复"),
    ),
    (
        "archive.chunk_too_large",
        zh("一次提交的内容过大", "拆成更小的行"),
    ),
    (
        "archive.key_not_pem",
        zh(
            "公钥不是 PEM",
            "给出 `openssl rsa -in private.pem -pubout` 的全部输出",
        ),
    ),
    (
        "archive.key_not_rsa",
        zh("公钥不是 RSA", "用 `openssl genrsa 2048` 生成"),
    ),
    (
        "archive.key_size",
        zh("RSA 公钥不是 2048 位", "用 `openssl genrsa 2048` 生成"),
    ),
    (
        "archive.key_version",
        zh("公钥版本没有递增", "每个新公钥给一个更大的版本号"),
    ),
    (
        "archive.line_not_json",
        zh("这一行不是 JSON 对象", "修正后重新导入；已导入的不会重复"),
    ),
    ("archive.line_too_long", zh("这一行过长", "")),
    (
        "archive.no_public_key",
        zh(
            "企业还没有公钥，不能存档消息",
            "先运行 `ringback corp public-key FILE --version 1`",
        ),
    ),
    (
        "call.no_result",
        zh(
            "任务结果没有按时出现",
            "用 `--wait=10m` 等更久；虚拟时钟下用 `ringback clock advance` 推进",
        ),
    ),
    (
        "call.program_error",
        zh(
            "程序报告任务出错",
            "用 `ringback program logs` 查看程序日志",
        ),
    ),
    (
        "corp.nothing",
        zh(
            "没有给出要修改的内容",
            "例如 `ringback corp set CORP --name NAME`",
        ),
    ),
    ("host.bad_instances", zh("实例数量有误", "")),
    (
        "host.bad_variable",
        zh(
            "环境变量有误",
            "RINGBACK_ZONE_CREDENTIALS 和 RINGBACK_ZONE_LISTEN 由 Ringback 设置；名字里不能有 `=`",
        ),
    ),
    ("host.command_missing", zh("程序文件不存在", "检查路径")),
    (
        "host.command_not_executable",
        zh("程序文件不可执行", "用 `chmod +x` 加上执行权限"),
    ),
    (
        "host.command_relative",
        zh("程序路径不是绝对路径", "写绝对路径，不查 PATH"),
    ),
    (
        "host.not_listening",
        zh(
            "程序没有按时开始监听",
            "让程序监听 RINGBACK_ZONE_LISTEN 里的地址，并查看它的输出",
        ),
    ),
    ("host.not_started", zh("程序无法启动", "")),
    ("input.not_json", zh("文件不是 JSON", "")),
    (
        "program.ability_twice",
        zh("两个能力的 id 相同", "给其中一个换一个 id"),
    ),
    ("program.declined", zh("没有显示调试凭证", "")),
    (
        "program.environment",
        zh("环境变量写法有误", "写成 `--env NAME=VALUE`"),
    ),
    (
        "program.malformed",
        zh(
            "程序描述文件写法有误",
            "`ringback program apply --help` 有示例",
        ),
    ),
    (
        "program.unconfirmed",
        zh("显示调试凭证前需要确认", "加 `--yes`；审计会记下谁看过"),
    ),
    (
        "program.which",
        zh(
            "有多个程序叫这个名字",
            "用 `--id` 指明；`ringback program list` 可查看",
        ),
    ),
    (
        "trigger.foreign_option",
        zh("这种事件没有这个选项", "用 `--set NAME=VALUE` 修改事件内容"),
    ),
    ("wecom.bad_token", zh("Token 须为 1 到 32 位字母和数字", "")),
    (
        "zone.app_name",
        zh(
            "应用名写法有误",
            "写成 CORPID/AGENTID；`ringback app list --platform wecom` 可查看",
        ),
    ),
    ("zone.bad_abilities", zh("程序的能力有误", "")),
    ("zone.bad_host", zh("程序的运行位置不可用", "")),
    (
        "zone.bad_protocol",
        zh("能力的协议有误", "协议是一份示例 JSON，含所有可能出现的键"),
    ),
    ("zone.bad_text", zh("有一项文字不合规", "")),
    (
        "zone.debug_not_allowed",
        zh(
            "该应用不能使用调试模式",
            "改为测试安装，或把企业设为测试企业",
        ),
    ),
    ("zone.event_refused", zh("事件没有发出", "")),
    (
        "zone.exists",
        zh("已经有同名的对象", "换一个 id，或修改已有的那个"),
    ),
    (
        "zone.generate_limit",
        zh("一次生成的数量过多", "分几次生成，每次换一个 `--seed`"),
    ),
    ("zone.in_use", zh("仍被使用", "先解除使用")),
    ("zone.is_model", zh("模型不能接收事件", "指明一个程序")),
    (
        "zone.no_app",
        zh(
            "还没有企业微信应用",
            "用 `ringback app create --platform wecom` 新建",
        ),
    ),
    (
        "zone.no_corp",
        zh("还没有企业", "用 `ringback corp create` 新建"),
    ),
    (
        "zone.no_program",
        zh("还没有程序", "用 `ringback program apply FILE` 新建"),
    ),
    (
        "zone.no_receiver",
        zh(
            "应用没有接收事件的程序",
            "用 `ringback app receive PROGRAM` 指定，或由应用调用 `set_receive_callback`",
        ),
    ),
    ("zone.not_found", zh("没有这个对象", "")),
    (
        "zone.program_not_online",
        zh(
            "程序未上线，该应用不能使用",
            "先部署程序，或把应用改为测试安装",
        ),
    ),
    (
        "zone.program_state",
        zh(
            "程序的状态不允许这样做",
            "顺序是草稿、审核、通过、部署：`ringback program submit|approve|deploy`",
        ),
    ),
    ("zone.protocol_depth", zh("协议嵌套过深", "最多 64 层")),
    (
        "zone.protocol_duplicate_key",
        zh("协议里有重复的键", "去掉一个"),
    ),
    (
        "zone.protocol_not_json",
        zh("协议不是 JSON", "协议是一份示例 JSON，含所有可能出现的键"),
    ),
    (
        "zone.rotation_unsettled",
        zh(
            "实例有两个有效密钥，启动以来还不知道它用的是哪一个",
            "先调用该程序，直到每个实例都应答过；或先下线再轮换",
        ),
    ),
    ("zone.trigger_count", zh("一次触发的数量有误", "")),
    ("zone.unconfirmed", zh("需要确认", "加 `--yes`")),
    (
        "zone.unisolated",
        zh(
            "`process` 方式运行的程序没有隔离",
            "在配置里把 `zone.allow_unisolated` 设为 true，或改用 `url` 方式",
        ),
    ),
    (
        "zone.unknown_event_type",
        zh(
            "没有这种专区事件",
            "`ringback trigger zone --list` 列出全部类型",
        ),
    ),
    (
        "zone.which_app",
        zh(
            "有多个企业微信应用",
            "写成 CORPID/AGENTID 指明；`ringback app list --platform wecom` 可查看",
        ),
    ),
    (
        "zone.which_corp",
        zh("有多个企业", "指明一个；`ringback corp list` 可查看"),
    ),
    (
        "zone.which_program",
        zh("有多个程序", "指明一个；`ringback program list` 可查看"),
    ),
];
