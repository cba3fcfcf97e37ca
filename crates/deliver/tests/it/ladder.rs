//! Retries: when, for how long, and what ends them.

use std::collections::HashSet;

use http::Method;
use insta::assert_snapshot;
use ringback_deliver::{DisableReason, HealthState, PauseReason, PolicyChange};
use ringback_dialect::{Incoming, Received, feishu};
use ringback_types::Secret;

use crate::house::{self, ENCRYPT_KEY, House, Receiver, Reply, TOKEN, arrival, standard};

#[tokio::test]
async fn feishu_pushes_at_its_exact_offsets_and_signs_every_push_anew() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(500)).await;
    house.endpoint(house::feishu("biz", &receiver.url())).await;
    let receipt = house.deliver(arrival("im.message.receive_v1")).await;

    assert_eq!(house.advance(8 * 3600).await, 4);

    let (delivery, _) = receipt.deliveries[0];
    assert_snapshot!(house.story(delivery).await, @r"
    dead (exhausted)
    1 at 0 s: 500 answer.status
    2 at 15 s: 500 answer.status
    3 at 315 s: 500 answer.status
    4 at 3915 s: 500 answer.status
    5 at 25515 s: 500 answer.status
    ");
    let secrets = feishu::Secrets::new(Some(&Secret::from(ENCRYPT_KEY)), Secret::from(TOKEN));
    let platform = feishu::Receiver::new(secrets);
    let mut nonces = HashSet::new();
    for got in receiver.got() {
        assert_eq!(
            got.header("user-agent"),
            concat!("Ringback/", env!("CARGO_PKG_VERSION"))
        );
        assert!(
            nonces.insert(got.header("x-lark-request-nonce").to_owned()),
            "signed anew"
        );
        let request = Received {
            method: &Method::POST,
            path: &got.path,
            query: None,
            headers: &got.headers,
            body: &got.body,
        };
        let incoming = platform.receive(&request, house.clock.wire()).unwrap();
        let Incoming::Event(message) = incoming else {
            panic!("a signed, encrypted event");
        };
        assert_eq!(message.body, arrival("").body);
    }
}

#[tokio::test]
async fn an_endpoint_that_asks_for_patience_gets_it() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(204)).await;
    let wait = vec![("retry-after", "120".to_owned())];
    receiver.then(Reply::With(503, wait, "busy".into()));
    house.endpoint(standard("biz", &receiver.url())).await;
    let receipt = house.deliver(arrival("a")).await;
    house.advance(119).await;
    assert_eq!(receiver.got().len(), 1);
    house.advance(1).await;
    assert_snapshot!(house.story(receipt.deliveries[0].0).await, @r"
    delivered
    1 at 0 s: 503 answer.status
    2 at 120 s: 204
    ");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_until_a_person_resumes_it() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    receiver.then(Reply::Status(410));
    let endpoint = house.endpoint(standard("biz", &receiver.url())).await;
    let gone = house.deliver(arrival("a")).await;
    let waiting = house.deliver(arrival("b")).await;

    assert_snapshot!(house.story(gone.deliveries[0].0).await, @r"
    dead (gone)
    1 at 0 s: 410 answer.gone
    ");
    assert_snapshot!(house.story(waiting.deliveries[0].0).await, @"due");
    let now = house.engine.endpoints().by_id(endpoint.id).unwrap();
    assert_eq!(now.disabled, Some(DisableReason::Gone));
    assert_eq!(
        house.engine.health(endpoint.id).unwrap().state,
        HealthState::Disabled
    );
    let audit = house.store.audit(None, 1).await.unwrap();
    assert_eq!(
        (audit[0].caller.as_str(), audit[0].action.as_str()),
        ("engine", "endpoint.disable")
    );

    house.engine.resume("ada", endpoint.id).await.unwrap();
    house.engine.quiet().await;
    assert_snapshot!(house.story(waiting.deliveries[0].0).await, @r"
    delivered
    1 at 0 s: 200
    ");
}

#[tokio::test]
async fn an_endpoint_that_keeps_failing_is_paused_where_its_policy_says_so() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(500)).await;
    let mut new = standard("biz", &receiver.url());
    new.policy.auto_pause_after = Some(Some(3));
    let endpoint = house.endpoint(new).await;
    let receipt = house.deliver(arrival("a")).await;
    house.advance(86_400).await;
    assert_eq!(receiver.got().len(), 3);
    let now = house.engine.endpoints().by_id(endpoint.id).unwrap();
    assert_eq!(now.paused, Some(PauseReason::Failing));

    receiver.usually(Reply::Status(200));
    house.engine.resume("ada", endpoint.id).await.unwrap();
    house.engine.quiet().await;
    assert!(
        house
            .story(receipt.deliveries[0].0)
            .await
            .starts_with("delivered")
    );
}

#[tokio::test]
async fn what_arrives_while_paused_waits() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let endpoint = house.endpoint(standard("biz", &receiver.url())).await;
    house.engine.pause("ada", endpoint.id).await.unwrap();
    for _ in 0..5 {
        house.deliver(arrival("a")).await;
    }
    house.advance(3600).await;
    assert_eq!(receiver.got().len(), 0);
    assert_eq!(
        house.engine.health(endpoint.id).unwrap().state,
        HealthState::Paused
    );
    house.engine.resume("ada", endpoint.id).await.unwrap();
    house.engine.quiet().await;
    assert_eq!(receiver.got().len(), 5);
}

#[tokio::test]
async fn jitter_moves_a_gap_by_no_more_than_it_may() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(500)).await;
    let mut new = standard("biz", &receiver.url());
    new.policy = PolicyChange {
        ladder_ms: Some(vec![100_000]),
        jitter_percent: Some(20),
        ..PolicyChange::default()
    };
    house.endpoint(new).await;
    let mut gaps = HashSet::new();
    for _ in 0..20 {
        let receipt = house.deliver(arrival("a")).await;
        let delivery = house.delivery(receipt.deliveries[0].0).await;
        let gap = delivery.due_at.since(house.clock.schedule()).as_millis();
        assert!((80_000..=120_000).contains(&gap), "{gap}");
        gaps.insert(gap);
    }
    assert!(gaps.len() > 10, "{gaps:?}");
}
