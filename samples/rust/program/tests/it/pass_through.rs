//! Abilities that hand their request on to an SDK API.

use ringback_dialect::zone::Outcome;
use serde_json::Value;

use crate::process::Program;
use crate::stub::{Answer, Stub, call, send};

#[tokio::test]
async fn every_form_reaches_the_api_with_the_request_to_the_letter() {
    let stub =
        Stub::answering(|one| Answer::Text(format!(r#"{{"errcode":0,"api":"{}"}}"#, one.api)))
            .await;
    let program = Program::start(&stub, &[]).await;
    let cases = [
        (
            "invoke_sync_msg",
            r#"{"cursor": "c","limit":2}"#,
            "sync_msg",
            r#"{"cursor": "c","limit":2}"#,
        ),
        ("invoke_search_msg", "{}", "search_msg", "{}"),
        (
            "pull_messages",
            r#"{"token":"t"}"#,
            "sync_msg",
            r#"{"token":"t"}"#,
        ),
        (
            "python",
            r#"{"input":{"func":"sync_msg","func_req":{"limit": 1}}}"#,
            "sync_msg",
            r#"{"limit": 1}"#,
        ),
        (
            "python",
            r#"{"input":{"func":"knowledge_base_list"}}"#,
            "knowledge_base_list",
            "{}",
        ),
    ];
    for (ability, data, api, request) in cases {
        let (outcome, text) = stub.ask(&program.url, &call(ability, data)).await;
        assert_eq!(outcome, Outcome::Ok);
        assert_eq!(text, format!(r#"{{"errcode":0,"api":"{api}"}}"#));
        let invoked = stub.invoked();
        assert_eq!(invoked[0].api, api);
        assert_eq!(invoked[0].frame.request, request);
        assert_eq!(invoked[0].frame.ability_id, ability);
        assert_eq!(invoked[0].frame.agentid, 1_000_001);
    }
}

#[tokio::test]
async fn what_fails_inside_the_program_is_710660_in_the_answer() {
    let stub = Stub::answering(|_| Answer::Refuse(-10006)).await;
    let program = Program::start(&stub, &[]).await;
    let cases = [
        ("invoke_old_name", "{}", "-10006"),
        ("invoke_../open", "{}", "cannot be the name of an API"),
        ("invoke_sync_msg", "{", "-10009"),
        ("nobody", "{}", "there is no ability `nobody`"),
        ("summarize", "{}", "the input is not"),
    ];
    for (ability, data, message) in cases {
        let (outcome, text) = stub.ask(&program.url, &call(ability, data)).await;
        assert_eq!(outcome, Outcome::Ok);
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["errcode"], 710_660, "{text}");
        assert!(
            answer["errmsg"].as_str().unwrap().contains(message),
            "{text}"
        );
    }
}

#[tokio::test]
async fn curl_is_told_what_to_do() {
    let stub = Stub::new().await;
    let program = Program::start(&stub, &[]).await;
    let (status, _, body) = send(&program.url, &axum::http::HeaderMap::new(), "{}".into()).await;
    assert_eq!(status, 200);
    assert!(String::from_utf8_lossy(&body).contains("ringback call PROGRAM ABILITY JSON"));
    assert!(program.terminate().success());
}
