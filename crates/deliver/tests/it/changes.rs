//! Making and changing endpoints.

use std::fmt::Write as _;
use std::time::Duration;

use insta::assert_snapshot;
use ringback_deliver::{
    Endpoint, EndpointChange, EndpointDialect, EndpointError, NewEndpoint, Policy, Room,
};
use ringback_store::Change;
use ringback_store::record::DeliveryState;
use ringback_types::{Coded as _, Secret};

use crate::house::{House, Receiver, Reply, arrival, source, standard};

#[tokio::test]
async fn what_cannot_work_is_refused_with_its_cause() {
    let house = House::new().await;
    house
        .endpoint(standard("taken", "https://example.com/"))
        .await;
    let changed = |change: &dyn Fn(&mut NewEndpoint)| {
        let mut new = standard("biz", "https://example.com/");
        change(&mut new);
        new
    };
    let refused = [
        changed(&|new| new.name = "taken".to_owned()),
        changed(&|new| new.name = "no spaces".to_owned()),
        changed(&|new| new.url = "ftp://example.com/".to_owned()),
        changed(&|new| new.url = "http://0x7f.1/".to_owned()),
        changed(&|new| new.types = vec!["im.[".to_owned()]),
        changed(&|new| new.policy.concurrency = Some(0)),
        changed(&|new| new.policy.connect_ms = Some(60_000)),
        changed(&|new| new.dialect = EndpointDialect::Wecom),
        changed(&|new| new.dialect = EndpointDialect::Zone),
        changed(&|new| new.key = None),
        changed(&|new| new.key = Some("whsec_short".into())),
    ];
    let mut said = String::new();
    for new in refused {
        let error: EndpointError = house
            .engine
            .endpoints()
            .create("ada", new)
            .await
            .unwrap_err();
        writeln!(said, "{} {}: {error}", error.status(), error.code()).unwrap();
    }
    assert_snapshot!(said);
}

#[tokio::test]
async fn a_rotated_key_signs_beside_the_old_one_until_the_overlap_ends() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let endpoint = house.endpoint(standard("biz", &receiver.url())).await;
    let next = Secret::from("whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=");
    let overlap = Duration::from_hours(1);
    house
        .engine
        .endpoints()
        .rotate("ada", endpoint.id, next, overlap)
        .await
        .unwrap();
    house.deliver(arrival("a")).await;
    house.advance(3600).await;
    house.deliver(arrival("a")).await;
    let signatures: Vec<usize> = receiver
        .got()
        .iter()
        .map(|got| got.header("webhook-signature").split(' ').count())
        .collect();
    assert_eq!(signatures, [2, 1]);
    let audit = house.store.audit(None, 1).await.unwrap();
    assert!(
        !format!("{audit:?}").contains("whsec"),
        "no secrets in the audit"
    );
}

#[tokio::test]
async fn changes_hold_at_once_and_outlive_a_restart() {
    let house = House::new().await;
    let before = Receiver::new(Reply::Status(200)).await;
    let after = Receiver::new(Reply::Status(200)).await;
    let endpoint = house.endpoint(standard("biz", &before.url())).await;
    let change = EndpointChange {
        url: Some(after.url()),
        types: Some(vec!["im.*".to_owned()]),
        sources: Some(vec![source()]),
        ..EndpointChange::default()
    };
    house
        .engine
        .endpoints()
        .update("ada", endpoint.id, change)
        .await
        .unwrap();
    assert!(
        house
            .deliver(arrival("contact.user"))
            .await
            .deliveries
            .is_empty()
    );
    let house = house.restarted().await;
    let receipt = house.deliver(arrival("im.message")).await;
    assert_eq!(
        house.delivery(receipt.deliveries[0].0).await.state,
        DeliveryState::Delivered
    );
    assert_eq!((before.got().len(), after.got().len()), (0, 1));
}

#[tokio::test]
async fn what_waits_for_a_deleted_endpoint_is_given_up() {
    let house = House::new().await;
    let endpoint = house.endpoint(standard("biz", "http://127.0.0.1:1/")).await;
    let receipt = house.deliver(arrival("a")).await;
    let given_up = house
        .engine
        .delete_endpoint("ada", endpoint.id)
        .await
        .unwrap();
    assert_eq!(given_up, 1);
    assert_snapshot!(house.story(receipt.deliveries[0].0).await, @r"
    dead (endpoint_deleted)
    1 at 0 s: transport.connect_refused
    ");
}

#[tokio::test]
async fn a_room_writes_its_endpoint_in_its_own_change_and_resolves_it() {
    use ringback_deliver::{BoxFuture, Resolve, ResolveError, Resolved, Target};
    use ringback_dialect::Sender;
    use ringback_store::record::Event;
    use std::sync::Arc;

    struct Apps(url::Url);
    impl Resolve for Apps {
        fn resolve<'a>(
            &'a self,
            endpoint: &'a Endpoint,
            _: &'a Event,
        ) -> BoxFuture<'a, Result<Resolved, ResolveError>> {
            Box::pin(async {
                Ok(Resolved {
                    target: Target::from(self.0.clone()),
                    sender: Sender::Raw,
                    policy: Arc::clone(&endpoint.policy),
                    permit: None,
                })
            })
        }
    }

    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    let endpoint = Endpoint::of_room(
        house.store.next_id(),
        "cli_1:events".to_owned(),
        Room::Feishu,
        EndpointDialect::Feishu,
        Policy::feishu_event(),
        house.clock.schedule(),
    );
    let change = Change {
        caller: "ada".into(),
        action: "feishu.app.create",
        target: "cli_1".to_owned(),
        detail: serde_json::json!({}),
    };
    let statements = house.engine.endpoints().statements_for(&endpoint);
    house.store.change(change, statements).await.unwrap();
    house.engine.endpoints().reload().await.unwrap();

    let waiting = house.deliver(arrival("a")).await.deliveries[0].0;
    assert_eq!(
        house.delivery(waiting).await.state,
        DeliveryState::Due,
        "waits for its room"
    );
    let apps = Apps(receiver.url().parse().unwrap());
    house.engine.register_resolver(Room::Feishu, Arc::new(apps));
    house.engine.quiet().await;
    assert_eq!(
        house.delivery(waiting).await.state,
        DeliveryState::Delivered
    );
    let refused = house
        .engine
        .endpoints()
        .delete("ada", endpoint.id)
        .await
        .unwrap_err();
    assert_eq!(refused.code().as_str(), "endpoint.of_another_room");
}

#[tokio::test]
async fn a_resolver_that_panics_costs_an_attempt_and_no_more() {
    use ringback_deliver::{BoxFuture, Resolve, ResolveError, Resolved};
    use ringback_store::record::Event;
    use std::sync::Arc;

    struct Broken;
    impl Resolve for Broken {
        fn resolve<'a>(
            &'a self,
            _: &'a Endpoint,
            _: &'a Event,
        ) -> BoxFuture<'a, Result<Resolved, ResolveError>> {
            panic!("on purpose");
        }
    }

    let house = House::new().await;
    house.engine.register_resolver(Room::Own, Arc::new(Broken));
    let endpoint = house
        .endpoint(standard("biz", "https://example.com/"))
        .await;
    let receipt = house.deliver(arrival("a")).await;
    assert_snapshot!(house.story(receipt.deliveries[0].0).await, @r"
    due (deliver.broken)
    1 at 0 s: deliver.broken
    ");
    assert_eq!(house.engine.health(endpoint.id).unwrap().in_flight, 0);
}
