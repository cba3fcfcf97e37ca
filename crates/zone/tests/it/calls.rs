//! Synchronous calls: the checks in their order, the exchange, and the envelope to the byte.

use insta::assert_snapshot;
use ringback_zone::{AppChange, AppKind, NewCorp, Options};
use serde_json::json;

use crate::program::Running;
use crate::stage::{CORP, PROGRAM, Stage, abilities, another_app, data, program, quick};

#[tokio::test]
async fn a_call_reaches_the_program_and_its_answer_the_app() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    let body = json!({
        "program_id": PROGRAM, "ability_id": "echo", "request_data": r#"{"text":"你好"}"#,
    });
    assert_snapshot!(stage.raw("sync_call_program", &body.to_string()).await);
    let asked = running.asked().await;
    assert_eq!(
        (asked.corpid.as_str(), asked.agentid),
        ("wwcorp", stage.app.agentid)
    );
    assert_eq!((asked.ability_id.as_str(), asked.is_async), ("echo", false));
    assert_eq!(asked.data, r#"{"text":"你好"}"#);
}

/// Each check by itself, in the order in which they are made.
#[tokio::test]
async fn what_is_refused_names_its_code() {
    let stage = Stage::new().await;
    let _running = stage.with_program(Running::sample().await).await;
    stage
        .zone
        .put_program("ada", program("progDraft", abilities()))
        .await
        .unwrap();
    stage.associate("progDraft").await;
    stage
        .zone
        .put_program("ada", program("progForeign", abilities()))
        .await
        .unwrap();

    let call = |program_id: &str, ability_id: &str, data: &str| {
        json!({ "program_id": program_id, "ability_id": ability_id, "request_data": data })
            .to_string()
    };
    let deep = format!("{}1{}", "[".repeat(70), "]".repeat(70));
    let large = format!(r#"{{"text":"{}"}}"#, "a".repeat(1 << 20));
    let bodies = [
        ("not json", "nonsense".to_owned()),
        ("a wrong type", r#"{"program_id":1}"#.to_owned()),
        ("a missing parameter", r#"{"program_id":"progA","ability_id":"echo"}"#.to_owned()),
        ("a parameter twice", r#"{"program_id":"a","program_id":"b","ability_id":"","request_data":""}"#.to_owned()),
        ("an unknown program", call("nobody", "echo", "{}")),
        ("a foreign program", call("progForeign", "echo", "{}")),
        ("a draft", call("progDraft", "echo", "{}")),
        ("an unknown ability", call(PROGRAM, "nothing", "{}")),
        ("request_data that is no json", call(PROGRAM, "echo", "{")),
        ("request_data too deep", call(PROGRAM, "echo", &deep)),
        ("request_data too large", call(PROGRAM, "echo", &large)),
        ("an unknown key", call(PROGRAM, "echo", r#"{"txt":""}"#)),
        ("another type", call(PROGRAM, "echo", r#"{"text":1}"#)),
        ("another type in a list", call(PROGRAM, "echo", r#"{"list":[{"n":1},{"n":"1"}]}"#)),
        ("a key twice", call(PROGRAM, "echo", r#"{"text":"","text":""}"#)),
        ("an unknown notify id", json!({ "program_id": PROGRAM, "ability_id": "echo", "request_data": "{}", "notify_id": "n" }).to_string()),
    ];
    let mut told = Vec::new();
    for (what, body) in bodies {
        told.push(format!(
            "{what}: {}\n",
            stage.raw("sync_call_program", &body).await
        ));
    }
    assert_snapshot!(told.concat());
}

#[tokio::test]
async fn tokens_are_refused_by_their_own_codes() {
    let stage = Stage::new().await;
    let secret = stage.app.secret.expose_str().unwrap().to_owned();
    let mut told = Vec::new();
    for path in [
        "/cgi-bin/gettoken".to_owned(),
        "/cgi-bin/gettoken?corpid=wwcorp".to_owned(),
        format!("/cgi-bin/gettoken?corpid=nobody&corpsecret={secret}"),
        "/cgi-bin/gettoken?corpid=wwcorp&corpsecret=wrong".to_owned(),
    ] {
        let (status, answer) = stage.fetch(&path, None).await;
        told.push(format!("{status} {}\n", answer.replace(&secret, "SECRET")));
    }
    let token = stage.token_of(&stage.app).await;
    assert_eq!(
        token,
        stage.token_of(&stage.app).await,
        "one token until near its end"
    );
    for query in ["", "?access_token=forged"] {
        let path = format!("/cgi-bin/chatdata/get_log_level{query}");
        told.push(format!("{}\n", stage.fetch(&path, Some("{}")).await.1));
    }
    told.push(format!(
        "{}\n",
        stage.fetch("/cgi-bin/chatdata/get_log_level", None).await.1
    ));
    stage.advance(7_201).await;
    let path = format!("/cgi-bin/chatdata/get_log_level?access_token={token}");
    told.push(format!("{}\n", stage.fetch(&path, Some("{}")).await.1));
    let (corpid, agentid) = (&stage.app.corpid, stage.app.agentid);
    let change = |permission, enabled| AppChange {
        zone_permission: Some(permission),
        enabled: Some(enabled),
        ..AppChange::default()
    };
    let body = json!({ "program_id": PROGRAM }).to_string();
    let token = stage.token_of(&stage.app).await;
    let path = format!("/cgi-bin/chatdata/get_log_level?access_token={token}");
    for (permission, enabled) in [(false, true), (true, false)] {
        let changed = stage
            .zone
            .update_app("ada", corpid, agentid, change(permission, enabled));
        changed.await.unwrap();
        told.push(format!("{}\n", stage.fetch(&path, Some(&body)).await.1));
    }
    assert_snapshot!(told.concat());
}

#[tokio::test]
async fn limits_have_their_windows() {
    let options = Options {
        calls_per_minute: 2,
        ..Options::default()
    };
    let stage = Stage::with(options).await;
    let token = stage.token_of(&stage.app).await;
    let path = format!("/cgi-bin/chatdata/get_log_level?access_token={token}");
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(stage.fetch(&path, Some("{}")).await.1.contains("45009"));
    }
    stage.advance(60).await;
    codes.push(stage.fetch(&path, Some("{}")).await.1.contains("45009"));
    assert_eq!(codes, [false, false, true, false]);
}

#[tokio::test]
async fn a_program_has_the_limits_of_its_corp_apart_from_the_app() {
    let options = Options {
        calls_per_minute: 2,
        ..Options::default()
    };
    let stage = Stage::with(options).await;
    let running = stage.with_program(Running::sample().await).await;
    let client = running.speaks().client(CORP, stage.app.agentid, "", "");
    let (api, body) = ("get_hide_sensitiveinfo_config", r#"{"userid":"u"}"#);
    let mut codes = Vec::new();
    for _ in 0..3 {
        let answer = client.invoke(api, body).await.unwrap();
        codes.push(answer.contains("45009"));
    }
    codes.push(stage.raw(api, body).await.contains("45009"));
    assert_eq!(codes, [false, false, true, false]);
}

#[tokio::test]
async fn what_depends_on_the_kind_of_app_or_on_a_setting() {
    let options = Options {
        has_more_as_integer: true,
        ..Options::default()
    };
    let stage = Stage::with(options).await;
    let users = stage.api("get_auth_user_list", json!({})).await;
    assert_eq!(users["has_more"], 0);

    // A secret is good for its own corp alone.
    let corp = NewCorp {
        corpid: Some("wwother".to_owned()),
        ..NewCorp::default()
    };
    stage.zone.create_corp("ada", corp).await.unwrap();
    let secret = stage.app.secret.expose_str().unwrap();
    let path = format!("/cgi-bin/gettoken?corpid=wwother&corpsecret={secret}");
    let refused = stage.fetch(&path, None).await.1;
    assert!(refused.contains("\"errcode\":40091"), "{refused}");

    // The console does for a self-built app what others do by these.
    let change = AppChange {
        kind: Some(AppKind::SelfBuilt),
        ..AppChange::default()
    };
    let (corpid, agentid) = (&stage.app.corpid, stage.app.agentid);
    let changed = stage.zone.update_app("ada", corpid, agentid, change);
    changed.await.unwrap();
    let key = json!({ "public_key": "x", "public_key_ver": 1 });
    let codes = [
        stage.api("set_public_key", key).await["errcode"].clone(),
        stage.api("get_corp_auth_info", json!({})).await["errcode"].clone(),
    ];
    assert_eq!(codes, [48_002, 48_002]);
}

#[tokio::test]
async fn answers_are_checked_and_a_program_that_fails_is_told_apart() {
    let stage = Stage::new().await;
    let running = Running::start(|request| async move {
        match request.data.as_str() {
            r#"{"text":"key"}"# => Ok(r#"{"another":1}"#.to_owned()),
            r#"{"text":"json"}"# => Ok("not json".to_owned()),
            r#"{"text":"error"}"# => Err("on purpose".to_owned()),
            _ => std::future::pending().await,
        }
    })
    .await;
    let mut input = program(PROGRAM, abilities());
    input.settings = quick(300);
    stage.deployed(input.clone(), &[running.url()]).await;
    running.credentials(&stage.zone, PROGRAM, 1).await;
    let mut told = Vec::new();
    for text in ["key", "json", "error", "hang"] {
        told.push(format!(
            "{text}: {}\n",
            stage.call("echo", json!({ "text": text })).await
        ));
    }
    // Nobody listens there, and somebody who does not speak the channel.
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = axum::Router::new().route("/", axum::routing::post(|| async { "hello" }));
    let gone = axum::Router::new();
    for (what, router) in [
        ("plain", Some(plain)),
        ("404", Some(gone)),
        ("nobody", None),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        match router {
            Some(router) => crate::stage::serve(listener, router),
            None => drop(listener),
        }
        let host = ringback_zone::Host::Url {
            urls: vec![url.parse().unwrap()],
        };
        stage.zone.deploy("ada", PROGRAM, Some(host)).await.unwrap();
        told.push(format!("{what}: {}\n", stage.call("echo", json!({})).await));
    }
    drop(deaf);
    assert_snapshot!(told.concat());
}

#[tokio::test]
async fn more_calls_at_once_than_there_are_places_are_refused() {
    let stage = Stage::new().await;
    let running = Running::start(|_| std::future::pending()).await;
    let mut input = program(PROGRAM, abilities());
    input.settings = quick(400);
    input.settings.concurrent_calls = 1;
    stage.deployed(input, &[running.url()]).await;
    running.credentials(&stage.zone, PROGRAM, 1).await;
    let (first, second) = tokio::join!(stage.call("echo", json!({})), async {
        running.asked().await;
        stage.call("echo", json!({})).await
    });
    assert_eq!(
        (first["errcode"].as_i64(), second["errcode"].as_i64()),
        (Some(710_675), Some(45033))
    );
}

#[tokio::test]
async fn another_app_cannot_use_what_it_is_not_associated_with() {
    let stage = Stage::new().await;
    let _running = stage.with_program(Running::sample().await).await;
    let other = another_app(&stage.zone).await;
    let token = stage.token_of(&other).await;
    let path = format!("/cgi-bin/chatdata/sync_call_program?access_token={token}");
    let body = json!({ "program_id": PROGRAM, "ability_id": "echo", "request_data": "{}" });
    let (_, answer) = stage.fetch(&path, Some(&body.to_string())).await;
    assert!(answer.contains("790020"), "{answer}");
    let own = stage.call("echo", json!({ "text": "x" })).await;
    assert_eq!(data(&own)["echo"]["text"], "x");
}

#[tokio::test]
async fn the_rest_of_the_api_answers_in_the_sheets_shapes() {
    let stage = Stage::new().await;
    let _running = stage.with_program(Running::sample().await).await;
    let mut told = Vec::new();
    for (api, body) in [
        ("set_receive_callback", json!({ "program_id": PROGRAM })),
        ("set_receive_callback", json!({ "program_id": "nobody" })),
        (
            "set_log_level",
            json!({ "program_id": PROGRAM, "log_level": 3 }),
        ),
        (
            "set_log_level",
            json!({ "program_id": PROGRAM, "log_level": 4 }),
        ),
        ("get_log_level", json!({ "program_id": PROGRAM })),
        ("check_debug_mode", json!({ "program_id": PROGRAM })),
        ("close_debug_mode", json!({ "program_id": PROGRAM })),
        (
            "open_debug_mode",
            json!({ "program_id": PROGRAM, "debug_token": "x" }),
        ),
        (
            "set_public_key",
            json!({ "public_key": "x", "public_key_ver": 1 }),
        ),
        ("get_auth_user_list", json!({})),
        ("get_corp_auth_info", json!({})),
        (
            "set_hide_sensitiveinfo_config",
            json!({ "userid": "u", "config": { "hide_idcard": true } }),
        ),
        ("get_hide_sensitiveinfo_config", json!({ "userid": "u" })),
        ("async_program_result", json!({ "jobid": "nobody's" })),
    ] {
        told.push(format!(
            "{api}: {}\n",
            stage.raw(api, &body.to_string()).await
        ));
    }
    assert_snapshot!(told.concat());
}
