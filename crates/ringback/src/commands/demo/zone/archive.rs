//! A conversation comes into the archive.

use serde_json::{Value, json};

use super::super::check::{expect, number, text};
use super::Scene;
use crate::failure::Failure;

/// What is said, in the order of time: whether the customer says it, and the text. Nobody else in the
/// demo says anything like it, so that it can be looked for.
pub(super) const SAID: [(bool, &str); 3] = [
    (true, "请问新款咖啡机的保修期是多久"),
    (false, "保修两年，上门取件免运费"),
    (true, "And does the warranty cover the grinder, too?"),
];
const MEMBER: &str = "woDemoAda";
const CUSTOMER: &str = "wmDemoWang";

/// Imports the conversation as NDJSON.
pub(super) async fn import(scene: &mut Scene) -> Result<String, Failure> {
    let corp = format!("wecom/corps/{}", scene.zone.wecom.corpid);
    let version = number(&scene.get(&corp).await?, "/public_key_ver");
    scene.act(format_args!(
        "ringback archive import: {} messages of a customer and a member",
        SAID.len()
    ));
    let lines = lines(now_seconds(scene).await?);
    let imported = scene
        .post_lines(&format!("{corp}/archive/import"), lines)
        .await?;
    let messages = number(&imported, "/messages");
    expect(messages == SAID.len() as i64, || {
        format!("the import answered {imported}")
    })?;
    expect(version == scene.zone.wecom.public_key_ver, || {
        format!("the corp's public key has version {version}")
    })?;
    scene.tell(format_args!(
        "{messages} messages on the disk, each under a key of its own; those keys for public key {version} only"
    ));
    Ok(format!(
        "{messages} messages, keys for public key {version}"
    ))
}

async fn now_seconds(scene: &Scene) -> Result<i64, Failure> {
    let clock = scene.get("clock").await?;
    let now: jiff::Timestamp = text(&clock, "/now").parse().map_err(Failure::internal)?;
    Ok(now.as_second())
}

fn lines(now: i64) -> String {
    let member =
        json!({ "kind": "member", "userid": MEMBER, "name": "Ada", "edition_list": [1, 2, 3] });
    let customer = json!({
        "kind": "customer", "external_userid": CUSTOMER, "name": "Wang", "follower_list": [MEMBER],
    });
    let said = SAID.iter().zip(1..).map(|((by_customer, text), number)| {
        let (from, to) = if *by_customer {
            (party(2, CUSTOMER), party(1, MEMBER))
        } else {
            (party(1, MEMBER), party(2, CUSTOMER))
        };
        json!({
            "kind": "message", "msgid": format!("demo{number}"), "sender": from,
            "receiver_list": [to], "send_time": now - 60 + 10 * number, "msgtype": 1, "text": text,
        })
    });
    let lines = [member, customer].into_iter().chain(said);
    let lines: Vec<String> = lines.map(|line| line.to_string()).collect();
    lines.join("\n")
}

fn party(kind: u8, id: &str) -> Value {
    json!({ "type": kind, "id": id })
}
