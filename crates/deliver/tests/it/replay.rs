//! Replay: a new delivery that names the old one.

use insta::assert_snapshot;
use ringback_deliver::Replaying;
use ringback_store::record::{DeliveryState, Query};
use ringback_types::DeliveryId;
use ringback_types::{Coded as _, RecordId as _};

use crate::house::{House, Receiver, Reply, arrival, feishu, ordered, standard};

#[tokio::test]
async fn a_replay_is_signed_anew_and_names_what_it_repeats() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    house.endpoint(feishu("biz", &receiver.url())).await;
    let first = house.deliver(ordered("one")).await.deliveries[0].0;
    let unknown = DeliveryId::from_raw(1);
    let report = house
        .engine
        .replay(Replaying::Deliveries(vec![first, unknown]), None, false)
        .await
        .unwrap();
    house.engine.quiet().await;
    assert_eq!(report.refused.len(), 1);
    let again = house.delivery(report.replayed[0].delivery).await;
    assert_eq!(
        (again.state, again.replay_of),
        (DeliveryState::Delivered, Some(first))
    );
    assert_eq!(again.order_key, None, "outside order");
    let nonces: Vec<_> = receiver
        .got()
        .iter()
        .map(|got| got.header("x-lark-request-nonce").to_owned())
        .collect();
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn a_filter_chooses_and_a_dry_run_only_says_so() {
    let house = House::new().await;
    let broken = Receiver::new(Reply::Status(500)).await;
    let other = Receiver::new(Reply::Status(200)).await;
    let mut new = standard("broken", &broken.url());
    new.policy.ladder_ms = Some(Vec::new());
    let from = house.endpoint(new).await;
    for event_type in ["a", "b", "a"] {
        house.deliver(arrival(event_type)).await;
    }
    let mut new = standard("other", &other.url());
    new.types = vec!["nothing".to_owned()];
    let to = house.endpoint(new).await;
    let dead_of_type_a = Query {
        endpoint: Some(from.id),
        event_type: Some("a".to_owned()),
        states: vec![DeliveryState::Dead],
        ..Query::default()
    };
    let matching = Replaying::Matching(Box::new(dead_of_type_a));
    let dry = house
        .engine
        .replay(matching.clone(), Some(to.id), true)
        .await
        .unwrap();
    assert_eq!((dry.chosen.len(), dry.replayed.len()), (2, 0));
    let real = house
        .engine
        .replay(matching, Some(to.id), false)
        .await
        .unwrap();
    house.engine.quiet().await;
    assert_eq!((real.replayed.len(), other.got().len()), (2, 2));
    let ids: Vec<_> = other
        .got()
        .iter()
        .map(|got| got.header("webhook-id").to_owned())
        .collect();
    assert!(
        broken
            .got()
            .iter()
            .any(|got| got.header("webhook-id") == ids[0]),
        "the same event id"
    );
}

#[tokio::test]
async fn nothing_is_replayed_to_a_deleted_endpoint() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let endpoint = house.endpoint(feishu("biz", &receiver.url())).await;
    let first = house.deliver(arrival("a")).await.deliveries[0].0;
    house
        .engine
        .delete_endpoint("ada", endpoint.id)
        .await
        .unwrap();
    let again = Replaying::Deliveries(vec![first]);
    let refused = house.engine.replay(again.clone(), None, false).await;
    assert_eq!(refused.unwrap_err().code().as_str(), "endpoint.unknown");
    let other = house.endpoint(feishu("other", &receiver.url())).await;
    let replayed = house.engine.replay(again, Some(other.id), false).await;
    assert_eq!(replayed.unwrap().replayed.len(), 1);
}

#[tokio::test]
async fn what_is_cancelled_is_not_tried() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(500)).await;
    house.endpoint(feishu("biz", &receiver.url())).await;
    let head = house.deliver(ordered("one")).await.deliveries[0].0;
    let next = house.deliver(ordered("one")).await.deliveries[0].0;
    receiver.usually(Reply::Status(200));
    assert!(house.engine.cancel(head).await.unwrap());
    assert!(!house.engine.cancel(head).await.unwrap());
    house.engine.quiet().await;
    assert_snapshot!(house.story(head).await, @r"
    cancelled (cancelled)
    1 at 0 s: 500 answer.status
    ");
    assert_snapshot!(house.story(next).await, @r"
    delivered
    1 at 0 s: 200
    ");
}
