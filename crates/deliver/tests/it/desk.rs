//! Desk's words, and endpoints that a person made in its dialect.

use std::time::Duration;

use bytes::Bytes;
use ringback_deliver::{
    Arrival, Call, DESK_RETRY_LADDER_MS, EndpointDialect, NewEndpoint, OrderBy, PauseReason,
    Policy, PolicyChange,
};
use ringback_dialect::desk::{self, Command};
use ringback_types::{Deadline, EndpointId, Secret};

use crate::house::{House, Receiver, Reply, arrival, source, standard};

const TOKEN: &str = "xxxxyyyy";
const OK: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}"#;

fn desk(name: &str, url: &str) -> NewEndpoint {
    NewEndpoint {
        dialect: EndpointDialect::Desk,
        key: None,
        token: Some(Secret::from(TOKEN)),
        policy: PolicyChange::default(),
        ..standard(name, url)
    }
}

fn told(dedupe_key: &str) -> Arrival {
    Arrival {
        app: Some("1400000000".to_owned()),
        dedupe_key: Some(dedupe_key.to_owned()),
        ..arrival(Command::TaskFlowEventNotify.as_str())
    }
}

fn call(endpoint: EndpointId) -> Call {
    Call {
        source: source(),
        event_type: Command::InterfaceInvocation.as_str().to_owned(),
        app: Some("1400000000".to_owned()),
        headers: None,
        body: Bytes::from_static(br#"{"Body":{}}"#),
        raw: None,
        endpoint,
        deadline: Deadline::after(Duration::from_secs(30)),
        permit: None,
    }
}

async fn receiver() -> Receiver {
    Receiver::new(Reply::With(200, Vec::new(), OK.into())).await
}

#[tokio::test]
async fn endpoints_of_before_outlive_desks_words() {
    let house = House::at_step(2).await;
    let receiver = receiver().await;
    let endpoint = house.endpoint(standard("biz", &receiver.url())).await;
    let endpoints = house.engine.endpoints();
    let asked = PauseReason::Asked;
    endpoints.pause("ada", endpoint.id, asked).await.unwrap();
    let refused = endpoints.create("ada", desk("bot", &receiver.url())).await;
    assert!(refused.is_err(), "the word is not known yet");

    let house = house.restarted().await;
    let found = house.engine.endpoints().by_name("biz").unwrap();
    assert_eq!(found.id, endpoint.id);
    assert_eq!(found.secrets, endpoint.secrets);
    assert_eq!(found.paused, Some(asked));
    let made = house.endpoint(desk("bot", &receiver.url())).await;
    let house = house.restarted().await;
    let found = house.engine.endpoints().by_id(made.id).unwrap();
    assert_eq!(found.dialect, EndpointDialect::Desk);
    assert_eq!(found.policy, made.policy);
}

/// Behind the URL's own query, in the app's name, under the id that the event came with.
#[tokio::test]
async fn an_event_is_signed_and_named_in_the_query() {
    let house = House::new().await;
    let receiver = receiver().await;
    let url = format!("{}?tenant=1", receiver.url());
    house.endpoint(desk("bot", &url)).await;
    house.deliver(told("the/id of the request")).await;
    let made = house.deliver(told("execution:cf634425:1")).await;
    let queries: Vec<String> = receiver
        .got()
        .into_iter()
        .filter_map(|got| got.query)
        .collect();
    let event = made.event.to_string();
    for (query, request_id) in queries
        .iter()
        .zip(["the%2Fid%20of%20the%20request", &event])
    {
        let (rest, time) = query.rsplit_once("&RequestTime=").unwrap();
        let sign = desk::sign(&Secret::from(TOKEN), time);
        assert_eq!(
            rest,
            format!(
                "tenant=1&SdkAppid=1400000000&CallbackCommand=Chatbot.TaskFlowEventNotify&contenttype=json\
                 &ClientIP=127.0.0.1&OptPlatform=Unknown&RequestID={request_id}&Sign={sign}"
            )
        );
    }
    assert_eq!(queries.len(), 2);
}

#[tokio::test]
async fn a_call_is_judged_by_desks_rule() {
    let house = House::new().await;
    let receiver = receiver().await;
    let mut new = desk("bot", &receiver.url());
    new.routed = false;
    new.token = None;
    let endpoint = house.endpoint(new).await.id;
    let answered = house.engine.call(call(endpoint)).await;
    assert_eq!(answered.result.unwrap(), OK);
    let query = receiver.got()[0].query.clone().unwrap();
    assert!(
        !query.contains("Sign=") && !query.contains("RequestID="),
        "{query}"
    );

    let refused = r#"{"ActionStatus":"FAIL","ErrorInfo":"no such order","ErrorCode":120001}"#;
    receiver.then(Reply::With(200, Vec::new(), refused.into()));
    let error = house.engine.call(call(endpoint)).await.result.unwrap_err();
    assert_eq!(error.code.as_str(), "desk.error_code");
    assert_eq!(error.client_code, Some(120_001));
    assert_eq!(
        error.detail,
        "the answer has `ErrorCode` 120001: no such order"
    );
}

#[test]
fn policies_are_the_sheets() {
    for policy in [
        Policy::desk_call(),
        Policy::desk_notification(),
        Policy::desk_own(),
    ] {
        assert_eq!((policy.deadline_ms, policy.connect_ms), (2000, 2000));
        assert!(policy.ladder_ms.is_empty());
        policy.check().unwrap();
    }
    assert_eq!(Policy::desk_call().order, OrderBy::None);
    assert_eq!(Policy::desk_notification().order, OrderBy::DialectKey);
    assert_eq!(DESK_RETRY_LADDER_MS, [1_000, 5_000, 30_000]);
}
