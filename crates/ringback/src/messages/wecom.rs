//! What is said of WeCom's callbacks in Chinese, by code.

use super::Chinese;

/// Code → cause and fix.
pub(crate) const TABLE: &[(&str, Chinese)] = &[
    (
        "wecom.key_length",
        Chinese {
            cause: "EncodingAESKey 不是 43 个字符",
            fix: "从应用的回调配置页复制：43 个字母和数字，不带 `=`",
        },
    ),
    (
        "wecom.key_base64",
        Chinese {
            cause: "EncodingAESKey 里有字母和数字以外的字符",
            fix: "从应用的回调配置页复制：43 个字母和数字，不带 `=`",
        },
    ),
    (
        "verify.no_wecom_secrets",
        Chinese {
            cause: "企业微信的 URL 校验总是签名并加密的",
            fix: "用 `--token`、`--encoding-aes-key` 和 `--receive-id` 给出回调配置页上的值",
        },
    ),
    (
        "wecom.challenge_redirect",
        Chinese {
            cause: "返回了重定向，平台不会跟随",
            fix: "直接填写重定向后的网址",
        },
    ),
    (
        "wecom.challenge_method_not_allowed",
        Chinese {
            cause: "返回 405：这个路径没有处理 GET",
            fix: "同一个路径要同时处理 GET（校验网址）和 POST（接收事件）",
        },
    ),
    (
        "wecom.challenge_signature_refused",
        Chinese {
            cause: "服务器认为签名不对",
            fix: "把回调配置页的 Token 配到服务器上，并用 URL 解码后的 `echostr` 计算签名：`%2B` 是 `+`，`%3D` 是 `=`",
        },
    ),
    (
        "wecom.challenge_receive_id_refused",
        Chinese {
            cause: "服务器认为 receive id 不对",
            fix: "服务器上的 receive id 应为企业的 corpid；第三方套件的回调用 suiteid",
        },
    ),
    (
        "wecom.challenge_not_decrypted",
        Chinese {
            cause: "服务器无法解密 `echostr`",
            fix: "把回调配置页的 EncodingAESKey 配到服务器上：43 个字符后补 `=` 再解码，去掉 1 到 32 字节的填充",
        },
    ),
    (
        "wecom.challenge_html_status",
        Chinese {
            cause: "返回了出错的 HTML 页面",
            fix: "请求没有到达你的程序（登录页、隧道提示页、代理）：放行 GET，并检查路径",
        },
    ),
    (
        "wecom.challenge_status",
        Chinese {
            cause: "状态码不是 200",
            fix: "检查路径，并让它对 GET 返回 200 和解密后的明文",
        },
    ),
    (
        "wecom.challenge_empty",
        Chinese {
            cause: "应答是空的",
            fix: "返回解密后的 `echostr`，只返回 200 不够",
        },
    ),
    (
        "wecom.challenge_html",
        Chinese {
            cause: "返回的是 HTML 页面",
            fix: "请求没有到达你的程序（登录页、隧道提示页、代理）：放行 GET，并检查路径",
        },
    ),
    (
        "wecom.challenge_byte_order_mark",
        Chinese {
            cause: "应答开头有 BOM",
            fix: "用不带 BOM 的 UTF-8 返回",
        },
    ),
    (
        "wecom.challenge_quotes",
        Chinese {
            cause: "明文两边多了引号",
            fix: "直接返回明文，不要当作 JSON 字符串返回",
        },
    ),
    (
        "wecom.challenge_whitespace",
        Chinese {
            cause: "明文前后多了换行或空格",
            fix: "原样返回明文，不要带换行或空格",
        },
    ),
    (
        "wecom.challenge_encrypted",
        Chinese {
            cause: "把加密的 `echostr` 原样返回了",
            fix: "用 EncodingAESKey 解密 `echostr`，返回里面的明文",
        },
    ),
    (
        "wecom.challenge_not_cut",
        Chinese {
            cause: "返回的不只是明文，还有解密后的其他字节",
            fix: "去掉 16 个随机字节、4 字节长度和末尾的 receive id，只返回中间的明文",
        },
    ),
    (
        "wecom.challenge_wrapped",
        Chinese {
            cause: "明文被包在 JSON 或 XML 里",
            fix: "只返回明文本身",
        },
    ),
    (
        "wecom.challenge_wrong",
        Chinese {
            cause: "返回的不是这次的明文",
            fix: "返回这次请求的 `echostr` 解密后的明文，不要缓存",
        },
    ),
    (
        "verify.echo_not_decoded",
        Chinese {
            cause: "`echostr` 不需要 URL 解码时能通过：服务器没有做 URL 解码",
            fix: "先对参数做一次 URL 解码，再验签和解密：`%2B` 是 `+`，`%2F` 是 `/`，`%3D` 是 `=`",
        },
    ),
    (
        "verify.echo_decoded_twice",
        Chinese {
            cause: "`echostr` 里没有 `+` 时能通过：服务器做了两次 URL 解码，把 `+` 变成了空格",
            fix: "只做一次 URL 解码；多数框架已经做过了",
        },
    ),
    (
        "verify.callback_refused",
        Chinese {
            cause: "正确的回调没有得到 200，平台会再次发送",
            fix: "5 秒内对每个回调返回 200，没有处理程序的也一样",
        },
    ),
];
