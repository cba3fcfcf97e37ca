//! Data-callback URLs.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::peer::callback_server;
use super::{APP, audit, corp_and_app};
use crate::business::{Business, Manner};
use crate::stage::Stage;

const TOKEN: &str = "QDG6eK";
const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

#[tokio::test]
async fn a_callback_url_is_saved_only_after_the_check() {
    let stage = Stage::new().await;
    corp_and_app(&stage).await;
    let put = format!("{APP}/callback-url");
    let url = callback_server(TOKEN, KEY, "ww0123456789abcdef").await;
    let deaf = Business::start(Manner::Answer(200, "success")).await;
    let other_key = KEY.replace('j', "k");
    let wrong = [
        json!({ "url": deaf.url, "token": TOKEN, "encoding_aes_key": KEY }),
        json!({ "url": url, "token": "another", "encoding_aes_key": KEY }),
        json!({ "url": url, "token": TOKEN, "encoding_aes_key": other_key }),
        // Made ones are not known to the server.
        json!({ "url": url }),
    ];
    let mut shown = Vec::new();
    for callback in wrong {
        let refused = stage.api(Method::PUT, &put, callback).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        shown.push(refused.problem());
    }
    insta::assert_snapshot!(shown.join("\n"));
    assert_eq!(stage.get(APP).await["callback_url"], Value::Null);

    let right = json!({ "url": url, "token": TOKEN, "encoding_aes_key": KEY });
    let saved = stage.done(Method::PUT, &put, right).await;
    assert_eq!(saved["callback_url"], url.as_str());
    // Those that are saved hold on where none are given.
    let moved = json!({ "url": format!("{url}callbacks?key=s3cret") });
    stage.done(Method::PUT, &put, moved).await;
    let credentials = stage.get(&format!("{APP}/credentials")).await;
    assert_eq!(
        (&credentials["token"], &credentials["encoding_aes_key"]),
        (&json!(TOKEN), &json!(KEY))
    );

    let cleared = stage.done(Method::DELETE, &put, Value::Null).await;
    assert_eq!(cleared["callback_url"], Value::Null);
    let audit = audit(&stage).await;
    for secret in [TOKEN, KEY, "s3cret"] {
        assert!(!audit.contains(secret), "{audit}");
    }
}
