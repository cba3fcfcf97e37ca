//! Import: NDJSON in, a chunk whole or not at all.

mod chunk;
mod fields;
mod item;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ringback_store::{Statement, Value, WriteError};
use ringback_types::{Random, ScheduleTime};
use serde::Serialize;

use self::chunk::{Chunk, Limits};
use crate::archive::{Archive, off_thread, to_its_end};
use crate::content::{self, Sealed};
use crate::corp::Corp;
use crate::edition::EditionSet;
use crate::error::{ImportError, StoreError};
use crate::message::NewMessage;
use crate::public_key::PublicKey;
use crate::records;

/// Lines of a chunk that keep the store's writer busy for some milliseconds only.
pub const CHUNK_LINES: usize = 500;

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Messages that are new.
    pub messages: u64,
    /// Messages that were there already; they stay as they were.
    pub duplicates: u64,
    /// Members, new or changed, like everything below.
    pub members: u64,
    /// Customers.
    pub customers: u64,
    /// Group chats.
    pub chats: u64,
    /// Consents.
    pub consents: u64,
    /// Tag groups.
    pub tag_groups: u64,
    /// Knowledge bases.
    pub knowledge_bases: u64,
    /// Fragments of knowledge.
    pub knowledge: u64,
}

/// A message that can be written.
struct Ready {
    message: NewMessage,
    sealed: Sealed,
    key_version: i64,
}

impl Archive {
    /// Imports a chunk of NDJSON for a corp: all of it or nothing. Each line is an object whose `kind` is
    /// `message`, `member`, `customer`, `chat`, `consent`, `tag_group`, `knowledge_base` or `knowledge`;
    /// empty lines are skipped, and an unknown member is refused, because it would be lost in silence.
    ///
    /// A message whose `msgid` is there already is counted as a duplicate and stays as it was; everything
    /// else replaces what has the same id. Messages need the corp's public key. They are numbered in the
    /// order of their send time, and a notice of them is due a debounce later. Cut what is longer than
    /// [`CHUNK_LINES`], because the store's writer stands still for a chunk.
    pub async fn import(&self, corp: &str, lines: &[u8]) -> Result<Imported, ImportError> {
        self.store().accepting()?;
        let limit = self.options().chunk_bytes;
        if lines.len() > limit {
            return Err(ImportError::ChunkTooLarge {
                bytes: lines.len(),
                limit,
            });
        }
        let limits = Limits {
            line_bytes: self.options().line_bytes,
            latest: self.now().as_seconds(),
        };
        let (random, lines) = (self.random().clone(), lines.to_vec());
        let chunk = off_thread(move || Chunk::parse(&lines, &limits, &random)).await??;
        let (archive, corp) = (self.clone(), corp.to_owned());
        to_its_end(async move {
            let corp = archive.corp_or_new(&corp).await?;
            archive.import_chunk(&corp, chunk).await
        })
        .await?
    }

    async fn import_chunk(&self, corp: &Arc<Corp>, chunk: Chunk) -> Result<Imported, ImportError> {
        let _turn = corp.turn.lock().await;
        let mut imported = chunk.imported;
        let offered = chunk.messages.len() as u64;
        let messages = self.only_new(corp, chunk.messages).await?;
        let ready = self.sealed(corp, messages).await?;

        let now = self.now();
        let mut statements: Vec<_> = chunk
            .others
            .iter()
            .map(|item| item.statement(corp.id))
            .collect();
        let before = statements.len();
        let notify = any_visible(corp, &chunk.members, &ready, now);
        statements.extend(self.message_statements(corp.id, &ready, now));
        if notify {
            statements.push(self.notice_statement(corp.id, now));
        }
        if statements.is_empty() {
            imported.duplicates = offered;
            return Ok(imported);
        }
        let touched = self.store().write_bulk(statements).await?;
        corp.set_members(chunk.members);
        if notify {
            self.follow_notices().await;
        }
        // After what takes the ids, one statement a message.
        let written = touched.iter().skip(before + 1).take(ready.len());
        imported.messages = written.sum();
        imported.duplicates = offered - imported.messages;
        Ok(imported)
    }

    /// Leaves out what is there already, or twice in the chunk: the first one counts.
    async fn only_new(
        &self,
        corp: &Corp,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<NewMessage>, StoreError> {
        let mut seen = HashSet::new();
        for some in messages.chunks(records::MSGIDS_AT_ONCE) {
            let ids: Vec<_> = some.iter().map(|message| message.msgid.as_str()).collect();
            let values = records::msgid_values(corp.id, &ids);
            for row in self.store().read(records::SELECT_KNOWN, values).await? {
                seen.insert(row.text(0)?.to_owned());
            }
        }
        let mut messages = messages;
        messages.retain(|message| seen.insert(message.msgid.clone()));
        // Numbered in this order, so that arrival and send time agree wherever they can.
        messages.sort_by_key(|message| message.send_time);
        Ok(messages)
    }

    /// Encrypting to an RSA key takes some ten microseconds a message.
    async fn sealed(
        &self,
        corp: &Arc<Corp>,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<Ready>, ImportError> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let Some(key) = corp.key() else {
            return Err(ImportError::NoPublicKey {
                corp: corp.name.clone(),
            });
        };
        let (random, name) = (self.random().clone(), corp.name.clone());
        let sealed = off_thread(move || {
            let seal = |message| seal_one(&random, &key, &name, message);
            messages.into_iter().map(seal).collect::<Option<Vec<_>>>()
        });
        sealed.await?.ok_or_else(|| {
            let text = "the public key of the corp cannot encrypt".to_owned();
            WriteError::Failed(text).into()
        })
    }

    fn message_statements(&self, corp: i64, ready: &[Ready], now: ScheduleTime) -> Vec<Statement> {
        let Some(last) = ready.len().checked_sub(1) else {
            return Vec::new();
        };
        let oldest = self.oldest_listed(now);
        let take = [Value::Int(ready.len() as i64), Value::Int(corp)];
        let mut statements = Vec::with_capacity(ready.len() + 2);
        statements.push(Statement::new(records::TAKE_IDS, take).expecting(1));
        statements.extend(
            ready
                .iter()
                .enumerate()
                .map(|(index, ready)| ready.statement(corp, (last - index) as i64, oldest)),
        );
        statements
    }
}

fn seal_one(random: &Random, key: &PublicKey, corp: &str, message: NewMessage) -> Option<Ready> {
    let sealed = content::seal(random, key, corp, &message.msgid, &message.content)?;
    Some(Ready {
        message,
        sealed,
        key_version: key.version,
    })
}

/// Whether one of the messages is visible, with the scope as it is after this chunk.
fn any_visible(
    corp: &Corp,
    members: &HashMap<String, EditionSet>,
    ready: &[Ready],
    now: ScheduleTime,
) -> bool {
    let scope = corp.scope(now).with(members);
    ready
        .iter()
        .any(|ready| scope.covers(ready.message.msgtype, ready.message.parties()))
}

impl Ready {
    fn statement(&self, corp: i64, before_last: i64, oldest: ScheduleTime) -> Statement {
        let message = &self.message;
        let sent_at = message.send_time.saturating_mul(1000);
        let receivers = serde_json::json!(message.receivers).to_string();
        let values = [
            Value::Int(corp),
            Value::Int(before_last),
            Value::from(&message.msgid),
            Value::Int(sent_at),
            Value::from(sent_at < oldest.as_millis()),
            Value::from(u32::from(message.sender.kind.number())),
            Value::from(&message.sender.id),
            Value::from(receivers),
            Value::from(message.chatid.as_deref()),
            Value::from(u32::from(message.msgtype)),
            Value::from(message.call_duration),
            Value::Int(self.key_version),
            Value::from(self.sealed.encrypted_key.clone()),
            Value::from(self.sealed.content.clone()),
        ];
        Statement::new(records::INSERT_MESSAGE, values)
    }
}
