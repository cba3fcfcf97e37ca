//! The figure of the platform's own sample: new messages → event → program → `spec_notify_app` →
//! `program_notify` → `get_callback_data` → `invoke_sync_msg` → keys opened.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::check::{broken, expect, number, text, until};
use super::archive::SAID;
use super::private_key::{PrivateKey, Pulled};
use super::{Scene, log_lines};
use crate::failure::Failure;

/// How long imports are gathered before programs are told.
const DEBOUNCE: Duration = Duration::from_secs(1);
/// What the sample program logs of an event that it keeps.
pub(super) const KEPT: &str = "an event is kept as ";

/// Saves the data-callback URL; the check is part of that.
pub(super) async fn save_url(scene: &mut Scene) -> Result<String, Failure> {
    let (careless, right) = (scene.zone.app.careless_url(), scene.zone.app.url());
    let path = scene.zone.app_path("/callback-url");
    scene.act(format_args!("ringback app callback-url {careless}"));
    let Err(refusal) = scene.put(&path, json!({ "url": careless })).await else {
        return Err(broken("an answer that is not exact passed the check"));
    };
    scene.tell(format_args!(
        "refused: {} [{}]",
        refusal.message, refusal.code
    ));
    expect(refusal.code == "wecom.challenge_whitespace", || {
        format!("refused as {}", refusal.code)
    })?;
    scene.act(format_args!("ringback app callback-url {right}"));
    let saved = scene.put(&path, json!({ "url": right })).await?;
    expect(text(&saved, "/callback_url") == right, || {
        format!("the app is {saved}")
    })?;
    scene.tell("saved: the decrypted `echostr` came back, byte for byte");
    Ok(format!("refused [{}]; saved", refusal.code))
}

/// The debounce passes: the app is told.
pub(super) async fn notify(scene: &mut Scene) -> Result<String, Failure> {
    scene.act("clock advance 1s");
    scene.advance(DEBOUNCE).await?;
    let notice = scene.zone.app.notice().await?;
    let id = notice.notify_id;
    scene.tell("the zone sent `conversation_new_message`, sealed, to the receiving program");
    let kept = format!("{KEPT}{id}");
    until("the program's log line", async || {
        let lines = log_lines(scene, 0).await?;
        Ok(lines
            .iter()
            .find(|line| text(line, "/text") == kept)
            .cloned())
    })
    .await?;
    scene.tell(format_args!(
        "the program's log: {kept}; it called `spec_notify_app` with that id"
    ));
    expect(notice.xml.contains("<![CDATA[program_notify]]>"), || {
        format!("the app got {}", notice.xml)
    })?;
    let has_content = SAID.iter().any(|(_, said)| notice.xml.contains(said));
    expect(!has_content, || "the notice holds a message".to_owned())?;
    scene.tell(format_args!(
        "the app got `program_notify`, signed and encrypted: NotifyId {id}, and nothing else"
    ));
    expect(scene.zone.app.is_quiet(), || {
        "the app was told twice".to_owned()
    })?;
    scene.zone.notify_id = id;
    Ok("told once, the NotifyId that the program gave".to_owned())
}

/// The app fetches the event, pulls the records and opens their keys.
pub(super) async fn pull(scene: &mut Scene) -> Result<String, Failure> {
    let zone = &scene.zone;
    scene.act("sync_call_program get_callback_data, with the NotifyId");
    let event = zone.platform.event(&zone.notify_id).await?;
    let token = text(&event, "/conversation_new_message/token");
    expect(!token.is_empty(), || format!("the program has {event}"))?;
    scene.tell(format_args!(
        "the event is {}, with a token for ten minutes",
        text(&event, "/event_type")
    ));
    scene.act("sync_call_program invoke_sync_msg, with the token");
    let request = json!({ "token": token, "limit": 200 });
    let list = zone.platform.call("invoke_sync_msg", &request).await?;
    let key = PrivateKey::parse(&zone.wecom.private_key_pem)?;
    // Without a cursor the list begins with the seeded conversations.
    let records = list.pointer("/msg_list").and_then(Value::as_array);
    let new = records.into_iter().flatten();
    let new = new.filter(|record| text(record, "/msgid").starts_with("demo"));
    let pulled = new
        .map(|record| opened(&key, record))
        .collect::<Result<Vec<_>, _>>()?;
    let count = pulled.len();
    expect(count == SAID.len(), || {
        format!("{count} records came: {list}")
    })?;
    let has_content = SAID.iter().any(|(_, said)| list.to_string().contains(said));
    expect(!has_content, || "a record holds its message".to_owned())?;
    scene.tell(format_args!(
        "{count} records: who, to whom, when; {count} keys opened with the private key"
    ));
    scene.zone.pulled = pulled;
    Ok(format!(
        "{count} records without a text, {count} keys opened"
    ))
}

fn opened(key: &PrivateKey, record: &Value) -> Result<Pulled, Failure> {
    let version = number(record, "/service_encrypt_info/public_key_ver");
    expect(version == 1, || {
        format!("a key is for public key {version}")
    })?;
    let encrypted = text(record, "/service_encrypt_info/encrypted_secret_key");
    Ok(Pulled {
        msgid: text(record, "/msgid").to_owned(),
        secret_key: key.open(encrypted)?,
    })
}
