//! Ten thousand conversations at once cost no more memory than a few.

use futures_util::{StreamExt as _, stream};
use serde_json::json;

use crate::business::Business;
use crate::stage::{Stage, flow};

const CROWD: usize = 10_000;
/// A conversation that waits has nothing in memory; what grows is what the store keeps of its pages.
const MOST_GROWTH_KIB: i64 = 96 * 1024;

fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_sessions_wait_in_the_store_and_not_in_memory() {
    let (stage, business) = (Stage::new().await, Business::start().await);
    stage.app(json!({})).await;
    stage.publish(&flow("order", &["order"], &json!([
        { "id": "ask", "type": "collect", "next": "call", "items": [
            { "variable": "OrderID", "description": "the number", "ask": "Which?", "pattern": "([0-9]+)" } ] },
        { "id": "call", "type": "api_call", "url": format!("{}/call", business.url), "next": "say",
          "inputs": [{ "name": "OrderID", "kind": "collected" }] },
        { "id": "say", "type": "reply", "text": "${OrderID}", "next": "end" },
        { "id": "end", "type": "end" },
    ]))).await;
    let begin = |_| async {
        let id = stage.converse(json!({})).await;
        assert_eq!(stage.hears(&id, "order").await, ["Which?"]);
        id
    };
    // The first few fill caches and buffers that a process has anyway.
    let warm: Vec<String> = stream::iter(0..500)
        .map(begin)
        .buffer_unordered(64)
        .collect()
        .await;
    let before = resident_kib();
    let mut crowd: Vec<String> = stream::iter(500..CROWD)
        .map(begin)
        .buffer_unordered(64)
        .collect()
        .await;
    let grown = resident_kib() - before;
    assert!(
        grown < MOST_GROWTH_KIB,
        "{CROWD} conversations that wait took {grown} KiB"
    );

    crowd.extend(warm);
    assert_eq!(crowd.len(), CROWD);
    let finish = |id: String| {
        let stage = &stage;
        async move { stage.hears(&id, "12345").await }
    };
    let some = crowd.into_iter().step_by(50);
    let answers: Vec<Vec<String>> = stream::iter(some)
        .map(finish)
        .buffer_unordered(64)
        .collect()
        .await;
    assert!(answers.iter().all(|said| said == &["12345"]));
    assert_eq!(business.got("/call").len(), CROWD / 50);
}
