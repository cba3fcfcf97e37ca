//! Knowledge and tag groups for placeholders.

use ringback_archive::{Fragment, knowledge_text};
use serde_json::json;

use crate::stage::{CORP, Stage};

#[tokio::test]
async fn the_fragments_that_resemble_the_conversation_come_first() {
    let stage = Stage::new().await;
    let passage = |text: &str| json!({ "kind": "knowledge", "kb_id": "kb1", "text": text });
    stage
        .imported(&[
            json!({ "kind": "knowledge_base", "kb_id": "kb1", "kb_name": "手册" }),
            json!({ "kind": "knowledge_base", "kb_id": "kb2", "kb_name": "Empty" }),
            passage("退货政策：签收后七天内可以申请退货。"),
            passage("物流：同城次日达，\n跨省三到五天。"),
            passage("Invoices are issued within three working days."),
            json!({ "kind": "knowledge", "kb_id": "kb1", "question": "发票什么时候开", "answer": "三个工作日内" }),
            json!({ "kind": "knowledge", "kb_id": "kb1", "fragment_id": "f1", "text": "old words" }),
            json!({ "kind": "knowledge", "kb_id": "kb1", "fragment_id": "f1", "text": "new words" }),
        ])
        .await;
    let find = |query: &'static str, count| stage.archive.retrieve(CORP, "kb1", query, count);

    let found = find("A说：我想退货，签收三天了\nB说：好的", 2)
        .await
        .unwrap();
    assert_eq!(found[0].text, "退货政策：签收后七天内可以申请退货。");
    let found = find("请问发票怎么开？", 5).await.unwrap();
    assert_eq!(found[0].question.as_deref(), Some("发票什么时候开"));
    let found = find("When do I get my INVOICES?", 5).await.unwrap();
    assert_eq!(found.len(), 1, "nothing that shares no word");
    assert_eq!(find("words", 5).await.unwrap()[0].text, "new words");
    assert_eq!(find("物流", 0).await.unwrap(), []);
    let empty = stage.archive.retrieve(CORP, "kb2", "物流", 5).await;
    assert_eq!(empty.unwrap(), []);
    for (corp, base) in [(CORP, "kb3"), ("wwother", "kb1")] {
        let error = stage
            .archive
            .retrieve(corp, base, "物流", 5)
            .await
            .unwrap_err();
        assert_eq!(error.errcode, 800_000);
    }
}

#[test]
fn knowledge_is_numbered_one_fragment_a_line() {
    let passage = Fragment {
        question: None,
        text: "跨省\n三到五天".to_owned(),
    };
    let answer = Fragment {
        question: Some("发票".to_owned()),
        text: "三天".to_owned(),
    };
    assert_eq!(
        knowledge_text(&[passage, answer]),
        "文档1：跨省 三到五天\n文档2：发票：三天"
    );
    assert_eq!(knowledge_text(&[]), "");
}

#[tokio::test]
async fn tag_groups_are_given_as_the_placeholder_shows_them() {
    let stage = Stage::new().await;
    let group = |id: &str, name: &str| json!({ "kind": "tag_group", "group_id": id, "group_name": name, "tag_list": [{ "tag_id": "t1", "tag_name": "\"VIP\"" }] });
    stage
        .imported(&[group("g1", "old"), group("g1", "阶段"), group("g2", "Mood")])
        .await;
    let ids = ["g2", "g9", "g1"].map(str::to_owned);
    let groups = stage.archive.tag_groups(CORP, &ids).await.unwrap();
    assert_eq!(groups.unknown, ["g9"]);
    assert_eq!(
        groups.json,
        r#"{"tag_group":[{"group_id":"g2","group_name":"Mood","tag_list":[{"tag_id":"t1","tag_name":"\"VIP\""}]},{"group_id":"g1","group_name":"阶段","tag_list":[{"tag_id":"t1","tag_name":"\"VIP\""}]}]}"#
    );
    let many: Vec<_> = (0..101).map(|number| number.to_string()).collect();
    assert_eq!(
        stage
            .archive
            .tag_groups(CORP, &many)
            .await
            .unwrap_err()
            .errcode,
        40058
    );
}
