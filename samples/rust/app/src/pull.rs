//! From a notice to message records.

use std::collections::VecDeque;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use ringback_types::WireTime;
use ringback_zone_sdk::calls::{Party, Record, Synced};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::http::Unreachable;
use crate::platform::Platform;
use crate::secret_key::PrivateKey;
use crate::settings::Arguments;
use crate::{eprint, text_of};

/// The program's ability that hands out the event under a notify_id.
const GET_CALLBACK_DATA: &str = "get_callback_data";
/// The program's ability that passes `sync_msg` through.
const INVOKE_SYNC_MSG: &str = "invoke_sync_msg";

/// Records a call; the platform allows 1000.
const LIMIT: u32 = 200;
/// How many notices are remembered, so that one that comes again is worked on once.
const REMEMBERED: usize = 1000;
/// How long to wait for a platform that cannot be reached; a notice lives ten minutes.
const AGAIN: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
];

/// Works on notices, one after another.
#[derive(Debug)]
pub(crate) struct Puller {
    platform: Platform,
    key: PrivateKey,
    cursor: Option<String>,
    cursor_file: Option<PathBuf>,
    show_keys: bool,
    seen: VecDeque<String>,
}

/// An event as the program hands it out, or why it does not.
#[derive(Debug, Deserialize)]
struct Handed {
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    #[serde(default)]
    event_type: String,
    conversation_new_message: Option<NewMessage>,
}

#[derive(Debug, Deserialize)]
struct NewMessage {
    token: String,
}

impl Puller {
    pub(crate) fn new(
        platform: Platform,
        key: PrivateKey,
        arguments: &Arguments,
    ) -> anyhow::Result<Self> {
        let cursor_file = arguments.cursor_file.clone();
        let cursor = match &cursor_file {
            Some(path) if path.exists() => {
                Some(fs::read_to_string(path).context("the cursor file")?)
            }
            _ => None,
        };
        Ok(Self {
            platform,
            key,
            cursor: cursor.filter(|cursor| !cursor.is_empty()),
            cursor_file,
            show_keys: arguments.show_keys,
            seen: VecDeque::with_capacity(REMEMBERED),
        })
    }

    /// Works until nobody can bring notices any more.
    ///
    /// A notice that was acknowledged before a crash is gone; what it announced is not: the records
    /// since the cursor are pulled first.
    pub(crate) async fn run(&mut self, mut notices: mpsc::Receiver<String>) {
        if self.cursor.is_some() {
            report("what came meanwhile", self.pull(None).await);
        }
        while let Some(notify_id) = notices.recv().await {
            if self.seen.contains(&notify_id) {
                continue;
            }
            let worked = self.work(&notify_id).await;
            if worked.is_ok() {
                self.remember(notify_id.clone());
            }
            report(&format!("notice {notify_id}"), worked);
        }
    }

    fn remember(&mut self, notify_id: String) {
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(notify_id);
    }

    /// Works on a notice, again where the platform could not be reached meanwhile.
    async fn work(&mut self, notify_id: &str) -> anyhow::Result<()> {
        let mut again = AGAIN.iter();
        loop {
            let worked = self.follow(notify_id).await;
            match again.next() {
                Some(wait) if worked.as_ref().is_err_and(anyhow::Error::is::<Unreachable>) => {
                    report(&format!("notice {notify_id}"), worked);
                    tokio::time::sleep(*wait).await;
                }
                _ => return worked,
            }
        }
    }

    /// Fetches the event behind a notice, and pulls where it says that there is something.
    async fn follow(&mut self, notify_id: &str) -> anyhow::Result<()> {
        let nothing = json!({});
        let call = self
            .platform
            .call(GET_CALLBACK_DATA, Some(notify_id), &nothing);
        let text = call.await?;
        let event: Handed = parse(&text)?;
        if event.errcode != 0 {
            bail!(
                "the program answered errcode {}: {}",
                event.errcode,
                event.errmsg
            );
        }
        eprint(&format_args!("event {}", event.event_type));
        match event.conversation_new_message {
            Some(NewMessage { token }) => self.pull(Some(&token)).await,
            None => Ok(()),
        }
    }

    /// Pulls to the end; the cursor moves on only behind what has been printed.
    async fn pull(&mut self, token: Option<&str>) -> anyhow::Result<()> {
        loop {
            let request = request(self.cursor.as_deref(), token);
            let text = self.platform.call(INVOKE_SYNC_MSG, None, &request).await?;
            let envelope: Handed = parse(&text)?;
            if envelope.errcode != 0 {
                bail!(
                    "sync_msg answered errcode {}: {}",
                    envelope.errcode,
                    envelope.errmsg
                );
            }
            let page: Synced = parse(&text)?;
            for record in &page.msg_list {
                let line = self.line(record)?;
                writeln!(std::io::stdout(), "{line}")?;
            }
            self.move_on(page.next_cursor)?;
            if !page.has_more {
                return Ok(());
            }
        }
    }

    fn move_on(&mut self, cursor: String) -> anyhow::Result<()> {
        if cursor.is_empty() {
            return Ok(());
        }
        if let Some(path) = &self.cursor_file {
            let half = path.with_extension("half");
            fs::write(&half, &cursor)
                .and_then(|()| fs::rename(&half, path))
                .context("the cursor file")?;
        }
        self.cursor = Some(cursor);
        Ok(())
    }

    /// One message: when, who to whom, what kind, and whether its key can be opened.
    fn line(&self, record: &Record) -> anyhow::Result<String> {
        let time = WireTime::from_millis(record.send_time.saturating_mul(1000)).to_rfc3339();
        let receivers: Vec<String> = record.receiver_list.iter().map(party).collect();
        let chat = record.chatid.as_deref().unwrap_or("-");
        Ok(format!(
            "{time} {} type {} chat {chat} from {} to {} {}",
            record.msgid,
            record.msgtype,
            party(&record.sender),
            receivers.join(","),
            self.key_of(record)?,
        ))
    }

    fn key_of(&self, record: &Record) -> anyhow::Result<String> {
        let Some(info) = &record.service_encrypt_info else {
            return Ok("no key".to_owned());
        };
        let key = self.key.open(&info.encrypted_secret_key);
        let key = key.with_context(|| format!("message {}", record.msgid))?;
        if self.show_keys {
            return Ok(format!("key {}", text_of(&key)?));
        }
        Ok(format!("key of {} bytes", key.expose().len()))
    }
}

/// Without empty members: the platform was seen to refuse an empty cursor.
fn request(cursor: Option<&str>, token: Option<&str>) -> Value {
    let mut request = json!({ "limit": LIMIT });
    for (name, value) in [("cursor", cursor), ("token", token)] {
        if let Some(value) = value {
            request[name] = value.into();
        }
    }
    request
}

fn party(party: &Party) -> String {
    let kind = match party.kind {
        1 => "employee",
        2 => "customer",
        3 => "robot",
        _ => "party",
    };
    format!("{kind}:{}", party.id)
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> anyhow::Result<T> {
    serde_json::from_str(text)
        .ok()
        .context("the program's answer is not the JSON expected")
}

fn report(what: &str, worked: anyhow::Result<()>) {
    if let Err(error) = worked {
        eprint(&format_args!("{what}: {error:#}"));
    }
}
