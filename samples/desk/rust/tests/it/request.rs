//! Requests as the platform makes them, and wrong in one thing.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};

pub(crate) const SDK_APP_ID: &str = "1400000000";
pub(crate) const TOKEN: &str = "xxxxyyyy";
pub(crate) const INVOCATION: &str = "Chatbot.InterfaceInvocation";

/// One request; what it has is changed before it is written.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl Request {
    /// A signed call of this command with this body.
    pub(crate) fn new(path: &'static str, command: &str, body: &str) -> Self {
        let time = now_seconds().to_string();
        let query = vec![
            ("SdkAppid", SDK_APP_ID.to_owned()),
            ("CallbackCommand", command.to_owned()),
            ("contenttype", "json".to_owned()),
            ("ClientIP", "127.0.0.1".to_owned()),
            ("OptPlatform", "Unknown".to_owned()),
            ("Sign", sign(TOKEN, &time)),
            ("RequestTime", time),
        ];
        Self {
            method: "POST",
            path,
            query,
            headers: vec![format!("Content-Length: {}", body.len())],
            body: body.to_owned(),
        }
    }

    /// An API-call node with these inputs, as JSON.
    pub(crate) fn asking(inputs: &str) -> Self {
        Self::asking_with(&format!(
            r#"{{"CallbackCommand":"{INVOCATION}","Body":{inputs},"EventTime":1731488371784}}"#
        ))
    }

    /// An API-call node with this body.
    pub(crate) fn asking_with(body: &str) -> Self {
        Self::new("/order-status", INVOCATION, body)
    }

    /// The node of the manual's example.
    pub(crate) fn example() -> Self {
        Self::asking(r#"{"SystemClientUserID":"user517","OrderID":"12345","type":"1"}"#)
    }

    /// With another value of a parameter, or with the parameter.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.query.retain(|(key, _)| *key != name);
        self.query.push((name, value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.query.retain(|(key, _)| *key != name);
        self
    }

    /// Signed with this token so many seconds from now.
    pub(crate) fn signed(self, token: &str, seconds_from_now: i64) -> Self {
        let time = (now_seconds() + seconds_from_now).to_string();
        let sign = sign(token, &time);
        self.with("Sign", &sign).with("RequestTime", &time)
    }

    /// The bytes, and the end of the connection after the answer.
    pub(crate) fn last(mut self) -> Vec<u8> {
        self.headers.push("Connection: close".to_owned());
        self.bytes()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let query: Vec<_> = self
            .query
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let mut text = format!(
            "{} {}?{} HTTP/1.1\r\n",
            self.method,
            self.path,
            query.join("&")
        );
        for header in
            std::iter::once("Host: shop.example").chain(self.headers.iter().map(|it| &**it))
        {
            write!(text, "{header}\r\n").unwrap();
        }
        format!("{text}\r\n{}", self.body).into_bytes()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the programs compare with the real clock"
)]
fn now_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

fn sign(token: &str, request_time: &str) -> String {
    let hash = digest(&SHA256, format!("{token}{request_time}").as_bytes());
    hash.as_ref().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// The pair that the platform's page prints; all other tests stand on it.
#[test]
fn the_tests_sign_as_the_platform_does() {
    assert_eq!(
        sign("xxxxyyyy", "1669872112"),
        "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061"
    );
}
