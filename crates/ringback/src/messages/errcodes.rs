//! What is said of the platform's numbers: a hint for each, and in Chinese its meaning besides.
//!
//! The numbers are those of sheet `wecom-zone-app`, 1.3 and 1.4.

use super::{Chinese, Language, zh};
use crate::failure::Failure;

/// The failure that an answer of the platform is, with its number first.
pub(crate) fn failure(
    language: Language,
    errcode: i32,
    errmsg: &str,
    cause: Option<&str>,
) -> Failure {
    let mut message = format!("{errcode} {errmsg}");
    if let Some(cause) = cause {
        message = format!("{message}: {cause}");
    }
    let known = TABLE.iter().find(|(number, ..)| *number == errcode);
    let Some((_, hint, chinese)) = known else {
        return Failure::failed(REFUSED, message);
    };
    if language == Language::Chinese {
        message = format!("{}（{message}）", chinese.cause);
    }
    Failure::failed(REFUSED, message).with_hint(language.pick(hint, chinese.fix))
}

/// The stable code of every refusal; which one it is, the number says.
const REFUSED: &str = "call.refused";

/// Number → hint, and cause and fix in Chinese.
const TABLE: &[(i32, &str, Chinese)] = &[
    (
        -1,
        "the server is busy, or its store does not answer: try again, and see its log",
        zh("系统繁忙", "稍后重试；若仍如此，查看服务日志"),
    ),
    (
        40058,
        "see what the text names; `request_data` may have 1 MiB",
        zh("参数不合规", "按说明修改；`request_data` 最多 1 MiB"),
    ),
    (
        40088,
        "a job can be asked for only by the app that made it: name it with `--app`",
        zh(
            "没有这个任务",
            "任务只能由创建它的应用查询：用 `--app` 指明应用",
        ),
    ),
    (
        40089,
        "results are kept for `zone.result_hours`; make the call again",
        zh(
            "任务结果已被清理",
            "结果只保留 `zone.result_hours` 小时；重新调用",
        ),
    ),
    (
        45009,
        "wait a minute, or raise `zone.calls_per_minute`",
        zh("调用频率超限", "等一分钟，或调高 `zone.calls_per_minute`"),
    ),
    (
        45029,
        "a reply may have 16 MiB: let the ability answer in parts",
        zh("返回数据过大", "应答最多 16 MiB：让该能力分批返回"),
    ),
    (
        45033,
        "let calls end first, or raise `concurrent_calls` in the program's `[settings]`",
        zh(
            "并发调用超限",
            "等已有调用结束，或调高程序 `[settings]` 里的 `concurrent_calls`",
        ),
    ),
    (
        50003,
        "switch it on with `ringback app set APP --enabled true`",
        zh(
            "应用已停用",
            "用 `ringback app set APP --enabled true` 启用",
        ),
    ),
    (
        710_638,
        "see what the program said with `ringback program logs`",
        zh("程序调用失败", "用 `ringback program logs` 查看程序日志"),
    ),
    (
        710_641,
        "give it with `ringback app set APP --zone-permission true`",
        zh(
            "应用没有专区权限",
            "用 `ringback app set APP --zone-permission true` 授予",
        ),
    ),
    (
        710_646,
        "a notify id lives ten minutes, and only for the app and program of its notification",
        zh(
            "notify_id 无效",
            "notify_id 十分钟内有效，且只属于那次通知的应用和程序",
        ),
    ),
    (
        710_671,
        "see `ringback program debug PROGRAM --status`",
        zh(
            "调试凭证无效或已过期",
            "查看 `ringback program debug PROGRAM --status`",
        ),
    ),
    (
        710_672,
        "make the app a test install, or its corp a test corp",
        zh(
            "该应用不能使用调试模式",
            "改为测试安装，或把企业设为测试企业",
        ),
    ),
    (
        710_673,
        "both halves must be open: see `ringback program debug PROGRAM --status`",
        zh(
            "不在调试模式",
            "应用和程序两侧都要开启：查看 `ringback program debug PROGRAM --status`",
        ),
    ),
    (
        710_674,
        "start the program, or correct where it runs: `ringback program status`",
        zh(
            "连不上程序",
            "启动程序，或修正其地址：`ringback program status`",
        ),
    ),
    (
        710_675,
        "answer faster, make it an async call, or raise `call_deadline_ms` in the program's `[settings]`",
        zh(
            "程序未在时限内应答",
            "加快应答、改用异步调用，或调高程序 `[settings]` 里的 `call_deadline_ms`",
        ),
    ),
    (
        710_676,
        "answer 200 to what the SDK has accepted, whatever the result is",
        zh(
            "程序应答的 HTTP 状态不是 200",
            "SDK 接受的请求一律应答 200，结果写在正文里",
        ),
    ),
    (
        710_677,
        "answer what the SDK's constructor gives, headers and body, with the credentials of this zone",
        zh(
            "程序的应答无法验证",
            "应答 SDK 构造的头和正文，并使用本专区的凭证",
        ),
    ),
    (
        790_010,
        "make the call again",
        zh("任务不在进行中", "重新调用"),
    ),
    (
        790_013,
        "let the ability answer one JSON value",
        zh("程序的结果不是 JSON", "让该能力应答一个 JSON 值"),
    ),
    (
        790_014,
        "correct the answer, or add what it has to `output` of the ability and apply the program again",
        zh(
            "结果不符合输出协议",
            "修正应答，或在该能力的 `output` 里补上，再重新 apply",
        ),
    ),
    (
        790_015,
        "quote the JSON for the shell: '{\"limit\":10}'",
        zh(
            "request_data 不是 JSON",
            "在命令行里给 JSON 加引号：'{\"limit\":10}'",
        ),
    ),
    (
        790_016,
        "correct the request, or add what it has to `input` of the ability and apply the program again",
        zh(
            "request_data 不符合输入协议",
            "修正请求，或在该能力的 `input` 里补上，再重新 apply",
        ),
    ),
    (
        790_020,
        "let the app use it with `ringback app use APP PROGRAM`",
        zh("程序未关联到应用", "用 `ringback app use APP PROGRAM` 关联"),
    ),
    (
        790_021,
        "deploy it with `ringback program deploy`, or open debug mode",
        zh(
            "程序未部署",
            "用 `ringback program deploy` 部署，或开启调试模式",
        ),
    ),
    (
        800_003,
        "`ringback program show PROGRAM` lists its abilities",
        zh("没有这个能力", "用 `ringback program show PROGRAM` 查看"),
    ),
];
