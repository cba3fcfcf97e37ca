//! Pre-paged and adaptive lists, and their pages.

use ringback_archive::{Options, Owner};
use serde_json::{Value, json};

use crate::stage::{self, Stage, message, msgids, owner};

async fn stage_with(messages: i64) -> Stage {
    let stage = Stage::new().await;
    let lines: Vec<_> = (0..messages)
        .map(|number| message(&format!("m{number:03}"), 9000 - number, "x"))
        .collect();
    stage.imported(&lines).await;
    stage
}

async fn page(stage: &Stage, owner: &Owner, page_id: &Value) -> Value {
    let request = json!({ "page_id": page_id }).to_string();
    stage::value_of(stage.archive.get_msg_list_by_page_id(owner, &request).await)
}

#[tokio::test]
async fn ten_pages_a_call_hold_everything_once() {
    let stage = stage_with(45).await;
    let first = stage.sync(json!({ "mode": 1, "limit": 4 })).await;
    assert_eq!(
        (first.get("msg_list"), &first["has_more"]),
        (None, &json!(1))
    );
    assert_eq!(first["page_id_list"].as_array().unwrap().len(), 10);
    // What arrives meanwhile, with an older send time, is in no page of the first call.
    stage.imported(&[message("late", 8995, "x")]).await;
    let second = stage
        .sync(json!({ "mode": 1, "limit": 4, "cursor": first["next_cursor"] }))
        .await;
    let third = stage
        .sync(json!({ "mode": 1, "limit": 4, "cursor": second["next_cursor"] }))
        .await;
    assert_eq!(
        (&second["has_more"], &third["has_more"]),
        (&json!(1), &json!(0))
    );

    let stage = stage.restart().await;
    let mut all = Vec::new();
    for answer in [&first, &second, &third] {
        for page_id in answer["page_id_list"].as_array().unwrap() {
            let page = page(&stage, &owner(), page_id).await;
            assert!(msgids(&page).len() <= 4);
            all.extend(msgids(&page).iter().map(|msgid| (*msgid).to_owned()));
        }
    }
    let expected: Vec<_> = (0..45)
        .map(|number| format!("m{number:03}"))
        .chain(["late".to_owned()])
        .collect();
    assert_eq!(all, expected);
    let end = stage
        .sync(json!({ "mode": 1, "cursor": third["next_cursor"] }))
        .await;
    assert_eq!(
        (&end["page_id_list"], &end["has_more"]),
        (&json!([]), &json!(0))
    );
}

#[tokio::test]
async fn adaptive_gives_messages_when_they_fit_a_page() {
    let stage = stage_with(10).await;
    let fits = stage.sync(json!({ "mode": 2, "limit": 10 })).await;
    assert_eq!((msgids(&fits).len(), fits.get("page_id_list")), (10, None));
    let paged = stage.sync(json!({ "mode": 2, "limit": 9 })).await;
    assert_eq!(
        (
            paged["page_id_list"].as_array().unwrap().len(),
            paged.get("msg_list")
        ),
        (2, None)
    );
}

#[tokio::test]
async fn a_page_belongs_to_its_owner_for_a_while() {
    let stage = stage_with(3).await;
    let page_id = stage.sync(json!({ "mode": 1 })).await["page_id_list"][0].clone();
    let other = Owner {
        program: "prog2".to_owned(),
        ..owner()
    };
    assert_eq!(page(&stage, &other, &page_id).await["errcode"], 40058);
    assert_eq!(page(&stage, &owner(), &json!("")).await["errcode"], 40063);
    assert_eq!(page(&stage, &owner(), &json!("x")).await["errcode"], 40058);
    let wrong = page(&stage, &owner(), &json!(1)).await;
    assert!(
        wrong["errmsg"]
            .as_str()
            .unwrap()
            .contains("Warning: wrong json format.")
    );

    let three = page(&stage, &owner(), &page_id).await;
    assert_eq!(
        (&three["errcode"], &three["errmsg"], msgids(&three).len()),
        (&json!(0), &json!("ok"), 3)
    );
    stage.advance(3600);
    assert_eq!(page(&stage, &owner(), &page_id).await["errcode"], 40058);
}

#[tokio::test]
async fn so_many_pages_of_a_corp_at_a_time() {
    for (page_concurrency, code) in [(0, 45033), (1, 0)] {
        let options = Options {
            page_concurrency,
            ..Options::default()
        };
        let stage = Stage::with(options).await;
        stage.imported(&[message("m1", 60, "x")]).await;
        let page_id = stage.sync(json!({ "mode": 1 })).await["page_id_list"][0].clone();
        for _ in 0..3 {
            assert_eq!(page(&stage, &owner(), &page_id).await["errcode"], code);
        }
    }
}
