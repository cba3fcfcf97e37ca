//! What `ringback verify` says: labels in both languages, diagnoses in Chinese by code.

use super::{Chinese, Language};
use crate::doctor::{Check, Purpose, Report};

/// The name of a check; what proves an event is its signature or, without an Encrypt Key, its token.
pub(crate) fn label(language: Language, check: Check, signed: bool) -> &'static str {
    let (english, chinese) = match check {
        Check::Url => ("url", "网址"),
        Check::Dns => ("dns", "域名解析"),
        Check::Address => ("address", "地址"),
        Check::Connect => ("connect", "连接"),
        Check::Tls => ("tls", "TLS"),
        Check::PlainChallenge => ("challenge, plain", "明文 challenge"),
        Check::EncryptedChallenge => ("challenge, encrypted", "加密 challenge"),
        Check::Echo => ("check, echostr", "校验 echostr"),
        Check::Invocation if signed => ("call, right signature", "调用，签名正确"),
        Check::Invocation => ("call", "调用"),
        Check::Variables => ("variables", "返回的变量"),
        Check::UnsetInvocation => ("call, unset variables", "调用，变量为空"),
        Check::UntypedInvocation => ("call, no Content-Type", "调用，无 Content-Type"),
        Check::QueryInvocation => ("call, URL with a query", "调用，网址自带参数"),
        Check::ForgedInvocation => ("call, wrong signature", "调用，签名错误"),
        Check::UnsignedInvocation => ("call, no signature", "调用，没有签名"),
        Check::StaleInvocation => ("call, old signature", "调用，签名过期"),
        Check::OtherAppInvocation => ("call, another app", "调用，别的应用"),
        Check::Timing => ("timing", "耗时"),
        Check::RightEvent if signed => ("event, right signature", "事件，签名正确"),
        Check::RightEvent => ("event, right token", "事件，token 正确"),
        Check::ForgedEvent if signed => ("event, wrong signature", "事件，签名错误"),
        Check::ForgedEvent => ("event, wrong token", "事件，token 错误"),
    };
    language.pick(english, chinese)
}

/// The sentence at the end.
pub(crate) fn verdict(language: Language, report: &Report) -> String {
    let text = match (report.purpose, report.would_save()) {
        (Purpose::Save, true) => {
            language.pick("the platform would save this URL", "平台会保存这个网址")
        }
        (Purpose::Save, false) => language.pick(
            "the platform would not save this URL",
            "平台不会保存这个网址",
        ),
        (Purpose::Events, true) => {
            language.pick("this endpoint would get its events", "这个端点能收到事件")
        }
        (Purpose::Calls, true) => language.pick(
            "a flow would get its answer here",
            "流程能从这个接口取得结果",
        ),
        (Purpose::Calls, false) => language.pick(
            "a flow would get no answer here, and go its way for exceptions",
            "流程从这个接口取不到结果，会走异常分支",
        ),
        (Purpose::Events, false) => language.pick(
            "this endpoint would not get its events",
            "这个端点收不到事件",
        ),
    };
    match (report.platform_message, language) {
        (None, _) => text.to_owned(),
        (Some(message), Language::English) => format!("{text}; its console says `{message}`"),
        (Some(message), Language::Chinese) => format!("{text}，后台会提示“{message}”"),
    }
}

/// What the doctor cannot know.
pub(crate) const fn from_here_only(language: Language) -> &'static str {
    language.pick(
        "looked from this host only: DNS, firewalls and tunnels may look different from the platform's side",
        "只从本机检查：从平台一侧看，DNS、防火墙和隧道可能不同",
    )
}

/// Code → cause and fix.
pub(crate) const TABLE: &[(&str, Chinese)] = &[
    (
        "url.syntax",
        Chinese {
            cause: "网址写法有误",
            fix: "写成 `https://主机/路径` 或 `http://主机:端口/路径`",
        },
    ),
    (
        "url.scheme",
        Chinese {
            cause: "网址必须以 http:// 或 https:// 开头",
            fix: "写成 `https://主机/路径`",
        },
    ),
    (
        "url.userinfo",
        Chinese {
            cause: "网址里带有用户名或密码",
            fix: "去掉 `@` 之前的部分",
        },
    ),
    (
        "url.fragment",
        Chinese {
            cause: "网址里带有 `#` 片段",
            fix: "去掉 `#` 及其后的部分",
        },
    ),
    (
        "url.odd_address",
        Chinese {
            cause: "地址的写法不常规",
            fix: "写成四段十进制数，或使用域名",
        },
    ),
    (
        "transport.dns",
        Chinese {
            cause: "域名解析失败",
            fix: "检查域名拼写，以及 DNS 记录是否已生效",
        },
    ),
    (
        "feishu.url_no_ipv4",
        Chinese {
            cause: "域名没有 IPv4 地址",
            fix: "给域名加一条 A 记录",
        },
    ),
    (
        "transport.refused_by_guard",
        Chinese {
            cause: "这个地址不允许访问",
            fix: "换成公网地址",
        },
    ),
    (
        "verify.address_not_public",
        Chinese {
            cause: "平台访问不到这个地址",
            fix: "使用公网地址或隧道地址；只在本机演练时加 `--local`",
        },
    ),
    (
        "transport.connect_refused",
        Chinese {
            cause: "连接被拒绝：没有程序在这个端口监听",
            fix: "启动服务，检查端口和监听地址",
        },
    ),
    (
        "transport.connect_timeout",
        Chinese {
            cause: "连接超时",
            fix: "检查防火墙和安全组是否放行这个端口",
        },
    ),
    (
        "transport.connect",
        Chinese {
            cause: "连接失败",
            fix: "检查防火墙和路由",
        },
    ),
    (
        "transport.tls",
        Chinese {
            cause: "TLS 握手失败",
            fix: "检查证书的域名、证书链和有效期",
        },
    ),
    (
        "transport.reset",
        Chinese {
            cause: "服务器在应答前断开了连接",
            fix: "查看服务器日志",
        },
    ),
    (
        "transport.late",
        Chinese {
            cause: "没有按时应答",
            fix: "先应答，再处理业务",
        },
    ),
    (
        "transport.protocol",
        Chinese {
            cause: "应答不是合法的 HTTP",
            fix: "检查这个端口上是否为 HTTP/1.1 服务",
        },
    ),
    (
        "feishu.challenge_late",
        Chinese {
            cause: "没有在时限内应答",
            fix: "收到 challenge 先应答，避免冷启动",
        },
    ),
    (
        "verify.too_slow",
        Chinese {
            cause: "应答正确，但超过了 1 秒",
            fix: "收到 challenge 先应答，避免冷启动",
        },
    ),
    (
        "verify.nearly_slow",
        Chinese {
            cause: "应答用掉了一半以上的时限",
            fix: "收到 challenge 先应答，避免冷启动",
        },
    ),
    (
        "feishu.challenge_redirect",
        Chinese {
            cause: "返回了重定向，平台不会跟随",
            fix: "直接填写重定向后的网址",
        },
    ),
    (
        "feishu.challenge_signature_demanded",
        Chinese {
            cause: "服务器要求 challenge 带签名，而平台从不给它签名",
            fix: "只对事件验签：先解密，见到 `url_verification` 就校验 token 并应答",
        },
    ),
    (
        "verify.signature_demanded",
        Chinese {
            cause: "给 challenge 加上签名就能通过，而平台从不给它签名",
            fix: "只对事件验签：先解密，见到 `url_verification` 就校验 token 并应答",
        },
    ),
    (
        "feishu.challenge_token_refused",
        Chinese {
            cause: "服务器不接受这个 Verification Token",
            fix: "把应用后台的 Verification Token 配到服务器上；重置后会变",
        },
    ),
    (
        "verify.token_not_given",
        Chinese {
            cause: "服务器要校验 Verification Token，而本命令没有给出",
            fix: "用 `--token` 给出应用的 token",
        },
    ),
    (
        "feishu.challenge_not_decrypted",
        Chinese {
            cause: "服务器无法解密 challenge",
            fix: "两边使用同一个 Encrypt Key；服务器没有的话，清空应用后台的",
        },
    ),
    (
        "verify.wrong_key",
        Chinese {
            cause: "能应答明文 challenge，不能应答加密的：Encrypt Key 不一致，或没有解密",
            fix: "把应用后台的 Encrypt Key 配到服务器上，并应答解密后的 `challenge`",
        },
    ),
    (
        "feishu.challenge_html_status",
        Chinese {
            cause: "返回了出错的 HTML 页面",
            fix: "请求没有到达你的程序（登录页、隧道提示页、代理）：放行 POST，并检查路径",
        },
    ),
    (
        "feishu.challenge_status",
        Chinese {
            cause: "状态码不是 200",
            fix: "让这个路径对 POST 返回 200",
        },
    ),
    (
        "feishu.challenge_empty",
        Chinese {
            cause: "应答是空的",
            fix: "返回 `{\"challenge\":\"…\"}`，只返回 200 不够",
        },
    ),
    (
        "feishu.challenge_html",
        Chinese {
            cause: "返回的是 HTML 页面",
            fix: "请求没有到达你的程序（登录页、隧道提示页、代理）：放行 POST，并检查路径",
        },
    ),
    (
        "feishu.challenge_byte_order_mark",
        Chinese {
            cause: "应答开头有 BOM",
            fix: "用不带 BOM 的 UTF-8 返回",
        },
    ),
    (
        "feishu.challenge_bare",
        Chinese {
            cause: "只返回了 challenge 本身，不是 JSON 对象",
            fix: "返回 `{\"challenge\":\"…\"}`",
        },
    ),
    (
        "feishu.challenge_quoted",
        Chinese {
            cause: "返回的 JSON 被当作字符串又包了一层引号",
            fix: "返回对象本身，不要序列化两次",
        },
    ),
    (
        "feishu.challenge_not_json",
        Chinese {
            cause: "返回数据不是 JSON",
            fix: "以 JSON 返回 `{\"challenge\":\"…\"}`",
        },
    ),
    (
        "feishu.challenge_not_object",
        Chinese {
            cause: "返回的 JSON 不是对象",
            fix: "以 JSON 返回 `{\"challenge\":\"…\"}`",
        },
    ),
    (
        "feishu.challenge_encrypted",
        Chinese {
            cause: "应答被加密了",
            fix: "用明文应答：只有请求是加密的",
        },
    ),
    (
        "feishu.challenge_nested",
        Chinese {
            cause: "`challenge` 不在最外层",
            fix: "把 `challenge` 放在最外层，不要再包一层",
        },
    ),
    (
        "feishu.challenge_missing_in_answer",
        Chinese {
            cause: "应答里没有 `challenge`",
            fix: "返回请求里的 `challenge`；设置了 Encrypt Key 时它在解密后的内容里",
        },
    ),
    (
        "feishu.challenge_not_string",
        Chinese {
            cause: "`challenge` 不是字符串",
            fix: "原样返回请求里的 `challenge`",
        },
    ),
    (
        "feishu.challenge_padded",
        Chinese {
            cause: "`challenge` 两边多了引号或空白",
            fix: "原样返回请求里的 `challenge`",
        },
    ),
    (
        "feishu.challenge_wrong",
        Chinese {
            cause: "返回的不是这次的 `challenge`",
            fix: "原样返回请求里的 `challenge`，不要缓存",
        },
    ),
    (
        "verify.plain_http",
        Chinese {
            cause: "明文 http，平台允许",
            fix: "",
        },
    ),
    (
        "verify.plain_not_sent",
        Chinese {
            cause: "被拒绝；应用设置了 Encrypt Key 时平台不会发明文",
            fix: "",
        },
    ),
    (
        "verify.not_asked",
        Chinese {
            cause: "已用 `--no-events` 略过",
            fix: "",
        },
    ),
    (
        "verify.event_refused",
        Chinese {
            cause: "正确的事件没有得到 200，平台会再推送四次",
            fix: "3 秒内对每个事件返回 200，没有处理程序的类型也一样",
        },
    ),
    (
        "verify.forged_event_answered",
        Chinese {
            cause: "伪造的事件也得到了成功应答：要么被接受，要么被默默丢弃",
            fix: "确认处理程序没有被调用；更好的做法是返回 401",
        },
    ),
    (
        "verify.standard_refused",
        Chinese {
            cause: "签名正确的事件没有得到 2xx",
            fix: "核对两边的签名密钥，并在解析之前对原始内容验签",
        },
    ),
    (
        "verify.answer_too_large",
        Chinese {
            cause: "应答超过 64 KiB，之后的没有读取",
            fix: "只返回 `{\"challenge\":\"…\"}`",
        },
    ),
    (
        "verify.server_error",
        Chinese {
            cause: "服务器收到了 challenge，但处理时出错",
            fix: "查看服务器日志里的错误",
        },
    ),
    (
        "verify.nothing_behind_proxy",
        Chinese {
            cause: "应答来自代理或隧道，后面的程序没有应答",
            fix: "启动程序，并检查代理转发到的端口",
        },
    ),
    (
        "tls.spoken",
        Chinese {
            cause: "这个端口使用 TLS，而网址写的是 `http://`",
            fix: "网址写成 `https://`",
        },
    ),
    (
        "tls.not_spoken",
        Chinese {
            cause: "这个端口不使用 TLS",
            fix: "网址写成 `http://`，或在服务器上启用 TLS",
        },
    ),
    (
        "tls.refused",
        Chinese {
            cause: "服务器中断了 TLS 握手",
            fix: "查看服务器日志；它必须支持 TLS 1.2 或 1.3",
        },
    ),
    (
        "tls.authority_as_server",
        Chinese {
            cause: "服务器把 CA 证书（`CA:TRUE`）当作自己的证书",
            fix: "给服务器签发单独的证书（`CA:FALSE`）",
        },
    ),
    (
        "tls.unknown_issuer",
        Chinese {
            cause: "本机不信任服务器证书的签发者",
            fix: "发送完整的证书链，并使用公共 CA 的证书",
        },
    ),
    (
        "verify.no_signing_key",
        Chinese {
            cause: "Standard Webhooks 总是带签名的",
            fix: "用 `--signing-key whsec_…` 给出端点的签名密钥",
        },
    ),
];
