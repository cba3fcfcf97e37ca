//! Notices of new messages: debounced, durable, none lost and none for nothing.

use ringback_archive::{Notice, Options};
use ringback_types::ScheduleTime;
use serde_json::json;

use crate::stage::{CORP, MEMBER, NOW, Stage, message};

const DEBOUNCE_MS: i64 = 1000;

fn at(millis: i64) -> ScheduleTime {
    ScheduleTime::from_millis(NOW * 1000 + millis)
}

async fn due(stage: &Stage) -> Vec<Notice> {
    stage.archive.due_notices(stage.now()).await.unwrap()
}

#[tokio::test]
async fn imports_within_the_debounce_are_told_once() {
    let stage = Stage::new().await;
    assert_eq!(
        stage.archive.next_notice(),
        None,
        "members alone are no news"
    );
    let watch = stage.archive.watch_notices();
    stage.imported(&[message("m1", 60, "x")]).await;
    assert!(watch.has_changed().unwrap());
    stage.clock.advance_to(at(600)).unwrap();
    stage.imported(&[message("m2", 50, "x")]).await;
    assert_eq!(
        stage.archive.next_notice(),
        Some(at(DEBOUNCE_MS)),
        "the first one counts"
    );
    assert_eq!(due(&stage).await, []);

    stage.clock.advance_to(at(DEBOUNCE_MS)).unwrap();
    let stage = stage.restart().await;
    assert_eq!(stage.archive.next_notice(), Some(at(DEBOUNCE_MS)));
    let notices = due(&stage).await;
    assert_eq!((notices.len(), notices[0].corp.as_str()), (1, CORP));
    assert_eq!(due(&stage).await, notices, "due until it is settled");
    stage.archive.settle_notice(&notices[0]).await.unwrap();
    assert_eq!(
        (due(&stage).await, stage.archive.next_notice()),
        (vec![], None)
    );
    stage.archive.settle_notice(&notices[0]).await.unwrap();
}

#[tokio::test]
async fn what_comes_while_a_notice_is_told_gets_its_own() {
    let stage = Stage::new().await;
    stage.imported(&[message("m1", 60, "x")]).await;
    stage.clock.advance_to(at(5000)).unwrap();
    let told = due(&stage).await;
    stage.imported(&[message("m2", 50, "x")]).await;
    stage.archive.settle_notice(&told[0]).await.unwrap();
    assert_eq!(due(&stage).await, []);
    assert_eq!(stage.archive.next_notice(), Some(at(5000 + DEBOUNCE_MS)));
    stage.clock.advance_to(at(5000 + DEBOUNCE_MS)).unwrap();
    let next = due(&stage).await;
    assert!(next[0].number > told[0].number);
    stage.archive.settle_notice(&told[0]).await.unwrap();
    stage.clock.advance_to(at(9000)).unwrap();
    assert_eq!(
        due(&stage).await,
        next,
        "an old notice settles no newer one"
    );
}

#[tokio::test]
async fn duplicates_and_what_nobody_in_scope_may_see_are_no_news() {
    let stage = Stage::with(Options::default()).await;
    let mut hidden = message("m1", 60, "x");
    hidden["receiver_list"] = json!([{ "type": 1, "id": "wo9" }]);
    stage.imported(&[hidden]).await;
    assert_eq!(stage.archive.next_notice(), None);

    // A member who comes into scope with the same chunk counts.
    let mut seen = message("m2", 60, "x");
    seen["receiver_list"] = json!([{ "type": 1, "id": "wo8" }]);
    let lines = [seen, json!({ "kind": "member", "userid": "wo8" })];
    stage.imported(&lines).await;
    stage.clock.advance_to(at(DEBOUNCE_MS)).unwrap();
    let notices = due(&stage).await;
    stage.archive.settle_notice(&notices[0]).await.unwrap();
    stage.imported(&lines).await;
    assert_eq!(stage.archive.next_notice(), None, "nothing new in it");
    assert_eq!(
        stage.archive.auth_info(CORP)[0].auth_user_count,
        2,
        "{MEMBER} and the other"
    );
}
