//! Many events, unreliable endpoints: whatever happens, everything accepted comes to an end.

use std::time::Duration;

use ringback_deliver::{EngineOptions, Room};
use ringback_store::Change;

use tokio::task::JoinSet;

use crate::house::{House, Receiver, Reply, arrival, feishu, ordered, standard};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_accepted_comes_to_an_end() {
    let options = EngineOptions {
        concurrency: 16,
        ..EngineOptions::default()
    };
    let house = House::with(options).await;
    for name in ["one", "two", "three"] {
        let receiver = Receiver::new(Reply::Status(200)).await;
        // Long bad stretches, so that an endpoint is slowed down and comes back.
        for nth in 0..300 {
            receiver.then(Reply::Status(if nth / 20 % 2 == 0 { 500 } else { 200 }));
        }
        let mut new = feishu(name, &receiver.url());
        new.policy.concurrency = Some(3);
        house.endpoint(new).await;
    }
    let mut accepting = JoinSet::new();
    for nth in 0..100 {
        let arrival = if nth % 3 == 0 {
            arrival("a")
        } else {
            ordered(&format!("key {}", nth % 7))
        };
        let engine = house.engine.clone();
        accepting.spawn(async move { engine.accept(arrival).await });
        if nth % 10 == 0 {
            house.advance(30).await;
        }
    }
    let mut ids = Vec::new();
    for accepted in accepting.join_all().await {
        ids.extend(accepted.unwrap().deliveries.into_iter().map(|(id, _)| id));
    }
    assert_eq!(ids.len(), 300);
    // A sequence whose heads all climb the whole ladder takes seven hours for each of them.
    house.advance(30 * 24 * 3600).await;

    for id in ids {
        assert!(
            house.delivery(id).await.state.is_final(),
            "{}",
            house.story(id).await
        );
    }
    let record = house.engine.record();
    assert_eq!(record.count_held().await.unwrap(), 0);
    assert_eq!(record.count_orphans().await.unwrap(), 0);
    for endpoint in house.engine.endpoints().all() {
        let health = house.engine.health(endpoint.id).unwrap();
        assert_eq!(
            (health.in_flight, health.next_due),
            (0, None),
            "{}",
            endpoint.name
        );
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_loses_nothing() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let endpoint = house.endpoint(standard("biz", &receiver.url())).await;
    let accepted_by_nobody = async || {
        // Polled once, then dropped.
        tokio::select! {
            biased;
            _ = house.engine.accept(arrival("a")) => panic!("a write takes its time"),
            () = std::future::ready(()) => {}
        }
    };
    accepted_by_nobody().await;
    receiver.seen(1).await;
    house.engine.pause("ada", endpoint.id).await.unwrap();
    accepted_by_nobody().await;
    house.engine.resume("ada", endpoint.id).await.unwrap();
    receiver.seen(2).await;
    house.engine.quiet().await;
    assert_eq!(house.engine.health(endpoint.id).unwrap().in_flight, 0);
}

#[tokio::test]
async fn what_another_part_of_the_process_writes_is_loaded_by_itself() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let mut endpoint = (*house.endpoint(standard("biz", &receiver.url())).await).clone();
    endpoint.name = "renamed".to_owned();
    assert_eq!(endpoint.room, Room::Own);
    let change = Change {
        caller: "ada".into(),
        action: "endpoint.update",
        target: "biz".to_owned(),
        detail: serde_json::json!({}),
    };
    let statements = house.engine.endpoints().statements_for(&endpoint);
    house.store.change(change, statements).await.unwrap();
    let loaded = async {
        while house.engine.endpoints().by_name("renamed").is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), loaded)
        .await
        .unwrap();
}
