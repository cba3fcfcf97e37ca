//! Who is covered, and what that makes visible.

use ringback_archive::{AuthEdition, AuthScope};
use ringback_types::Coded as _;
use serde_json::{Value, json};

use crate::stage::{CORP, CUSTOMER, DAY, MEMBER, NOW, Stage, msgids};

/// A message between two, by type of participant and id.
fn between(msgid: &str, msgtype: u8, sender: (u8, &str), receiver: (u8, &str)) -> Value {
    let party = |(kind, id): (u8, &str)| json!({ "type": kind, "id": id });
    json!({
        "kind": "message", "msgid": msgid, "send_time": NOW - 60, "msgtype": msgtype, "text": "x",
        "sender": party(sender), "receiver_list": [party(receiver)],
    })
}

fn edition(edition: u8, status: u8) -> AuthEdition {
    AuthEdition {
        edition,
        auth_scope: AuthScope::default(),
        status,
        begin_time: None,
        end_time: None,
        msg_duration_days: 90,
        auth_user_count: 0,
    }
}

async fn visible(stage: &Stage) -> Vec<String> {
    let answer = stage.sync(json!({})).await;
    let mut visible: Vec<_> = msgids(&answer).into_iter().map(str::to_owned).collect();
    visible.sort();
    visible
}

#[tokio::test]
async fn a_message_is_visible_when_an_edition_of_a_participant_covers_it() {
    let stage = Stage::new().await;
    let member = |userid: &str, editions: Value| json!({ "kind": "member", "userid": userid, "edition_list": editions });
    stage
        .imported(&[
            member("wo1", json!([1])),
            member("wo2", json!([2])),
            member("wo3", json!([3])),
            member("wo0", json!([])),
            between("stranger", 1, (2, CUSTOMER), (1, "wo9")),
            between("outside", 1, (1, "wo0"), (2, CUSTOMER)),
            between("robot", 1, (3, MEMBER), (2, CUSTOMER)),
            between("internal-1", 1, (1, "wo1"), (1, "wo9")),
            between("external-1", 1, (1, "wo1"), (2, CUSTOMER)),
            between("external-2", 1, (2, CUSTOMER), (1, "wo2")),
            between("call-2", 22, (1, "wo2"), (2, CUSTOMER)),
            between("call-3", 22, (1, "wo3"), (2, CUSTOMER)),
        ])
        .await;
    assert_eq!(
        visible(&stage).await,
        ["call-3", "external-2", "internal-1"]
    );

    // The scope is what it is now: who comes in is seen, who goes out is not.
    stage
        .imported(&[member("wo0", json!([2])), member("wo3", json!([]))])
        .await;
    let stage = stage.restart().await;
    assert_eq!(
        visible(&stage).await,
        ["external-2", "internal-1", "outside"]
    );

    // So are the editions of the corp.
    let paid_until = AuthEdition {
        end_time: Some(NOW + DAY),
        ..edition(2, 3)
    };
    let editions = vec![edition(1, 2), paid_until];
    stage
        .archive
        .set_editions("tester", CORP, editions)
        .await
        .unwrap();
    assert_eq!(visible(&stage).await, ["external-2", "outside"]);
    stage.advance(DAY + 1);
    assert_eq!(visible(&stage).await, [""; 0]);
}

#[tokio::test]
async fn many_hidden_messages_do_not_hide_the_visible_one_behind_them() {
    let stage = Stage::new().await;
    let mut lines: Vec<_> = (0..30)
        .map(|number| between(&format!("h{number}"), 1, (2, CUSTOMER), (1, "wo9")))
        .collect();
    lines.push(between("seen", 1, (2, CUSTOMER), (1, MEMBER)));
    stage.imported(&lines).await;
    let answer = stage.sync(json!({ "limit": 2 })).await;
    assert_eq!(msgids(&answer), ["seen"]);
}

#[tokio::test]
async fn members_in_scope_are_listed_page_by_page() {
    let stage = Stage::new().await;
    let lines: Vec<_> = (0..5).map(|number| json!({ "kind": "member", "userid": format!("x{number}"), "edition_list": if number == 2 { vec![] } else { vec![3, 1] } })).collect();
    stage.imported(&lines).await;
    let (mut userids, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = stage
            .archive
            .auth_users(CORP, cursor.as_deref(), Some(2))
            .await
            .unwrap();
        userids.extend(page.auth_user_list.iter().map(|user| user.userid.clone()));
        if !page.has_more {
            assert_eq!(page.next_cursor, "");
            assert_eq!(page.auth_user_list[0].edition_list, [1, 3]);
            break;
        }
        cursor = Some(page.next_cursor);
    }
    assert_eq!(userids, [MEMBER, "x0", "x1", "x3", "x4"]);

    let foreign = stage
        .archive
        .auth_users("wwother", cursor.as_deref(), None)
        .await;
    assert_eq!(foreign.unwrap_err().errcode, 710_611);
    let too_many = stage.archive.auth_users(CORP, None, Some(1001)).await;
    assert_eq!(too_many.unwrap_err().errcode, 40058);
    let nobody = stage
        .archive
        .auth_users("wwother", Some(""), Some(0))
        .await
        .unwrap();
    assert!(nobody.auth_user_list.is_empty() && !nobody.has_more);
}

#[tokio::test]
async fn editions_have_defaults_and_are_checked() {
    let stage = Stage::new().await;
    assert_eq!(stage.archive.auth_info("wwother"), []);
    let defaults = json!(stage.archive.auth_info(CORP));
    assert_eq!(
        defaults[2],
        json!({
            "edition": 3, "status": 3, "begin_time": NOW, "end_time": NOW + 365 * DAY - 1,
            "auth_scope": { "userid_list": [], "department_id_list": [1], "tag_id_list": [] },
            "msg_duration_days": 365, "auth_user_count": 1,
        })
    );
    assert_eq!(defaults.as_array().unwrap().len(), 3);

    let backwards = AuthEdition {
        begin_time: Some(2),
        end_time: Some(1),
        ..edition(1, 1)
    };
    for editions in [
        vec![edition(0, 1)],
        vec![edition(1, 8)],
        vec![edition(2, 1), edition(2, 3)],
        vec![backwards],
    ] {
        let error = stage
            .archive
            .set_editions("tester", CORP, editions)
            .await
            .unwrap_err();
        assert_eq!(error.code().as_str(), "archive.bad_edition");
    }
    stage
        .archive
        .set_editions("tester", CORP, vec![edition(2, 1)])
        .await
        .unwrap();
    let stage = stage.restart().await;
    let expected = AuthEdition {
        auth_user_count: 1,
        ..edition(2, 1)
    };
    assert_eq!(stage.archive.auth_info(CORP), [expected]);
    assert_eq!(
        json!(stage.archive.auth_info(CORP))[0].get("end_time"),
        None
    );
}
