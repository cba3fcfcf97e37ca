//! Which headers are kept with an event, and which are never shown.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Kept with every event: what it was, who sent it, and the platform's own request id.
const KEPT: [HeaderName; 6] = [
    HeaderName::from_static("content-type"),
    HeaderName::from_static("user-agent"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-lark-request-timestamp"),
    HeaderName::from_static("webhook-id"),
    HeaderName::from_static("webhook-timestamp"),
];

/// Words that make a header a credential, wherever they stand in its name.
const CREDENTIAL_WORDS: [&str; 9] = [
    "auth",
    "cookie",
    "credential",
    "key",
    "nonce",
    "password",
    "secret",
    "signature",
    "token",
];

/// Whether the value of this header is never kept or shown (design, section 4, number 7).
pub(crate) fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    CREDENTIAL_WORDS.iter().any(|word| name.contains(word))
}

/// The allow-listed headers of a request as a JSON object, for the event row.
pub(crate) fn kept(headers: &HeaderMap, more: &[HeaderName]) -> Option<String> {
    let mut object = String::new();
    for name in KEPT.iter().chain(more) {
        let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) else {
            continue;
        };
        // Written by hand, as it stands on the way of every event; a header's name needs no escaping.
        object.push(if object.is_empty() { '{' } else { ',' });
        object.push('"');
        object.push_str(name.as_str());
        object.push_str("\":");
        object.push_str(&serde_json::to_string(value).ok()?);
    }
    if object.is_empty() {
        return None;
    }
    object.push('}');
    Some(object)
}

/// What a platform signs with: passed on with the original bytes, so that the signature still fits.
const SIGNING: [&str; 2] = ["webhook-", "x-lark-"];

/// The headers that go on with the original bytes to an endpoint that wants them.
pub(crate) fn original(headers: &HeaderMap, more: &[HeaderName]) -> Vec<(String, String)> {
    let goes_on = |name: &HeaderName| {
        let signs = SIGNING
            .iter()
            .any(|prefix| name.as_str().starts_with(prefix));
        signs || KEPT.contains(name) || more.contains(name)
    };
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let kept = headers.iter().filter(|(name, _)| goes_on(name));
    kept.filter_map(text).collect()
}

/// Every header for a person to look at, the values of credentials left out.
pub(crate) fn shown(headers: &HeaderMap) -> serde_json::Map<String, serde_json::Value> {
    let mut object = serde_json::Map::new();
    for name in headers.keys() {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        let text = if is_credential(name.as_str()) {
            "…".to_owned()
        } else {
            let texts = values
                .iter()
                .map(|value| String::from_utf8_lossy(value.as_bytes()));
            texts.collect::<Vec<_>>().join(", ")
        };
        object.insert(name.as_str().to_owned(), text.into());
    }
    object
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn kept_headers_are_a_json_object_without_credentials() {
        let mut headers = HeaderMap::new();
        assert_eq!(kept(&headers, &[]), None);
        for (name, value) in [
            ("user-agent", "a \"quoted\" \\ agent"),
            ("x-lark-signature", "00"),
            ("x-unit", "eu"),
            ("content-type", "text/plain"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let kept = kept(&headers, &[HeaderName::from_static("x-unit")]).unwrap();
        let object: serde_json::Value = serde_json::from_str(&kept).unwrap();
        let expected = serde_json::json!({
            "content-type": "text/plain", "user-agent": "a \"quoted\" \\ agent", "x-unit": "eu",
        });
        assert_eq!(object, expected);
    }

    #[test]
    fn what_names_a_credential_is_one() {
        let credentials = [
            "Authorization",
            "Proxy-Authorization",
            "Cookie",
            "Set-Cookie",
            "X-Api-Key",
            "X-Lark-Signature",
            "X-Lark-Request-Nonce",
            "webhook-signature",
            "X-Auth-Token",
        ];
        assert!(credentials.iter().all(|name| is_credential(name)));
        assert!(!KEPT.iter().any(|name| is_credential(name.as_str())));
    }
}
