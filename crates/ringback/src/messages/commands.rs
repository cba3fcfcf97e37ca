//! What commands say in Chinese, by code.

use super::Chinese;

/// Code → cause and fix.
pub(crate) const TABLE: &[(&str, Chinese)] = &[
    (
        "client.unreachable",
        Chinese {
            cause: "连不上服务",
            fix: "先运行 `ringback dev`，或用 `--url` 指明地址",
        },
    ),
    (
        "client.no_server",
        Chinese {
            cause: "没有指明要连哪个服务",
            fix: "先运行 `ringback dev`，或给出 `--url` 和 `--token`，或给出 `--ready-file`",
        },
    ),
    (
        "client.no_token",
        Chinese {
            cause: "没有管理令牌",
            fix: "用 `--token` 或环境变量 RINGBACK_TOKEN 给出管理令牌",
        },
    ),
    (
        "client.unauthorised",
        Chinese {
            cause: "服务不接受这个管理令牌",
            fix: "检查令牌是否正确、是否已被撤销",
        },
    ),
    (
        "client.broken_answer",
        Chinese {
            cause: "连接在应答途中断开",
            fix: "重试；若仍如此，查看服务日志",
        },
    ),
    (
        "client.not_ours",
        Chinese {
            cause: "对方的应答不像 Ringback",
            fix: "检查 `--url` 指向的是否为 Ringback",
        },
    ),
    (
        "file.io",
        Chinese {
            cause: "文件操作失败",
            fix: "",
        },
    ),
    (
        "config.malformed",
        Chinese {
            cause: "配置文件写法有误",
            fix: "用 `ringback config default` 查看全部设置",
        },
    ),
    (
        "api.not_found",
        Chinese {
            cause: "没有这个对象",
            fix: "",
        },
    ),
    (
        "store.locked",
        Chinese {
            cause: "数据目录正被另一个进程使用",
            fix: "停掉那个进程，或用 `--data` 换一个目录",
        },
    ),
    (
        "listen.address",
        Chinese {
            cause: "监听地址不可用",
            fix: "换一个地址，例如 `--listen 127.0.0.1:0`",
        },
    ),
    (
        "client.forbidden",
        Chinese {
            cause: "这个令牌的权限不够",
            fix: "换一个权限更高的令牌，或用 `ringback token create` 新建",
        },
    ),
    (
        "client.url",
        Chinese {
            cause: "网址写法有误",
            fix: "写成 `http://127.0.0.1:7300`",
        },
    ),
    (
        "ready_file.malformed",
        Chinese {
            cause: "这不是就绪文件",
            fix: "删除它，重新运行 `ringback dev`",
        },
    ),
    (
        "config.range",
        Chinese {
            cause: "设置超出允许的范围",
            fix: "",
        },
    ),
    (
        "config.tls_files",
        Chinese {
            cause: "启用了 TLS，但没有给出证书或私钥文件",
            fix: "两个文件都要给出，或把 `tls.enabled` 设为 false",
        },
    ),
    (
        "config.tls",
        Chinese {
            cause: "证书或私钥不可用",
            fix: "给出 PEM 文件：一个是证书链，一个是首张证书的私钥",
        },
    ),
    (
        "config.network",
        Chinese {
            cause: "不是合法的网段",
            fix: "写成 10.0.0.0/8 或 fd00::/8",
        },
    ),
    (
        "config.log_level",
        Chinese {
            cause: "日志过滤写法有误",
            fix: "写成 `info`，或 `info,ringback_deliver=debug`",
        },
    ),
    (
        "secret.not_set",
        Chinese {
            cause: "引用的环境变量没有设置",
            fix: "设置它，或用 `file:PATH` 指明文件",
        },
    ),
    (
        "apply.malformed",
        Chinese {
            cause: "文件写法有误",
            fix: "`ringback apply --help` 有示例",
        },
    ),
    (
        "apply.literal_secret",
        Chinese {
            cause: "文件里直接写了密钥",
            fix: "改为引用：`env:NAME` 或 `file:PATH`",
        },
    ),
    (
        "apply.cannot_change",
        Chinese {
            cause: "这一项不能修改",
            fix: "先删除，或换一个名字",
        },
    ),
    (
        "replay.nothing",
        Chinese {
            cause: "既没有给出 id，也没有给出过滤条件",
            fix: "例如 `ringback replay --state dead --since 1h`",
        },
    ),
    (
        "restore.occupied",
        Chinese {
            cause: "目标目录里已有数据",
            fix: "换一个空目录，或加 `--replace`",
        },
    ),
    (
        "restore.not_a_backup",
        Chinese {
            cause: "这不是 Ringback 的备份",
            fix: "备份用 `ringback backup FILE` 制作",
        },
    ),
    (
        "trigger.no_app",
        Chinese {
            cause: "还没有飞书应用",
            fix: "用 `ringback app create` 新建",
        },
    ),
    (
        "trigger.which_app",
        Chinese {
            cause: "有多个飞书应用",
            fix: "用 `--app cli_…` 指明；`ringback app list` 可查看",
        },
    ),
    (
        "feishu.no_request_url",
        Chinese {
            cause: "应用还没有请求网址",
            fix: "用 `ringback app request-url APP_ID URL` 保存",
        },
    ),
    (
        "exec.command",
        Chinese {
            cause: "命令无法运行",
            fix: "",
        },
    ),
    (
        "client.speaks_tls",
        Chinese {
            cause: "对方的应答不是明文 HTTP",
            fix: "它可能使用 TLS：网址写成 `https://`",
        },
    ),
    (
        "apply.missing",
        Chinese {
            cause: "缺少必填项",
            fix: "`ringback apply --help` 有示例",
        },
    ),
    (
        "apply.foreign_secret",
        Chinese {
            cause: "这种 dialect 没有这个密钥",
            fix: "",
        },
    ),
    (
        "apply.unknown_name",
        Chinese {
            cause: "文件里和服务上都没有这个名字",
            fix: "",
        },
    ),
    (
        "apply.prune_in_use",
        Chinese {
            cause: "`--prune` 会删除仍在使用的对象",
            fix: "在文件里也写上它，或去掉 `--prune`",
        },
    ),
    (
        "replay.no_deliveries",
        Chinese {
            cause: "没有可以重放的投递",
            fix: "没有匹配到端点的事件没有投递：检查端点的来源和类型",
        },
    ),
    (
        "replay.refused",
        Chinese {
            cause: "有些投递不能重放",
            fix: "",
        },
    ),
    (
        "token.which",
        Chinese {
            cause: "有多个令牌叫这个名字",
            fix: "用 id 指明；`ringback token list` 可查看",
        },
    ),
    (
        "endpoint.nothing",
        Chinese {
            cause: "没有给出要修改的内容",
            fix: "例如 `ringback endpoint set NAME --to URL`",
        },
    ),
];
