//! An event that fails, climbs its ladder, dies, is found in the log and delivered again.

use axum::http::{Method, StatusCode};
use ringback_types::Role;
use serde_json::{Value, json};

use crate::business::{Business, Manner};
use crate::stage::{SIGNING_KEY, Stage};

async fn endpoint(stage: &Stage, business: &Business, name: &str, types: &[&str]) {
    let policy = json!({ "ladder_ms": [60_000], "jitter_percent": 0 });
    let new = json!({
        "name": name, "url": business.url, "dialect": "standard", "key": SIGNING_KEY,
        "types": types, "policy": policy,
    });
    stage.post("endpoints", new).await;
}

async fn ids(stage: &Stage, query: &str) -> Vec<String> {
    let page = stage.get(&format!("log{query}")).await;
    let entries = page["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["platform_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_failing_delivery_dies_is_found_and_is_delivered_again() {
    let stage = Stage::new().await;
    stage.hooks().await;
    let business = Business::start(Manner::Answer(500, "no")).await;
    endpoint(&stage, &business, "billing", &["order.*"]).await;
    let push = json!({ "type": "order.paid", "note": "a \"quoted\" word" });
    assert_eq!(
        stage.push("msg_1", &push).await.unwrap().status,
        StatusCode::OK
    );
    assert_eq!(
        stage
            .push("msg_2", &json!({ "type": "user.left" }))
            .await
            .unwrap()
            .status,
        StatusCode::OK
    );
    stage.engine.quiet().await;

    let advanced = stage
        .post("clock/advance", json!({ "by_ms": 120_000 }))
        .await;
    insta::assert_json_snapshot!(advanced, { ".now" => "[time]" });

    let page = stage.get("log?state=dead").await;
    insta::assert_json_snapshot!(page, {
        ".entries[].time" => "[time]", ".entries[].event" => "[event]",
        ".entries[].delivery" => "[delivery]", ".looked_back_to" => "[time]",
    });
    let delivery = page["entries"][0]["delivery"].as_str().unwrap().to_owned();
    let event = page["entries"][0]["event"].as_str().unwrap().to_owned();

    let detail = stage.get(&format!("log/{delivery}")).await;
    insta::assert_json_snapshot!(detail, {
        ".time" => "[time]", ".event" => "[event]", ".delivery" => "[delivery]",
        ".headers[\"webhook-timestamp\"]" => "[seconds]",
        ".attempts_made[].delivery" => "[delivery]", ".attempts_made[].started_at" => "[time]",
        ".attempts_made[].duration_us" => "[us]", ".attempts_made[].target" => "[target]",
        ".attempts_made[].request_headers[\"webhook-timestamp\"]" => "[seconds]",
        ".attempts_made[].request_headers[\"webhook-id\"]" => "[event]",
        ".attempts_made[].response_headers.date" => "[date]",
    });
    let of_event = stage.get(&format!("log/{event}")).await;
    assert_eq!(of_event["deliveries"][0]["delivery"], delivery.as_str());
    assert_eq!(of_event["attempts_made"], detail["attempts_made"]);

    let viewer = stage.token("viewer", Role::Viewer).await;
    let seen = stage
        .api_as(
            &viewer,
            Method::GET,
            &format!("log/{delivery}"),
            Value::Null,
        )
        .await
        .json();
    assert_eq!(seen["body"], Value::Null);
    assert_eq!(seen["attempts_made"][0]["response_body"], Value::Null);
    assert_eq!(seen["attempts_made"][0]["status"], 500);

    business.behave(Manner::Answer(200, ""));
    let dry = stage
        .post(
            "replay",
            json!({ "filter": { "state": "dead" }, "dry_run": true }),
        )
        .await;
    assert_eq!(
        (&dry["chosen"], &dry["replayed"]),
        (&json!([delivery]), &json!([]))
    );
    assert_eq!(business.got().len(), 2);
    let replayed = stage.post("replay", json!({ "ids": [event] })).await;
    stage.engine.quiet().await;
    let again = replayed["replayed"][0]["delivery"].as_str().unwrap();
    let shown = stage.get(&format!("log/{again}")).await;
    assert_eq!(
        (&shown["state"], &shown["replay_of"]),
        (&json!("delivered"), &json!(delivery))
    );
    let got = business.got();
    assert_eq!(got.len(), 3);
    assert_eq!(
        got[2].0["webhook-id"], got[0].0["webhook-id"],
        "the same event, signed afresh"
    );
    assert_eq!(got[2].1, got[0].1);
}

#[tokio::test]
async fn the_log_is_searched_by_everything_it_shows() {
    let stage = Stage::new().await;
    stage.hooks().await;
    let business = Business::start(Manner::Answer(200, "")).await;
    endpoint(&stage, &business, "orders", &["order.*"]).await;
    for (id, body) in [
        ("msg_1", json!({ "type": "order.paid", "name": "张三" })),
        (
            "msg_2",
            json!({ "type": "order.sent", "note": "line\nbreak" }),
        ),
        ("msg_3", json!({ "type": "user.left" })),
    ] {
        assert_eq!(stage.push(id, &body).await.unwrap().status, StatusCode::OK);
        stage
            .post("clock/advance", json!({ "by_ms": 60_000 }))
            .await;
    }
    let event = stage.get("log?id=msg_1").await["entries"][0]["event"]
        .as_str()
        .unwrap()
        .to_owned();
    let second = stage.get("log?id=msg_2").await["entries"][0]["time"]
        .as_str()
        .unwrap()
        .to_owned();
    for (query, found) in [
        (String::new(), &["msg_3", "msg_2", "msg_1"][..]),
        ("?type=order.paid".to_owned(), &["msg_1"]),
        ("?source=hooks&limit=1".to_owned(), &["msg_3"]),
        ("?endpoint=orders".to_owned(), &["msg_2", "msg_1"]),
        ("?state=delivered,dead".to_owned(), &["msg_2", "msg_1"]),
        ("?status=200".to_owned(), &["msg_2", "msg_1"]),
        ("?status=500".to_owned(), &[]),
        ("?retries_min=1".to_owned(), &[]),
        ("?reason=exhausted".to_owned(), &[]),
        (format!("?since={second}"), &["msg_3", "msg_2"]),
        (format!("?until={second}"), &["msg_1"]),
        ("?text=%E5%BC%A0%E4%B8%89".to_owned(), &["msg_1"]),
        ("?text=line%0Abreak".to_owned(), &["msg_2"]),
        (format!("?id={event}"), &["msg_1"]),
    ] {
        assert_eq!(ids(&stage, &query).await, found, "{query}");
    }
    let first = stage.get("log?limit=2").await;
    assert_eq!(first["complete"], true);
    let next = first["next"].as_str().unwrap();
    assert_eq!(
        ids(&stage, &format!("?limit=2&before={next}")).await,
        ["msg_1"]
    );

    let mut problems = Vec::new();
    for query in [
        "?state=lost",
        "?since=yesterday",
        "?before=x",
        "?color=red",
        "?status=many",
        "?source=nobody",
        "?id=evt_0000000000000",
    ] {
        problems.push(format!(
            "{query}: {}",
            stage
                .api(Method::GET, &format!("log{query}"), Value::Null)
                .await
                .problem()
        ));
    }
    for body in [
        json!({}),
        json!({ "ids": ["x"] }),
        json!({ "ids": ["dlv_0000000000000"], "filter": {} }),
        json!({ "filter": {}, "to": "nobody" }),
    ] {
        problems.push(format!(
            "replay {body}: {}",
            stage
                .api(Method::POST, "replay", body.clone())
                .await
                .problem()
        ));
    }
    insta::assert_snapshot!(problems.join("\n"));
}

#[tokio::test]
async fn what_waits_can_be_cancelled_and_what_is_final_cannot() {
    let stage = Stage::new().await;
    stage.hooks().await;
    let business = Business::start(Manner::Answer(200, "")).await;
    endpoint(&stage, &business, "billing", &[]).await;
    stage.post("endpoints/billing/pause", json!({})).await;
    stage
        .push("msg_1", &json!({ "type": "order.paid" }))
        .await
        .unwrap();
    // Recorded as due, but nothing will try it before the endpoint is open again.
    let due = stage.get("log?state=due").await;
    assert_eq!(due["entries"], json!([]));
    let held = stage.get("log?state=held").await["entries"][0].take();
    assert_eq!(
        (&held["state"], &held["reason"]),
        (&json!("held"), &json!("paused"))
    );
    let delivery = held["delivery"].as_str().unwrap().to_owned();
    let path = format!("deliveries/{delivery}/cancel");
    assert_eq!(
        stage.post(&path, json!({})).await,
        json!({ "delivery": delivery })
    );
    let mut problems = vec![stage.api(Method::POST, &path, json!({})).await.problem()];
    for id in ["nonsense", "dlv_0000000000000"] {
        problems.push(
            stage
                .api(Method::POST, &format!("deliveries/{id}/cancel"), json!({}))
                .await
                .problem(),
        );
    }
    insta::assert_snapshot!(problems.join("\n"));
    stage.post("endpoints/billing/resume", json!({})).await;
    stage.engine.quiet().await;
    assert!(business.got().is_empty());
}
