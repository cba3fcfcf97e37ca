//! Corps, apps and programs from their making to their end.

use axum::http::{Method, StatusCode};
use ringback_types::Role;
use serde_json::{Value, json};

use super::{APP, CORP, PROGRAM, audit, corp_and_app, echo_at};
use crate::stage::Stage;

#[tokio::test]
async fn a_program_goes_from_draft_to_an_app_that_is_submitted() {
    let stage = Stage::new().await;
    corp_and_app(&stage).await;
    let kind = json!({ "kind": "third_party", "install": "full" });
    stage.done(Method::PATCH, APP, kind).await;
    let made = stage
        .done(
            Method::PUT,
            "wecom/programs",
            echo_at("http://127.0.0.1:9/?key=s3cret"),
        )
        .await;
    insta::assert_json_snapshot!("made", made, { ".created_at" => "[time]" });

    // One that is not online is for tests only.
    let (associate, submit) = (
        format!("{APP}/programs/progEcho"),
        format!("{PROGRAM}/submit"),
    );
    let early = stage.api(Method::PUT, &associate, Value::Null).await;
    assert_eq!(early.json()["code"], "zone.program_not_online");
    let mut states = Vec::new();
    let steps = [
        (submit.as_str(), Value::Null),
        (&format!("{PROGRAM}/review"), json!({ "approved": false })),
        (&submit, Value::Null),
        (&format!("{PROGRAM}/review"), json!({ "approved": true })),
        (&format!("{PROGRAM}/deploy"), json!({})),
        (&format!("{PROGRAM}/undeploy"), Value::Null),
        (
            &format!("{PROGRAM}/deploy"),
            json!({ "host": { "kind": "url", "urls": ["http://127.0.0.1:9/", "http://127.0.0.1:10/"] } }),
        ),
        (&format!("{PROGRAM}/rotate"), Value::Null),
    ];
    for (path, body) in steps {
        states.push(stage.post(path, body).await["state"].clone());
    }
    assert_eq!(
        json!(states),
        json!([
            "in_review",
            "draft",
            "in_review",
            "approved",
            "deployed",
            "approved",
            "deployed",
            "deployed"
        ])
    );
    stage.done(Method::PUT, &associate, Value::Null).await;
    let receiving = json!({ "program_id": "progEcho" });
    let receive = format!("{APP}/receiving-program");
    stage.done(Method::PUT, &receive, receiving).await;
    let level = json!({ "level": "debug" });
    stage
        .done(Method::PUT, &format!("{PROGRAM}/log-level"), level)
        .await;
    let app = stage.post(&format!("{APP}/submit"), Value::Null).await;
    insta::assert_json_snapshot!("app", app, { ".created_at" => "[time]", ".id" => "[id]" });
    let program = stage.get(PROGRAM).await;
    assert_eq!(program["apps"], json!(["ww0123456789abcdef/1000002"]));
    assert_eq!(program["log_level"], "debug");
    insta::assert_json_snapshot!("instances", program["instances"]);
    insta::assert_json_snapshot!("corp", stage.get(CORP).await, { ".created_at" => "[time]" });

    // What is in use is not deleted; in the right order all of it goes.
    for used in [CORP, PROGRAM] {
        let refused = stage.api(Method::DELETE, used, Value::Null).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert_eq!(refused.json()["code"], "zone.in_use", "{used}");
    }
    for gone in [&associate, APP, PROGRAM, CORP] {
        stage.done(Method::DELETE, gone, Value::Null).await;
    }
    for list in ["wecom/corps", "wecom/apps", "wecom/programs"] {
        assert_eq!(stage.get(list).await, json!([]), "{list}");
    }
    insta::assert_snapshot!("audit", audit(&stage).await);
}

#[tokio::test]
async fn secrets_are_for_admins_and_stand_nowhere_else() {
    let stage = Stage::new().await;
    corp_and_app(&stage).await;
    let url = "http://127.0.0.1:9/?key=s3cret";
    stage
        .done(Method::PUT, "wecom/programs", echo_at(url))
        .await;
    let debug = json!({ "url": url });
    stage
        .done(Method::PUT, &format!("{PROGRAM}/debug-url"), debug)
        .await;
    let rotated = json!({ "secret": "another-secret-0123456789" });
    stage.post(&format!("{APP}/rotate"), rotated).await;
    let of_app = stage.get(&format!("{APP}/credentials")).await;
    assert_eq!(
        of_app,
        json!({
            "corpid": "ww0123456789abcdef", "agentid": 1_000_002,
            "corpsecret": "another-secret-0123456789", "token": null, "encoding_aes_key": null,
        })
    );
    let file = stage
        .get(&format!("{PROGRAM}/instances/1/credentials"))
        .await;
    assert_eq!(file["key_id"], "progEcho/1");
    let secret = file["versions"][0]["secret"].as_str().unwrap();

    let mut shown = audit(&stage).await;
    assert!(
        shown.contains("zone_program.credentials progEcho/1"),
        "{shown}"
    );
    let viewer = stage.token("viewer", Role::Viewer).await;
    for path in ["wecom/corps", "wecom/apps", "wecom/programs", APP, PROGRAM] {
        let seen = stage.api_as(&viewer, Method::GET, path, Value::Null).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        shown += &seen.body;
    }
    for secret in ["corp-secret", "another-secret", "s3cret", secret] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[tokio::test]
async fn each_role_may_do_in_the_zone_what_its_page_says() {
    let stage = Stage::new().await;
    corp_and_app(&stage).await;
    let url = "http://127.0.0.1:9/";
    stage
        .done(Method::PUT, "wecom/programs", echo_at(url))
        .await;
    let credentials = format!("{APP}/credentials");
    let (rotate, rotate_program) = (format!("{APP}/rotate"), format!("{PROGRAM}/rotate"));
    let file = format!("{PROGRAM}/instances/1/credentials");
    let (output, logs) = (
        format!("{PROGRAM}/instances/1/output"),
        format!("{PROGRAM}/logs"),
    );
    let debug = format!("{PROGRAM}/debug-credential");
    let call = json!({ "program_id": "progEcho", "ability_id": "echo", "request_data": "{}" });
    let requests = [
        (Method::GET, "wecom/fixtures", Value::Null, Role::Viewer),
        (Method::GET, &logs, Value::Null, Role::Viewer),
        (Method::PATCH, CORP, json!({}), Role::Operator),
        (Method::PUT, "wecom/programs", echo_at(url), Role::Operator),
        (
            Method::POST,
            &debug,
            json!({ "confirm": true }),
            Role::Operator,
        ),
        (Method::POST, "wecom/call", call, Role::Operator),
        (Method::GET, &output, Value::Null, Role::Auditor),
        (Method::GET, &credentials, Value::Null, Role::Admin),
        (Method::POST, &rotate, json!({}), Role::Admin),
        (Method::POST, &rotate_program, Value::Null, Role::Admin),
        (Method::GET, &file, Value::Null, Role::Admin),
    ];
    for role in [Role::Viewer, Role::Operator, Role::Auditor, Role::Admin] {
        let token = stage.token(&format!("{role:?}"), role).await;
        for (method, path, body, needed) in &requests {
            let answer = stage
                .api_as(&token, method.clone(), path, body.clone())
                .await;
            let expected = if role >= *needed {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(answer.status, expected, "{role:?} {method} {path}");
        }
    }
}
