//! Starting again, and duplicates over it.

use ringback_deliver::Arrival;
use ringback_store::record::DeliveryState;

use crate::house::{House, Receiver, Reply, arrival, standard};

#[tokio::test]
async fn what_was_running_is_taken_up_again() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Hang).await;
    let mut new = standard("biz", &receiver.url());
    new.policy.concurrency = Some(2);
    house.endpoint(new).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(house.accept(arrival("a")).await.deliveries[0].0);
    }
    receiver.seen(2).await;
    receiver.usually(Reply::Status(200));
    let house = house.restarted().await;
    house.engine.quiet().await;
    for id in ids {
        assert_eq!(house.story(id).await, "delivered\n1 at 0 s: 200");
    }
    assert_eq!(receiver.got().len(), 7);
}

#[tokio::test]
async fn retries_and_duplicates_outlive_a_restart() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    receiver.then(Reply::Status(500));
    house.endpoint(standard("biz", &receiver.url())).await;
    let keyed = || Arrival {
        dedupe_key: Some("om_1".to_owned()),
        ..arrival("a")
    };
    let first = house.deliver(keyed()).await;
    let house = house.restarted().await;
    let second = house.deliver(keyed()).await;
    assert_eq!((second.duplicate, second.event), (true, first.event));
    assert_eq!(house.advance(5).await, 1);
    assert_eq!(
        house.delivery(first.deliveries[0].0).await.state,
        DeliveryState::Delivered
    );
    assert_eq!(receiver.got().len(), 2);
}
