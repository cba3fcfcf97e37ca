//! What is said of Tencent Desk in Chinese, by code: of its calls, its bots and their flows.

use super::{Chinese, zh};

/// Code → cause and fix.
pub(crate) const TABLE: &[(&str, Chinese)] = &[
    (
        "desk.answer_redirect",
        zh("返回了重定向，平台不会跟随", "直接填写重定向后的网址"),
    ),
    (
        "desk.answer_status",
        zh(
            "返回的状态码不是 200",
            "始终返回 200，出错写在 `ErrorCode` 和 `ErrorInfo` 里",
        ),
    ),
    (
        "desk.answer_cut",
        zh(
            "应答过长，只读取了开头",
            "只返回变量，长内容留在自己的系统里",
        ),
    ),
    (
        "desk.answer_empty",
        zh(
            "应答为空",
            "至少返回 `{\"ActionStatus\":\"OK\",\"ErrorInfo\":\"\",\"ErrorCode\":0}`",
        ),
    ),
    (
        "desk.answer_html",
        zh(
            "应答是网页",
            "检查路径：返回的是 Web 服务器的页面或登录页，不是接口",
        ),
    ),
    (
        "desk.answer_not_json",
        zh(
            "应答不是 JSON",
            "返回 UTF-8 的纯 JSON，不带 BOM，前后没有别的文字",
        ),
    ),
    (
        "desk.answer_truncated",
        zh(
            "应答的 JSON 不完整",
            "返回完整的 JSON；`Content-Length` 按字节计，不按字符计",
        ),
    ),
    (
        "desk.answer_depth",
        zh("应答嵌套超过 64 层", "把值写成文本，不要用嵌套的对象"),
    ),
    (
        "desk.answer_not_object",
        zh(
            "应答是 JSON，但不是对象",
            "返回带 `ActionStatus`、`ErrorInfo`、`ErrorCode` 的对象",
        ),
    ),
    (
        "desk.answer_repeated",
        zh("应答里有重名的成员", "每个成员只写一次"),
    ),
    (
        "desk.error_code_missing",
        zh(
            "应答里没有 `ErrorCode`",
            "加上 `\"ErrorCode\":0`，大小写须完全一致",
        ),
    ),
    (
        "desk.error_code_not_integer",
        zh("`ErrorCode` 不是整数", "写成不带引号的数字：`0`"),
    ),
    (
        "desk.error_code",
        zh(
            "`ErrorCode` 不是 0：业务返回了失败",
            "到业务自己的日志里查原因；0 表示成功",
        ),
    ),
    (
        "desk.action_status_missing",
        zh(
            "应答里没有 `ActionStatus`",
            "加上 `\"ActionStatus\":\"OK\"`，大小写须完全一致",
        ),
    ),
    (
        "desk.action_status",
        zh(
            "`ErrorCode` 是 0，`ActionStatus` 却不是 `OK`",
            "成功时写 `\"ActionStatus\":\"OK\"`，失败时给出非 0 的 `ErrorCode`",
        ),
    ),
    (
        "desk.answer_body_not_object",
        zh(
            "应答的 `Body` 不是对象",
            "`Body` 写成名称到文本的对象；PHP 的空数组会写成 `[]`，要转成对象",
        ),
    ),
    (
        "verify.no_sdk_app_id",
        zh(
            "每次调用都带应用的 SdkAppid，接口要核对它",
            "用 `--sdk-app-id 1400000000` 给出应用的 SDKAppID",
        ),
    ),
    (
        "verify.set",
        zh("`--set` 的写法有误", "写成 `--set OrderID=12345`"),
    ),
    (
        "verify.desk_inputs",
        zh(
            "业务返回了失败，而这次调用没有带节点的入参",
            "用 `--set 名称=值` 给出节点的入参，可写多次",
        ),
    ),
    (
        "verify.desk_refused",
        zh(
            "接口拒绝了应用或签名",
            "核对 SdkAppid 和 token；`Sign` 是 token 与 `RequestTime` 直接拼接后 SHA-256 的小写十六进制",
        ),
    ),
    (
        "verify.desk_no_interface",
        zh(
            "这个路径没有处理 POST",
            "在这个路径上处理 POST，不论带什么参数",
        ),
    ),
    (
        "verify.desk_too_slow",
        zh(
            "应答正确，但平台已经放弃等待",
            "先应答，少做事；做得慢的，先返回一个表示“处理中”的变量，让后面的节点再问",
        ),
    ),
    (
        "verify.desk_nearly_slow",
        zh(
            "应答用掉了一半以上的时间",
            "先应答，少做事；做得慢的，先返回一个表示“处理中”的变量，让后面的节点再问",
        ),
    ),
    (
        "verify.desk_not_text",
        zh(
            "有变量不是文本，平台如何处理没有写明",
            "每个值都写成文本：用 `\"10\"`，不用 `10`",
        ),
    ),
    (
        "verify.desk_unset",
        zh(
            "变量为空时同样的调用失败；平台把未设置的变量写成空文本",
            "把空文本当作没有值；缺了不行的，返回 `ErrorCode`",
        ),
    ),
    (
        "verify.desk_untyped",
        zh(
            "不带 `Content-Type` 时同样的调用失败；平台自己的样例就没有带",
            "不管请求头，都按 JSON 读取内容",
        ),
    ),
    (
        "verify.desk_query",
        zh(
            "网址自带参数时同样的调用失败",
            "按名称读取参数，不论次序，忽略不认识的参数",
        ),
    ),
    (
        "verify.desk_forged_answered",
        zh(
            "签名错误的调用也得到了正常的应答",
            "先用恒定时间比较 `Sign` 与 token、`RequestTime` 拼接后 SHA-256 的小写十六进制",
        ),
    ),
    (
        "verify.desk_unsigned_answered",
        zh(
            "没有签名的调用也得到了正常的应答",
            "没有 `Sign` 或 `RequestTime` 的调用一律拒绝",
        ),
    ),
    (
        "verify.desk_stale_answered",
        zh(
            "一小时前签名的调用也得到了正常的应答：见过一次签名的人可以一直用它",
            "`RequestTime` 与当前时间相差超过一分钟就拒绝",
        ),
    ),
    (
        "verify.desk_other_app_answered",
        zh(
            "别的应用的调用也得到了正常的应答",
            "核对参数里的 `SdkAppid` 是不是自己的应用",
        ),
    ),
    ("verify.no_token", zh("没有给出 token，调用都不签名", "")),
    (
        "source.sdk_app_id",
        zh(
            "`sdk_app_id` 不是 1 到 20 位数字",
            "从即时通信控制台的应用页复制 SDKAppID",
        ),
    ),
    (
        "apply.flow_name",
        zh(
            "流程的名字和流程文件不一致",
            "写成 SDKAPPID/NAME，NAME 与文件里的 `name` 相同",
        ),
    ),
    (
        "desk.app_exists",
        zh("已有这个 SDKAppID 的客服应用", "换一个，或修改已有的应用"),
    ),
    ("desk.app_not_found", zh("这个端点的客服应用已不存在", "")),
    ("desk.body", zh("请求体不是 JSON 对象", "")),
    ("desk.broken", zh("这条消息没有处理完", "进程日志里有原因")),
    ("desk.busy", zh("正在处理的消息过多", "稍后再试")),
    (
        "desk.chat_command",
        zh(
            "没有这个对话命令",
            "`/help` 列出全部命令；要对机器人说 `/text`，写成 `//text`",
        ),
    ),
    ("desk.conversation_closed", zh("会话已结束", "另开一个会话")),
    ("desk.count", zh("一次触发的数量有误", "")),
    (
        "desk.interrupted",
        zh(
            "进程在得到接口应答之前结束了",
            "查看业务服务是否已处理该请求",
        ),
    ),
    (
        "desk.no_app",
        zh(
            "没有客服应用",
            "先运行 `ringback app create --platform desk`",
        ),
    ),
    (
        "desk.no_url",
        zh(
            "客服应用没有这种回调的网址",
            "用 `ringback app set-url USE URL` 设置",
        ),
    ),
    (
        "desk.node_not_found",
        zh("发起这次调用的节点已随流程删除", ""),
    ),
    (
        "desk.one_call",
        zh("这个命令要等应答，一次只发一个", "去掉 `--count`"),
    ),
    (
        "desk.path",
        zh(
            "请求体里的这一项不能设置",
            "写出请求体里的路径，例如 `MsgBody.0.MsgContent.Text`",
        ),
    ),
    (
        "desk.row",
        zh("存储里的一行已损坏", "恢复备份，或删除后重新创建"),
    ),
    (
        "desk.sdk_app_id",
        zh("不是 SDKAppID", "它是 1 到 20 位数字，例如 1400000000"),
    ),
    (
        "desk.set",
        zh("`--set` 写法有误", "写成 NAME=VALUE，例如 `OrderID=12345`"),
    ),
    ("desk.setting", zh("设置超出允许的范围", "")),
    ("desk.text", zh("文本为空、过长或含控制字符", "")),
    (
        "desk.unknown_command",
        zh(
            "没有可触发的这种回调命令",
            "`ringback trigger desk --list` 列出全部命令",
        ),
    ),
    (
        "desk.no_agent",
        zh(
            "会话不在人工坐席手里，坐席不能发言",
            "流程里用 `transfer` 节点转人工",
        ),
    ),
    (
        "desk.variables",
        zh(
            "会话变量的总长超出上限，或变量名不合法",
            "变量名由字母、数字和 `_` 组成，最长 64 个字符",
        ),
    ),
    (
        "desk.variables_too_large",
        zh("会话变量的总长超出上限", "接口的应答里少返回一些内容"),
    ),
    (
        "desk.which_app",
        zh(
            "有多个客服应用",
            "用 SDKAppID 指明；`ringback app list --platform desk` 可查看",
        ),
    ),
    (
        "flow.invalid",
        zh(
            "流程文件有误",
            "`ringback flow check FILE` 列出全部错误；`ringback flow schema` 给出 JSON Schema",
        ),
    ),
    (
        "flow.no_call_node",
        zh(
            "流程里没有这个接口调用节点",
            "`ringback flow draw` 可查看各节点的 id",
        ),
    ),
    (
        "flow.no_version",
        zh("流程没有这个版本", "`ringback flow versions` 列出全部版本"),
    ),
    (
        "flow.not_published",
        zh("流程没有发布", "用 `ringback flow publish` 发布"),
    ),
    (
        "desk.model_key",
        zh(
            "模型的密钥由模型服务商发放，不能在这里生成",
            "用 `--value` 给出：文本、env:NAME 或 file:PATH",
        ),
    ),
];
