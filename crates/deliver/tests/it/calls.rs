//! Calls: one try, the answer handed back, the record lazy.

use std::time::Duration;

use bytes::Bytes;
use ringback_deliver::Call;
use ringback_store::record::{EventKind, Query};
use ringback_types::{Deadline, EndpointId};

use crate::house::{House, Receiver, Reply, feishu, source};

fn call(endpoint: EndpointId, deadline: Duration) -> Call {
    Call {
        source: source(),
        event_type: "card.action.trigger".to_owned(),
        app: None,
        headers: None,
        body: Bytes::from_static(br#"{"schema":"2.0","header":{"token":""},"event":{}}"#),
        raw: None,
        endpoint,
        deadline: Deadline::after(deadline),
        permit: None,
    }
}

const PLENTY: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_call_brings_its_answer_back_and_is_logged() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::With(200, Vec::new(), "{}".into())).await;
    let mut new = feishu("cards", &receiver.url());
    new.routed = false;
    let endpoint = house.endpoint(new).await;
    let outcome = house.engine.call(call(endpoint.id, PLENTY)).await;
    assert_eq!(outcome.result.unwrap(), "{}");
    assert_eq!(outcome.status, Some(200));

    // The log is written lazily, one write at a time: once a later write is there, so is it.
    house.engine.pause("ada", endpoint.id).await.unwrap();
    house.store.close().await;
    let house = house.restarted().await;
    let query = Query {
        kind: Some(EventKind::Call),
        ..Query::default()
    };
    let page = house.engine.record().search(query).await.unwrap();
    assert_eq!(page.entries.len(), 1);
    assert_eq!(
        page.entries[0].delivery.as_ref().unwrap().id,
        outcome.delivery
    );

    let refused = house.engine.call(call(endpoint.id, PLENTY)).await;
    assert_eq!(
        refused.result.unwrap_err().code.as_str(),
        "call.endpoint_not_open"
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_says_why() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Hang).await;
    let mut new = feishu("cards", &receiver.url());
    new.policy.deadline_ms = Some(60_000);
    let endpoint = house.endpoint(new).await;
    receiver
        .then(Reply::Status(302))
        .then(Reply::With(200, Vec::new(), "not json".into()))
        .then(Reply::With(
            200,
            Vec::new(),
            r#"{"card":{"type":"nonsense"}}"#.into(),
        ));
    let mut codes = Vec::new();
    for deadline in [PLENTY, PLENTY, PLENTY, Duration::from_millis(100)] {
        let error = house
            .engine
            .call(call(endpoint.id, deadline))
            .await
            .result
            .unwrap_err();
        codes.push((error.code.as_str(), error.client_code));
    }
    assert_eq!(
        codes,
        [
            ("call.status", Some(200_671)),
            ("call.malformed", Some(200_672)),
            ("call.card_invalid", Some(200_673)),
            ("transport.late", None),
        ]
    );
}
