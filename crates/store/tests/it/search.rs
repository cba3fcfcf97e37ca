//! The log: filters, cursors, bounds.

use ringback_store::record::{AttemptOutcome, DeadReason, DeliveryState, Next, Query};
use ringback_types::{EndpointId, RecordId as _, SourceId};

use super::Fixture;

async fn filled() -> Fixture {
    let fixture = Fixture::new();
    for number in 0..30_i64 {
        fixture.advance_to(number * 1_000);
        let (event_type, endpoint) = if number % 3 == 0 { ("a", 7) } else { ("b", 8) };
        let body = format!(r#"{{"text":"line \"{number}\" 你好"}}"#);
        let event = fixture.event(event_type, Some(&format!("k{number}")), &body);
        fixture
            .accept(&event, vec![fixture.delivery(endpoint, false, None)])
            .await;
    }
    fixture
}

async fn count(fixture: &Fixture, query: Query) -> usize {
    fixture
        .record
        .search(Query {
            limit: 1000,
            ..query
        })
        .await
        .unwrap()
        .entries
        .len()
}

#[tokio::test]
async fn each_filter_finds_what_it_names() {
    let fixture = filled().await;
    for claimed in fixture.claim(7).await.iter().take(4) {
        let dead = Next::Dead(DeadReason::Exhausted);
        let finish = fixture.finish(claimed, AttemptOutcome::Failed, dead);
        fixture.record.finish(finish).await.unwrap();
    }
    let all = Query::default;
    assert_eq!(count(&fixture, all()).await, 30);
    assert_eq!(
        count(
            &fixture,
            Query {
                event_type: Some("a".into()),
                ..all()
            }
        )
        .await,
        10
    );
    assert_eq!(
        count(
            &fixture,
            Query {
                endpoint: Some(EndpointId::from_raw(8)),
                ..all()
            }
        )
        .await,
        20
    );
    assert_eq!(
        count(
            &fixture,
            Query {
                source: Some(SourceId::from_raw(9)),
                ..all()
            }
        )
        .await,
        0
    );
    assert_eq!(
        count(
            &fixture,
            Query {
                app: Some("cli_a".into()),
                ..all()
            }
        )
        .await,
        30
    );
    assert_eq!(
        count(
            &fixture,
            Query {
                states: vec![DeliveryState::Dead],
                ..all()
            }
        )
        .await,
        4
    );
    assert_eq!(
        count(
            &fixture,
            Query {
                status: Some(500),
                ..all()
            }
        )
        .await,
        4
    );
    assert_eq!(
        count(
            &fixture,
            Query {
                min_attempts: Some(1),
                ..all()
            }
        )
        .await,
        4
    );
    assert_eq!(
        count(
            &fixture,
            Query {
                min_attempts: Some(2),
                ..all()
            }
        )
        .await,
        0
    );
    let span = Query {
        since: Some(fixture.at(5_000)),
        until: Some(fixture.at(9_000)),
        ..all()
    };
    assert_eq!(count(&fixture, span).await, 4);
    let key = Query {
        source: Some(SourceId::from_raw(1)),
        dedupe_key: Some("k5".into()),
        ..all()
    };
    assert_eq!(count(&fixture, key).await, 1);
    // JSON is compared unescaped.
    assert_eq!(
        count(
            &fixture,
            Query {
                text: Some("line \"7\" 你".into()),
                ..all()
            }
        )
        .await,
        1
    );
    assert_eq!(
        count(
            &fixture,
            Query {
                text: Some("absent".into()),
                ..all()
            }
        )
        .await,
        0
    );
}

#[tokio::test]
async fn a_cursor_walks_the_whole_log_newest_first_without_gaps() {
    let fixture = filled().await;
    for query in [
        Query::default(),
        Query {
            event_type: Some("b".into()),
            ..Query::default()
        },
        Query {
            endpoint: Some(EndpointId::from_raw(8)),
            ..Query::default()
        },
    ] {
        let mut seen = Vec::new();
        let mut before = None;
        loop {
            let page = fixture
                .record
                .search(Query {
                    before,
                    limit: 7,
                    ..query.clone()
                })
                .await
                .unwrap();
            assert!(page.entries.len() <= 7);
            seen.extend(page.entries.iter().map(|entry| entry.event));
            before = page.next;
            if before.is_none() {
                break;
            }
            assert!(page.looked_back_to.is_some());
        }
        assert_eq!(seen.len(), count(&fixture, query).await);
        assert!(seen.is_sorted_by(|newer, older| newer > older));
    }
}
