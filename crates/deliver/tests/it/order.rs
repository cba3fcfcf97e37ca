//! Order by key, and one endpoint not standing in another's way.

use insta::assert_snapshot;
use ringback_deliver::{OnDead, PauseReason};
use ringback_store::record::DeliveryState;

use crate::house::{House, Receiver, Reply, arrival, feishu, ordered, standard};

#[tokio::test]
async fn a_failing_head_holds_its_own_sequence_and_nothing_else() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    receiver.then(Reply::Status(500));
    house.endpoint(feishu("biz", &receiver.url())).await;
    let mut ids = Vec::new();
    for key in ["one", "one", "one", "other"] {
        ids.push(house.deliver(ordered(key)).await.deliveries[0].0);
    }
    let mut states = Vec::new();
    for id in &ids {
        states.push(house.delivery(*id).await.state);
    }
    assert_eq!(
        states,
        [
            DeliveryState::Due,
            DeliveryState::Held,
            DeliveryState::Held,
            DeliveryState::Delivered
        ]
    );

    // The second fails once too: released, it begins with its first retry, so its next gap is the
    // second of the ladder (Feishu sheet, 5.2).
    receiver.then(Reply::Status(200)).then(Reply::Status(500));
    house.advance(15).await;
    assert_snapshot!(house.story(ids[0]).await, @r"
    delivered
    1 at 0 s: 500 answer.status
    2 at 15 s: 200
    ");
    assert_eq!(house.delivery(ids[2]).await.state, DeliveryState::Held);
    house.advance(300).await;
    assert_snapshot!(house.story(ids[1]).await, @r"
    delivered
    1 at 15 s: 500 answer.status
    2 at 315 s: 200
    ");
    assert_snapshot!(house.story(ids[2]).await, @r"
    delivered
    1 at 315 s: 200
    ");
    assert_eq!(house.engine.record().count_orphans().await.unwrap(), 0);
}

#[tokio::test]
async fn a_dead_head_pauses_where_the_policy_says_so() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    receiver.then(Reply::Status(500));
    let mut new = feishu("biz", &receiver.url());
    new.policy.ladder_ms = Some(Vec::new());
    new.policy.on_dead = Some(OnDead::Pause);
    let endpoint = house.endpoint(new).await;
    house.deliver(ordered("one")).await;
    let second = house.deliver(ordered("one")).await.deliveries[0].0;
    assert_eq!(receiver.got().len(), 1);
    let now = house.engine.endpoints().by_id(endpoint.id).unwrap();
    assert_eq!(now.paused, Some(PauseReason::DeadHead));
    house.engine.resume("ada", endpoint.id).await.unwrap();
    house.engine.quiet().await;
    assert_eq!(house.delivery(second).await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_hanging_endpoint_with_much_due_holds_up_nobody() {
    let house = House::new().await;
    let hanging = Receiver::new(Reply::Hang).await;
    let healthy = Receiver::new(Reply::Status(200)).await;
    let mut new = standard("hanging", &hanging.url());
    new.types = vec!["slow.*".to_owned()];
    new.policy.deadline_ms = Some(300_000);
    new.policy.concurrency = Some(4);
    let slow = house.endpoint(new).await;
    let mut new = standard("healthy", &healthy.url());
    new.types = vec!["quick.one".to_owned(), "quick.two".to_owned()];
    house.endpoint(new).await;

    for _ in 0..500 {
        house.accept(arrival("slow.event")).await;
    }
    hanging.seen(4).await;
    for _ in 0..50 {
        house.accept(arrival("quick.one")).await;
    }
    healthy.seen(50).await;
    let health = house.engine.health(slow.id).unwrap();
    assert_eq!((health.in_flight, hanging.got().len()), (4, 4));
    assert!(health.next_due.is_some());
    house.engine.shutdown(std::time::Duration::ZERO).await;
}

#[tokio::test]
async fn an_endpoint_that_failed_ten_times_is_tried_one_at_a_time() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(500)).await;
    let endpoint = house.endpoint(standard("biz", &receiver.url())).await;
    for _ in 0..10 {
        house.deliver(arrival("a")).await;
    }
    assert_eq!(house.engine.health(endpoint.id).unwrap().limit, 1);
    receiver.usually(Reply::Status(200));
    house.advance(5).await;
    assert_eq!(house.engine.health(endpoint.id).unwrap().limit, 64);
    assert_eq!(receiver.got().len(), 20);
}
