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
];
