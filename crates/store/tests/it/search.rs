//! The log: filters, cursors, bounds.

use std::sync::Arc;

use ringback_store::record::{AttemptOutcome, DeadReason, DeliveryState, Next, Query};
use ringback_types::{EndpointId, RecordId as _, SourceId};

use super::{Fixture, at};

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

#[tokio::test]
async fn each_filter_finds_what_it_names() {
    let fixture = filled().await;
    for claimed in fixture.claim(7).await.iter().take(4) {
        let dead = Next::Dead(DeadReason::Exhausted);
        let finish = fixture.finish(claimed, AttemptOutcome::Failed, dead);
        fixture.record.finish(Arc::new(finish)).await.unwrap();
    }
    for (name, expected, query) in filters() {
        let limit = 1_000;
        let page = fixture
            .record
            .search(Query { limit, ..query })
            .await
            .unwrap();
        assert_eq!(page.entries.len(), expected, "{name}");
        assert_eq!(page.next, None, "{name}");
    }
}

fn filters() -> Vec<(&'static str, usize, Query)> {
    let all = Query::default;
    let text = |text: &str| Query {
        text: Some(text.into()),
        ..all()
    };
    let key = Query {
        source: Some(SourceId::from_raw(1)),
        dedupe_key: Some("k5".into()),
        ..all()
    };
    let span = Query {
        since: Some(at(5_000)),
        until: Some(at(9_000)),
        ..all()
    };
    vec![
        ("everything", 30, all()),
        (
            "type",
            10,
            Query {
                event_type: Some("a".into()),
                ..all()
            },
        ),
        (
            "endpoint",
            20,
            Query {
                endpoint: Some(EndpointId::from_raw(8)),
                ..all()
            },
        ),
        (
            "source",
            0,
            Query {
                source: Some(SourceId::from_raw(9)),
                ..all()
            },
        ),
        (
            "app",
            30,
            Query {
                app: Some("cli_a".into()),
                ..all()
            },
        ),
        (
            "state",
            4,
            Query {
                states: vec![DeliveryState::Dead],
                ..all()
            },
        ),
        (
            "status",
            4,
            Query {
                status: Some(500),
                ..all()
            },
        ),
        (
            "reason",
            4,
            Query {
                reason: Some("exhausted".into()),
                ..all()
            },
        ),
        (
            "attempts",
            4,
            Query {
                min_attempts: Some(1),
                ..all()
            },
        ),
        (
            "more attempts",
            0,
            Query {
                min_attempts: Some(2),
                ..all()
            },
        ),
        ("time range", 4, span),
        ("the platform's own id", 1, key),
        ("text, JSON compared unescaped", 1, text("line \"7\" 你")),
        ("absent text", 0, text("absent")),
    ]
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
        let whole = fixture
            .record
            .search(Query {
                limit: 1_000,
                ..query
            })
            .await
            .unwrap();
        assert_eq!(seen.len(), whole.entries.len());
        assert!(seen.is_sorted_by(|newer, older| newer > older));
    }
}
