//! Synthetic conversations.

use std::collections::HashSet;

use ringback_archive::{Archive, Generate};
use serde_json::{Value, json};

use crate::stage::{CORP, DAY, NOW, Stage};

fn lines(seed: u64, wish: &Generate) -> Vec<String> {
    Archive::generate(seed, wish).collect()
}

#[tokio::test]
async fn they_are_imported_like_real_ones_and_the_same_for_the_same_seed() {
    let stage = Stage::new().await;
    let wish = Generate {
        messages: 700,
        ..Generate::new(stage.now())
    };
    let made = lines(7, &wish);
    assert_eq!(made, lines(7, &wish));
    assert_ne!(made, lines(8, &wish));

    let imported = stage
        .archive
        .import(CORP, made.join("\n").as_bytes())
        .await
        .unwrap();
    assert_eq!(
        (imported.messages, imported.duplicates, imported.members),
        (700, 0, 8)
    );
    assert!(imported.customers == 30 && imported.chats == 6 && imported.consents == 30);
    assert!(imported.tag_groups > 0 && imported.knowledge_bases == 1 && imported.knowledge > 10);
    let again = stage
        .archive
        .import(CORP, made.join("\n").as_bytes())
        .await
        .unwrap();
    assert_eq!((again.messages, again.duplicates), (0, 700));

    let first = stage.sync(json!({ "limit": 1000 })).await;
    assert_eq!(
        first["msg_list"].as_array().unwrap().len(),
        700,
        "all of them visible and in the window"
    );
}

#[test]
fn they_look_like_conversations_of_a_business() {
    let now = ringback_types::ScheduleTime::from_millis(NOW * 1000);
    let wish = Generate {
        messages: 3000,
        ..Generate::new(now)
    };
    let made: Vec<Value> = lines(3, &wish)
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let messages: Vec<_> = made
        .iter()
        .filter(|line| line["kind"] == "message")
        .collect();
    assert_eq!(messages.len(), 3000);

    let times: Vec<_> = messages
        .iter()
        .map(|line| line["send_time"].as_i64().unwrap())
        .collect();
    assert!(times.is_sorted());
    assert!(
        times[0] >= NOW - 4 * DAY && times[0] < NOW - 3 * DAY,
        "{}",
        times[0]
    );
    assert!(times[2999] <= NOW && times[2999] > NOW - DAY);
    let types: HashSet<_> = messages
        .iter()
        .map(|line| line["msgtype"].as_i64().unwrap())
        .collect();
    assert_eq!(types, HashSet::from([1, 2, 6, 8, 21]));
    let grouped = messages
        .iter()
        .filter(|line| {
            line["chatid"]
                .as_str()
                .is_some_and(|id| id.starts_with("wr"))
        })
        .count();
    assert!((300..2700).contains(&grouped), "{grouped}");
    let chinese = |line: &&&Value| {
        line["text"]
            .as_str()
            .is_some_and(|text| text.contains(['，', '。', '？', '的']))
    };
    let share = messages.iter().filter(chinese).count();
    assert!((900..2400).contains(&share), "{share}");
    for line in &messages {
        let (kind, id) = (
            &line["sender"]["type"],
            line["sender"]["id"].as_str().unwrap(),
        );
        assert!(
            id.len() == 32 && id.starts_with(if *kind == 1 { "wo" } else { "wm" }),
            "{line}"
        );
    }
}

#[test]
fn small_wishes_are_met_too() {
    let now = ringback_types::ScheduleTime::from_millis(NOW * 1000);
    for messages in [0, 1, 2, 50] {
        let wish = Generate {
            messages,
            members: 0,
            customers: 0,
            groups: 1,
            days: 0,
            now,
        };
        let made = lines(1, &wish);
        let count = made
            .iter()
            .filter(|line| line.contains(r#""kind":"message""#))
            .count();
        assert_eq!(count, messages);
    }
}
