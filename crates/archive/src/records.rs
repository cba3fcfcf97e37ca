//! The archive's tables and statements.
//!
//! A message's id is its corp's number times 2^40 plus the number of its arrival, counted per corp in
//! the write that stores it. So arrival numbers follow the order of commits, whatever runs beside, and a
//! cursor that names one misses nothing. Times are milliseconds.

use ringback_store::{Schema, Statement, Value};

/// Ids per corp: 2^40.
const CORP_SPAN: i64 = 1 << 40;

/// The tables of this room.
pub const SCHEMA: Schema = Schema {
    room: "archive",
    steps: &["CREATE TABLE archive_corp (
         id {id},
         corp TEXT NOT NULL UNIQUE,
         public_key TEXT,
         public_key_version {int} NOT NULL,
         editions TEXT NOT NULL,
         last_message {int} NOT NULL
     ) {strict};
     CREATE TABLE archive_message (
         id {id},
         corp {int} NOT NULL,
         msgid TEXT NOT NULL,
         sent_at {int} NOT NULL,
         late {int} NOT NULL,
         sender_type {int} NOT NULL,
         sender_id TEXT NOT NULL,
         receivers TEXT NOT NULL,
         chatid TEXT,
         msgtype {int} NOT NULL,
         call_duration {int},
         public_key_version {int} NOT NULL,
         encrypted_key {bytes} NOT NULL,
         content {bytes} NOT NULL,
         UNIQUE (corp, msgid)
     ) {strict};
     CREATE INDEX archive_message_sent ON archive_message (corp, sent_at, id);
     CREATE INDEX archive_message_arrived ON archive_message (corp, late, id, sent_at);
     CREATE TABLE archive_notice (
         corp {id}, number {int} NOT NULL, due_at {int} NOT NULL
     ) {strict};
     CREATE TABLE archive_member (
         corp {int} NOT NULL, userid TEXT NOT NULL, name TEXT, editions {int} NOT NULL,
         PRIMARY KEY (corp, userid)
     ) {without_rowid};
     CREATE TABLE archive_customer (
         corp {int} NOT NULL, external_userid TEXT NOT NULL, name TEXT, followers TEXT NOT NULL,
         PRIMARY KEY (corp, external_userid)
     ) {without_rowid};
     CREATE TABLE archive_chat (
         corp {int} NOT NULL, chatid TEXT NOT NULL, name TEXT, creator TEXT NOT NULL,
         created_at {int} NOT NULL, members TEXT NOT NULL,
         PRIMARY KEY (corp, chatid)
     ) {without_rowid};
     CREATE TABLE archive_consent (
         corp {int} NOT NULL, userid TEXT NOT NULL, chatid TEXT NOT NULL,
         external_userid TEXT NOT NULL, agreed {int} NOT NULL, changed_at {int} NOT NULL,
         PRIMARY KEY (corp, userid, chatid, external_userid)
     ) {without_rowid};
     CREATE TABLE archive_tag_group (
         corp {int} NOT NULL, group_id TEXT NOT NULL, name TEXT NOT NULL, tags TEXT NOT NULL,
         PRIMARY KEY (corp, group_id)
     ) {without_rowid};
     CREATE TABLE archive_knowledge_base (
         corp {int} NOT NULL, kb_id TEXT NOT NULL, name TEXT NOT NULL,
         PRIMARY KEY (corp, kb_id)
     ) {without_rowid};
     CREATE TABLE archive_knowledge (
         corp {int} NOT NULL, kb_id TEXT NOT NULL, fragment_id TEXT NOT NULL,
         question TEXT, text TEXT NOT NULL,
         PRIMARY KEY (corp, kb_id, fragment_id)
     ) {without_rowid}"],
};

ringback_store::statements! {
    in pub(crate),

    SELECT_CORPS = "SELECT id, corp, public_key, public_key_version, editions FROM archive_corp ORDER BY id";
    SELECT_CORP = "SELECT id, corp, public_key, public_key_version, editions FROM archive_corp WHERE corp = $1";
    INSERT_CORP = "INSERT INTO archive_corp (id, corp, public_key_version, editions, last_message) VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM archive_corp), $1, 0, $2, (SELECT (COALESCE(MAX(id), 0) + 1) * 1099511627776 FROM archive_corp)) ON CONFLICT (corp) DO NOTHING";
    /// Only a greater version replaces a key.
    UPDATE_PUBLIC_KEY = "UPDATE archive_corp SET public_key = $1, public_key_version = $2 WHERE corp = $3 AND public_key_version < $2";
    UPDATE_EDITIONS = "UPDATE archive_corp SET editions = $1 WHERE corp = $2";

    /// Takes the next ids. The row stays locked until the write is committed, so that arrival numbers
    /// become visible in their order.
    TAKE_IDS = "UPDATE archive_corp SET last_message = last_message + $1 WHERE id = $2";
    SELECT_LAST_MESSAGE = "SELECT last_message FROM archive_corp WHERE id = $1";
    /// A message that is there already stays as it is.
    INSERT_MESSAGE = "INSERT INTO archive_message (id, corp, msgid, sent_at, late, sender_type, sender_id, receivers, chatid, msgtype, call_duration, public_key_version, encrypted_key, content) VALUES ((SELECT last_message FROM archive_corp WHERE archive_corp.id = $1) - $2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (corp, msgid) DO NOTHING";
    SELECT_KNOWN = "SELECT msgid FROM archive_message WHERE corp = $1 AND msgid IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41)";
    /// What placeholders need of some messages.
    SELECT_CONTENT = "SELECT msgid, sent_at, id, msgtype, sender_type, sender_id, receivers, content FROM archive_message WHERE corp = $1 AND msgid IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41)";
    INSERT_NOTICE = "INSERT INTO archive_notice (corp, number, due_at) VALUES ($1, (SELECT last_message FROM archive_corp WHERE id = $1), $2) ON CONFLICT (corp) DO UPDATE SET number = excluded.number";
    UPSERT_MEMBER = "INSERT INTO archive_member (corp, userid, name, editions) VALUES ($1, $2, $3, $4) ON CONFLICT (corp, userid) DO UPDATE SET name = excluded.name, editions = excluded.editions";
    UPSERT_CUSTOMER = "INSERT INTO archive_customer (corp, external_userid, name, followers) VALUES ($1, $2, $3, $4) ON CONFLICT (corp, external_userid) DO UPDATE SET name = excluded.name, followers = excluded.followers";
    UPSERT_CHAT = "INSERT INTO archive_chat (corp, chatid, name, creator, created_at, members) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (corp, chatid) DO UPDATE SET name = excluded.name, creator = excluded.creator, created_at = excluded.created_at, members = excluded.members";
    UPSERT_CONSENT = "INSERT INTO archive_consent (corp, userid, chatid, external_userid, agreed, changed_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (corp, userid, chatid, external_userid) DO UPDATE SET agreed = excluded.agreed, changed_at = excluded.changed_at";
    UPSERT_TAG_GROUP = "INSERT INTO archive_tag_group (corp, group_id, name, tags) VALUES ($1, $2, $3, $4) ON CONFLICT (corp, group_id) DO UPDATE SET name = excluded.name, tags = excluded.tags";
    UPSERT_KNOWLEDGE_BASE = "INSERT INTO archive_knowledge_base (corp, kb_id, name) VALUES ($1, $2, $3) ON CONFLICT (corp, kb_id) DO UPDATE SET name = excluded.name";
    UPSERT_KNOWLEDGE = "INSERT INTO archive_knowledge (corp, kb_id, fragment_id, question, text) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (corp, kb_id, fragment_id) DO UPDATE SET question = excluded.question, text = excluded.text";

    /// Members in the authorised scope, a page.
    SELECT_AUTHORISED = "SELECT userid, editions FROM archive_member WHERE corp = $1 AND userid > $2 AND editions > 0 ORDER BY userid LIMIT $3";

    /// Places in the order of send time: of messages above one arrival and up to another.
    SELECT_SENT_MARKS = "SELECT sent_at, id FROM archive_message WHERE corp = $1 AND (sent_at, id) > ($2, $3) AND id > $4 AND id <= $5 ORDER BY sent_at, id LIMIT $6";
    SELECT_SENT = "SELECT sent_at, id, msgid, sender_type, sender_id, receivers, chatid, msgtype, call_duration, public_key_version, encrypted_key FROM archive_message WHERE corp = $1 AND (sent_at, id) > ($2, $3) AND (sent_at, id) <= ($4, $5) AND id > $6 AND id <= $7 ORDER BY sent_at, id LIMIT $8";
    /// Places in the order of arrival, without those that came too late to be listed.
    SELECT_ARRIVED_MARKS = "SELECT sent_at, id FROM archive_message WHERE corp = $1 AND late = 0 AND id > $2 AND id <= $3 AND sent_at >= $4 ORDER BY id LIMIT $5";
    SELECT_ARRIVED = "SELECT sent_at, id, msgid, sender_type, sender_id, receivers, chatid, msgtype, call_duration, public_key_version, encrypted_key FROM archive_message WHERE corp = $1 AND late = 0 AND id > $2 AND id <= $3 AND sent_at >= $4 ORDER BY id LIMIT $5";

    DELETE_OLD = "DELETE FROM archive_message WHERE id IN (SELECT id FROM archive_message WHERE corp = $1 AND sent_at < $2 ORDER BY sent_at, id LIMIT $3)";

    SELECT_KNOWLEDGE_BASES = "SELECT kb_id, name FROM archive_knowledge_base WHERE corp = $1 ORDER BY kb_id LIMIT 1000";
    SELECT_KNOWLEDGE_BASE = "SELECT name FROM archive_knowledge_base WHERE corp = $1 AND kb_id = $2";
    SELECT_FRAGMENTS = "SELECT fragment_id, question, text FROM archive_knowledge WHERE corp = $1 AND kb_id = $2 AND fragment_id > $3 ORDER BY fragment_id LIMIT $4";
    SELECT_FRAGMENT = "SELECT question, text FROM archive_knowledge WHERE corp = $1 AND kb_id = $2 AND fragment_id = $3";
    SELECT_TAG_GROUP = "SELECT name, tags FROM archive_tag_group WHERE corp = $1 AND group_id = $2";

    SELECT_DUE_NOTICES = "SELECT archive_corp.corp, archive_notice.number FROM archive_notice JOIN archive_corp ON archive_corp.id = archive_notice.corp WHERE archive_notice.due_at <= $1 ORDER BY archive_notice.due_at LIMIT $2";
    DELETE_NOTICE = "DELETE FROM archive_notice WHERE corp = $1 AND number = $2";
    DELAY_NOTICE = "UPDATE archive_notice SET due_at = $3 WHERE corp = $1 AND due_at <= $2";
    SELECT_NEXT_NOTICE = "SELECT due_at FROM archive_notice ORDER BY due_at LIMIT 1";
}

/// How many message ids [`SELECT_KNOWN`] and [`SELECT_CONTENT`] ask for at a time.
pub(crate) const MSGIDS_AT_ONCE: usize = 40;

/// The values of a statement that asks for up to [`MSGIDS_AT_ONCE`] message ids; the empty text, which
/// is no message id, stands in the places that are not needed.
pub(crate) fn msgid_values(corp: i64, msgids: &[&str]) -> Vec<Value> {
    let ids = msgids.iter().copied().chain(std::iter::repeat(""));
    std::iter::once(Value::Int(corp))
        .chain(ids.take(MSGIDS_AT_ONCE).map(Value::from))
        .collect()
}

/// The id below every message of the corp.
pub(crate) const fn floor(corp: i64) -> i64 {
    corp * CORP_SPAN
}

pub(crate) fn insert_corp(corp: &str, editions: &str) -> Statement {
    Statement::new(INSERT_CORP, [Value::from(corp), Value::from(editions)])
}
