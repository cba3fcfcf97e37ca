//! What a line may be.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ringback_store::{Statement, Value};
use ringback_types::Random;
use serde_json::json;

use super::chunk::Limits;
use super::fields::{BadMember, Fields};
use crate::content::Content;
use crate::edition::EditionSet;
use crate::message::{AUDIO_ARCHIVE, CALL, NewMessage, Party, PartyType, TEXT, VOICE};
use crate::records;

/// The largest message type of the platform (sheet wecom-zone-sdk, section 10.1).
const LAST_MSGTYPE: i64 = 28;
/// The platform's largest groups have 2,000 people.
const MOST_RECEIVERS: usize = 2_000;
/// Clocks of other machines may be ahead by so much.
const AHEAD_SECONDS: i64 = 24 * 60 * 60;
/// Fragments are passages, not documents.
const LONGEST_FRAGMENT: usize = 64 * 1024;
const MSGID_BYTES: usize = 24;

/// A line that is no message.
#[derive(Debug)]
pub(super) enum Item {
    Member {
        userid: String,
        name: Option<String>,
        editions: EditionSet,
    },
    Customer {
        external_userid: String,
        name: Option<String>,
        followers: Vec<String>,
    },
    Chat {
        chatid: String,
        name: Option<String>,
        creator: String,
        created_at: i64,
        members: serde_json::Value,
    },
    /// Of a single chat (`userid`) or of a group (`chatid`); the other is empty.
    Consent {
        userid: String,
        chatid: String,
        external_userid: String,
        agreed: bool,
        changed_at: i64,
    },
    TagGroup {
        group_id: String,
        name: String,
        tags: serde_json::Value,
    },
    KnowledgeBase {
        kb_id: String,
        name: String,
    },
    Knowledge {
        kb_id: String,
        fragment_id: String,
        question: Option<String>,
        text: String,
    },
}

impl Item {
    pub(super) fn statement(&self, corp: i64) -> Statement {
        let (sql, values) = match self {
            Self::Member {
                userid,
                name,
                editions,
            } => (
                records::UPSERT_MEMBER,
                vec![userid.into(), name.clone().into(), editions.bits().into()],
            ),
            Self::Customer {
                external_userid,
                name,
                followers,
            } => (
                records::UPSERT_CUSTOMER,
                vec![
                    external_userid.into(),
                    name.clone().into(),
                    json!(followers).to_string().into(),
                ],
            ),
            Self::Chat {
                chatid,
                name,
                creator,
                created_at,
                members,
            } => (
                records::UPSERT_CHAT,
                vec![
                    chatid.into(),
                    name.clone().into(),
                    creator.into(),
                    (*created_at).into(),
                    members.to_string().into(),
                ],
            ),
            Self::Consent {
                userid,
                chatid,
                external_userid,
                agreed,
                changed_at,
            } => (
                records::UPSERT_CONSENT,
                vec![
                    userid.into(),
                    chatid.into(),
                    external_userid.into(),
                    (*agreed).into(),
                    (*changed_at).into(),
                ],
            ),
            Self::TagGroup {
                group_id,
                name,
                tags,
            } => (
                records::UPSERT_TAG_GROUP,
                vec![group_id.into(), name.into(), tags.to_string().into()],
            ),
            Self::KnowledgeBase { kb_id, name } => (
                records::UPSERT_KNOWLEDGE_BASE,
                vec![kb_id.into(), name.into()],
            ),
            Self::Knowledge {
                kb_id,
                fragment_id,
                question,
                text,
            } => (
                records::UPSERT_KNOWLEDGE,
                vec![
                    kb_id.into(),
                    fragment_id.into(),
                    question.clone().into(),
                    text.into(),
                ],
            ),
        };
        let values: Vec<_> = std::iter::once(Value::Int(corp)).chain(values).collect();
        Statement::new(sql, values).expecting(1)
    }
}

type Read<T> = Result<T, BadMember>;

pub(super) fn message(fields: &mut Fields, limits: &Limits, random: &Random) -> Read<NewMessage> {
    let msgid = fields
        .maybe_id("msgid")?
        .unwrap_or_else(|| new_msgid(random));
    let sender = fields.object("sender", party)?;
    let receivers = receivers(fields, &sender)?;
    let msgtype = fields.int("msgtype")?;
    let msgtype = u8::try_from(msgtype)
        .ok()
        .filter(|_| (0..=LAST_MSGTYPE).contains(&msgtype))
        .ok_or_else(|| fields.bad("msgtype", "must be 0 to 28"))?;
    Ok(NewMessage {
        msgid,
        sender,
        receivers,
        chatid: fields.maybe_id("chatid")?,
        send_time: send_time(fields, limits)?,
        msgtype,
        call_duration: call_duration(fields, msgtype)?,
        content: content(fields, msgtype)?,
    })
}

/// Never seeded: a second run would make the ids of the first again, and lose what they name.
fn new_msgid(random: &Random) -> String {
    URL_SAFE_NO_PAD.encode(random.secret::<MSGID_BYTES>())
}

fn party(fields: &mut Fields) -> Read<Party> {
    let kind = PartyType::from_number(fields.int("type")?)
        .ok_or_else(|| fields.bad("type", "must be 1 (member), 2 (external) or 3 (robot)"))?;
    let id = fields.id("id")?;
    Ok(Party { kind, id })
}

/// Everybody but the sender, who stands there only when nobody else does (section 10.1).
fn receivers(fields: &mut Fields, sender: &Party) -> Read<Vec<Party>> {
    let mut receivers = fields.objects("receiver_list", party)?;
    if receivers.is_empty() || receivers.len() > MOST_RECEIVERS {
        return Err(fields.bad("receiver_list", "must have 1 to 2000 receivers"));
    }
    if receivers.iter().any(|receiver| receiver != sender) {
        receivers.retain(|receiver| receiver != sender);
    } else {
        receivers.truncate(1);
    }
    Ok(receivers)
}

fn send_time(fields: &mut Fields, limits: &Limits) -> Read<i64> {
    let send_time = fields.int("send_time")?;
    if (1..=limits.latest + AHEAD_SECONDS).contains(&send_time) {
        return Ok(send_time);
    }
    Err(fields.bad(
        "send_time",
        "must be Unix seconds, at most a day ahead of now",
    ))
}

fn call_duration(fields: &mut Fields, msgtype: u8) -> Read<Option<i64>> {
    let seconds = fields.maybe_int("call_duration")?;
    match seconds {
        Some(_) if msgtype != AUDIO_ARCHIVE && msgtype != CALL => {
            Err(fields.bad("call_duration", "is only of message types 21 and 22"))
        }
        Some(seconds) if seconds < 0 => Err(fields.bad("call_duration", "must be seconds")),
        _ => Ok(seconds),
    }
}

fn content(fields: &mut Fields, msgtype: u8) -> Read<Content> {
    let content = Content {
        text: fields.maybe_text("text")?,
        transcript: fields.maybe_text("transcript")?,
        other: fields.maybe_value("content"),
    };
    if msgtype == TEXT && content.text.is_none() {
        return Err(fields.missing("text"));
    }
    if content.transcript.is_some() && msgtype != VOICE && msgtype != AUDIO_ARCHIVE {
        return Err(fields.bad("transcript", "is only of message types 6 and 21"));
    }
    Ok(content)
}

/// `edition_list` is every edition where it is left out; an empty one puts the member out of scope.
pub(super) fn member(fields: &mut Fields) -> Read<Item> {
    let editions = match fields.maybe_value("edition_list") {
        None => (1..=3).collect(),
        Some(list) => edition_list(&list)
            .ok_or_else(|| fields.bad("edition_list", "must be a list of 1, 2 and 3"))?,
    };
    Ok(Item::Member {
        userid: fields.id("userid")?,
        name: fields.maybe_name("name")?,
        editions,
    })
}

fn edition_list(list: &serde_json::Value) -> Option<EditionSet> {
    let edition = |value: &serde_json::Value| match value.as_u64() {
        Some(edition @ 1..=3) => Some(edition as u8),
        _ => None,
    };
    list.as_array()?.iter().map(edition).collect()
}

pub(super) fn customer(fields: &mut Fields) -> Read<Item> {
    Ok(Item::Customer {
        external_userid: fields.id("external_userid")?,
        name: fields.maybe_name("name")?,
        followers: fields.ids("follower_list")?,
    })
}

pub(super) fn chat(fields: &mut Fields) -> Read<Item> {
    let members = fields.objects("members", |fields| {
        let kind = PartyType::from_number(fields.int("type")?)
            .ok_or_else(|| fields.bad("type", "must be 1 (member), 2 (external) or 3 (robot)"))?;
        let (memberid, jointime) = (fields.id("memberid")?, fields.int("jointime")?);
        Ok(json!({ "memberid": memberid, "jointime": jointime, "type": kind }))
    })?;
    Ok(Item::Chat {
        chatid: fields.id("chatid")?,
        name: fields.maybe_name("name")?,
        creator: fields.id("creator")?,
        created_at: fields.int("room_create_time")?.saturating_mul(1000),
        members: json!(members),
    })
}

pub(super) fn consent(fields: &mut Fields) -> Read<Item> {
    let (userid, chatid) = (fields.maybe_id("userid")?, fields.maybe_id("chatid")?);
    if userid.is_some() == chatid.is_some() {
        return Err(fields.bad("userid", "or `chatid` must be there, and not both"));
    }
    let agreed = match fields.text("agree_status")?.as_str() {
        "Agree" => true,
        "Disagree" => false,
        _ => return Err(fields.bad("agree_status", "must be `Agree` or `Disagree`")),
    };
    Ok(Item::Consent {
        userid: userid.unwrap_or_default(),
        chatid: chatid.unwrap_or_default(),
        external_userid: fields.id("external_userid")?,
        agreed,
        changed_at: fields.int("status_change_time")?.saturating_mul(1000),
    })
}

pub(super) fn tag_group(fields: &mut Fields) -> Read<Item> {
    let tags = fields.objects("tag_list", |fields| {
        Ok(json!({ "tag_id": fields.id("tag_id")?, "tag_name": fields.name("tag_name")? }))
    })?;
    Ok(Item::TagGroup {
        group_id: fields.id("group_id")?,
        name: fields.name("group_name")?,
        tags: json!(tags),
    })
}

pub(super) fn knowledge_base(fields: &mut Fields) -> Read<Item> {
    Ok(Item::KnowledgeBase {
        kb_id: fields.id("kb_id")?,
        name: fields.name("kb_name")?,
    })
}

/// A passage (`text`) or a question with its answer. Without a `fragment_id` it is known by what it says.
pub(super) fn knowledge(fields: &mut Fields) -> Read<Item> {
    let kb_id = fields.id("kb_id")?;
    let fragment_id = fields.maybe_id("fragment_id")?;
    let question = passage(fields, "question")?;
    let member = if question.is_some() { "answer" } else { "text" };
    let text = passage(fields, member)?.ok_or_else(|| fields.missing(member))?;
    Ok(Item::Knowledge {
        kb_id,
        fragment_id: fragment_id.unwrap_or_else(|| name_of(question.as_deref(), &text)),
        question,
        text,
    })
}

fn passage(fields: &mut Fields, member: &str) -> Read<Option<String>> {
    let text = fields.maybe_text(member)?;
    let fits = |text: &String| (1..=LONGEST_FRAGMENT).contains(&text.len()) && !text.contains('\0');
    if text.as_ref().is_none_or(fits) {
        Ok(text)
    } else {
        Err(fields.bad(member, "must be 1 to 65536 bytes without NUL"))
    }
}

fn name_of(question: Option<&str>, text: &str) -> String {
    let whole = [question.unwrap_or_default(), "\0", text].concat();
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, whole.as_bytes()).as_ref()[..16])
}
