//! Accept, claim, finish, order, replay, retention.

use std::sync::Arc;

use ringback_store::record::{
    Accepted, AttemptOutcome, DeadReason, DeliveryState, Finished, Next, Pruner, Replay,
    ReplayRefusal, Retention,
};
use ringback_types::{EndpointId, RecordId as _};

use super::{Fixture, at};

#[tokio::test]
async fn an_event_is_stored_once_whatever_happens_to_the_process() {
    let fixture = Fixture::new();
    let first = fixture.event("t", Some("k1"), "{}");
    let accepted = fixture
        .accept(&first, vec![fixture.delivery(7, false, None)])
        .await;
    assert!(matches!(accepted, Accepted::Stored { ref deliveries, .. } if deliveries.len() == 1));

    let fixture = fixture.restart().await;
    let again = fixture.event("t", Some("k1"), "{}");
    let duplicate = fixture
        .accept(&again, vec![fixture.delivery(7, false, None)])
        .await;
    assert_eq!(duplicate, Accepted::Duplicate { of: first.id });
    assert_eq!(
        fixture.record.deliveries_of(first.id).await.unwrap().len(),
        1
    );
    assert!(fixture.record.event(again.id).await.unwrap().is_none());
}

#[tokio::test]
async fn what_ran_when_the_process_ended_is_claimed_again_and_the_old_claim_is_lost() {
    let fixture = Fixture::new();
    let event = fixture.event("t", None, r#"{"n":1}"#);
    fixture
        .accept(&event, vec![fixture.delivery(7, true, None)])
        .await;
    assert!(
        fixture.claim(7).await.is_empty(),
        "a running delivery is nobody else's"
    );

    let fixture = fixture.restart().await;
    let claimed = fixture.claim(7).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].event.body.as_deref(), Some(&br#"{"n":1}"#[..]));

    let mut stale = fixture.finish(&claimed[0], AttemptOutcome::Delivered, Next::Delivered);
    stale.epoch -= 1;
    let lost = fixture.record.finish(Arc::new(stale)).await.unwrap();
    assert!(matches!(lost, Finished::Lost));
    let finish = fixture.finish(&claimed[0], AttemptOutcome::Delivered, Next::Delivered);
    let finished = fixture.record.finish(Arc::new(finish)).await.unwrap();
    assert!(matches!(
        finished,
        Finished::Recorded {
            released: None,
            next: None
        }
    ));

    let delivery = &fixture.record.deliveries_of(event.id).await.unwrap()[0];
    assert_eq!(
        (delivery.state, delivery.attempts),
        (DeliveryState::Delivered, 1)
    );
    assert_eq!(fixture.record.attempts(delivery.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_retry_is_due_when_its_time_has_come() {
    let fixture = Fixture::new();
    let event = fixture.event("t", None, "{}");
    fixture
        .accept(&event, vec![fixture.delivery(7, false, None)])
        .await;
    let claimed = fixture.claim(7).await.remove(0);
    let retry = Next::Retry {
        at: at(15_000),
        rung: 1,
    };
    let finish = fixture.finish(&claimed, AttemptOutcome::Failed, retry);
    fixture.record.finish(Arc::new(finish)).await.unwrap();

    let endpoint = EndpointId::from_raw(7);
    assert_eq!(
        fixture.record.next_due_of(endpoint).await.unwrap(),
        Some(at(15_000))
    );
    fixture.advance_to(14_999);
    assert!(fixture.claim(7).await.is_empty());
    fixture.advance_to(15_000);
    let again = fixture.claim(7).await.remove(0);
    assert_eq!((again.delivery.attempts, again.delivery.rung), (1, 1));
    assert_eq!(fixture.record.next_due_of(endpoint).await.unwrap(), None);
}

#[tokio::test]
async fn only_the_head_of_a_key_is_due_and_a_final_head_releases_the_next() {
    let fixture = Fixture::new();
    let mut states = Vec::new();
    for key in ["a", "a", "a", "b"] {
        let event = fixture.event("t", None, "{}");
        match fixture
            .accept(&event, vec![fixture.delivery(7, false, Some(key))])
            .await
        {
            Accepted::Stored { deliveries, .. } => states.push(deliveries[0].state),
            Accepted::Duplicate { .. } => unreachable!(),
        }
    }
    let [ready, held] = [DeliveryState::Due, DeliveryState::Held];
    assert_eq!(states, [ready, held, held, ready]);

    let claimed = fixture.claim(7).await;
    assert_eq!(claimed.len(), 2);
    let first = &claimed[0];
    let dead = Next::Dead(DeadReason::Exhausted);
    let finish = fixture.finish(first, AttemptOutcome::Failed, dead);
    let Finished::Recorded {
        released: Some(released),
        next: None,
    } = fixture.record.finish(Arc::new(finish)).await.unwrap()
    else {
        panic!("a dead head releases too");
    };
    assert_eq!(fixture.record.count_held().await.unwrap(), 1);
    assert_eq!(fixture.record.count_orphans().await.unwrap(), 0);

    let next = fixture.claim(7).await.remove(0);
    assert_eq!(next.delivery.id, released.delivery);
    assert_eq!(
        next.delivery.rung, 1,
        "the released head begins with its first retry"
    );
}

#[tokio::test]
async fn cancelling_a_head_that_waits_releases_the_next() {
    let fixture = Fixture::new();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let event = fixture.event("t", None, "{}");
        let delivery = fixture.delivery(7, false, Some("a"));
        ids.push(delivery.id);
        fixture.accept(&event, vec![delivery]).await;
    }
    let released = fixture
        .record
        .cancel(ids[0])
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(released.delivery, ids[1]);
    assert_eq!(
        fixture.record.cancel(ids[0]).await.unwrap(),
        None,
        "it is final now"
    );
}

#[tokio::test]
async fn a_replay_is_a_new_delivery_that_names_the_old_one() {
    let fixture = Fixture::new();
    let event = fixture.event("t", Some("k"), "{}");
    fixture
        .accept(&event, vec![fixture.delivery(7, false, None)])
        .await;
    let claimed = fixture.claim(7).await.remove(0);
    let finish = fixture.finish(&claimed, AttemptOutcome::Delivered, Next::Delivered);
    fixture.record.finish(Arc::new(finish)).await.unwrap();

    let replay = Replay {
        delivery: claimed.delivery.id,
        to: Some(EndpointId::from_raw(8)),
    };
    let replayed = fixture
        .record
        .replay(vec![replay])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    assert_eq!(replayed.event, event.id);
    let again = fixture.claim(8).await.remove(0);
    assert_eq!(again.delivery.replay_of, Some(claimed.delivery.id));
    assert_eq!(again.event.body, event.body);
}

#[tokio::test]
async fn bodies_go_after_their_time_but_never_while_a_delivery_needs_them() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let fixture = Fixture::new();
    let settled = fixture.event("t", Some("k"), "{}");
    fixture
        .accept(&settled, vec![fixture.delivery(7, false, None)])
        .await;
    let claimed = fixture.claim(7).await.remove(0);
    let finish = fixture.finish(&claimed, AttemptOutcome::Delivered, Next::Delivered);
    fixture.record.finish(Arc::new(finish)).await.unwrap();
    let open = fixture.event("t", None, "{}");
    fixture
        .accept(&open, vec![fixture.delivery(7, false, None)])
        .await;

    let mut pruner = Pruner::new(fixture.record.clone(), Retention::default());
    fixture.advance_to(7 * DAY);
    assert_eq!(
        pruner.pass(&[]).await.unwrap().bodies,
        0,
        "not yet older than seven days"
    );
    fixture.advance_to(7 * DAY + 1);
    assert_eq!(pruner.pass(&[]).await.unwrap().bodies, 1);
    assert!(
        fixture
            .record
            .event(settled.id)
            .await
            .unwrap()
            .unwrap()
            .body
            .is_none()
    );
    assert!(
        fixture
            .record
            .event(open.id)
            .await
            .unwrap()
            .unwrap()
            .body
            .is_some()
    );

    let replay = Replay {
        delivery: claimed.delivery.id,
        to: None,
    };
    let refused = fixture.record.replay(vec![replay]).await.unwrap().remove(0);
    assert_eq!(
        refused.unwrap_err(),
        ReplayRefusal::Pruned(claimed.delivery.id)
    );

    // The delivery that was still open settles: the next pass comes back for its body.
    let claimed = fixture.claim(7).await.remove(0);
    let finish = fixture.finish(&claimed, AttemptOutcome::Delivered, Next::Delivered);
    fixture.record.finish(Arc::new(finish)).await.unwrap();
    assert_eq!(pruner.pass(&[]).await.unwrap().bodies, 1);

    fixture.advance_to(30 * DAY + 1);
    assert_eq!(pruner.pass(&[]).await.unwrap().rows, 2);
    assert!(
        fixture
            .record
            .attempts(claimed.delivery.id)
            .await
            .unwrap()
            .is_empty()
    );
    // The key is free again only now.
    let again = fixture.event("t", Some("k"), "{}");
    assert!(matches!(
        fixture.accept(&again, vec![]).await,
        Accepted::Stored { .. }
    ));
}

#[tokio::test]
async fn what_is_held_too_long_dies_and_says_so() {
    const HOUR: i64 = 60 * 60 * 1000;
    let fixture = Fixture::new();
    let mut events = Vec::new();
    for _ in 0..2 {
        let event = fixture.event("t", None, "{}");
        fixture
            .accept(&event, vec![fixture.delivery(7, true, Some("a"))])
            .await;
        events.push(event);
    }
    fixture.advance_to(73 * HOUR);
    let pruned = Pruner::new(fixture.record.clone(), Retention::default())
        .pass(&[])
        .await
        .unwrap();
    assert_eq!(pruned.expired, 1);
    let held = &fixture.record.deliveries_of(events[1].id).await.unwrap()[0];
    assert_eq!(
        (held.state, held.reason.as_deref()),
        (DeliveryState::Dead, Some("expired"))
    );
}

#[tokio::test]
async fn a_slot_that_is_about_to_be_free_takes_the_next_delivery_in_the_same_write() {
    let fixture = Fixture::new();
    for _ in 0..2 {
        let event = fixture.event("t", None, "{}");
        fixture
            .accept(&event, vec![fixture.delivery(7, false, None)])
            .await;
    }
    let first = fixture
        .record
        .claim(EndpointId::from_raw(7), 1)
        .await
        .unwrap();
    assert_eq!(first.next_due, Some(at(0)), "the second one is due");
    let mut finish = fixture.finish(&first.taken[0], AttemptOutcome::Delivered, Next::Delivered);
    finish.take_next = true;
    let Finished::Recorded {
        next: Some(next), ..
    } = fixture.record.finish(Arc::new(finish)).await.unwrap()
    else {
        panic!("the next one was due");
    };
    assert!(fixture.claim(7).await.is_empty(), "it is taken");
    let mut finish = fixture.finish(&next, AttemptOutcome::Delivered, Next::Delivered);
    finish.take_next = true;
    let finished = fixture.record.finish(Arc::new(finish)).await.unwrap();
    assert!(matches!(finished, Finished::Recorded { next: None, .. }));
}

#[tokio::test]
async fn what_waits_for_a_closed_endpoint_expires_like_what_is_held() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let fixture = Fixture::new();
    for endpoint in [7, 8] {
        let event = fixture.event("t", None, "{}");
        fixture
            .accept(&event, vec![fixture.delivery(endpoint, false, None)])
            .await;
    }
    fixture.advance_to(3 * DAY + 1);
    let mut pruner = Pruner::new(fixture.record.clone(), Retention::default());
    let closed = [EndpointId::from_raw(7)];
    assert_eq!(pruner.pass(&closed).await.unwrap().expired, 1);
    assert_eq!(fixture.claim(7).await.len(), 0);
    assert_eq!(
        fixture.claim(8).await.len(),
        1,
        "an open endpoint still gets it"
    );
}
