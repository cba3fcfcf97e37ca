//! Placeholders `{chat}` and `{chatcontent}`: real messages as text (sheet wecom-zone-sdk, section 12).

use std::collections::{HashMap, HashSet};

use ringback_store::{ReadError, Row};
use ringback_types::Secret;
use serde::{Deserialize, Serialize};

use crate::api::{ApiError, code};
use crate::archive::Archive;
use crate::content::{self, Content};
use crate::corp::{Corp, Scope};
use crate::message::{AUDIO_ARCHIVE, Party, PartyType, TEXT, VOICE};
use crate::records;

/// Messages of one task (section 8).
const MOST_MESSAGES: usize = 1_000;

/// A message and the key that opens it: `MsgRef` of the sheet (section 8).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MsgRef {
    /// Which message.
    pub msgid: String,
    /// What decrypts it.
    pub encrypt_info: MsgKey,
}

/// The decrypted key of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MsgKey {
    /// What `encrypted_secret_key` decrypts to.
    pub secret_key: Secret,
}

/// A message that cannot be used: `FailMsg` of the sheet (section 8), without `encrypt_info`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailMsg {
    /// Why.
    pub errcode: i32,
    /// The same in words.
    pub errmsg: String,
    /// Which message.
    pub msgid: String,
}

/// What the placeholders stand for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// `{chat}`: a line a message, `A说：text`.
    pub chat: String,
    /// `{chatcontent}`: the texts, one a line.
    pub chatcontent: String,
    /// What could not be used, in the order asked for.
    pub fail_list: Vec<FailMsg>,
}

/// What messages say never prints.
impl std::fmt::Debug for Rendered {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Rendered")
            .field("fail_list", &self.fail_list)
            .finish_non_exhaustive()
    }
}

/// Something that was said, and its place in the order of send time.
struct Said {
    place: (i64, i64),
    speaker: Party,
    text: String,
}

/// The messages that are asked for more than once, each time but the first: 710613.
pub fn duplicates(messages: &[MsgRef]) -> Vec<FailMsg> {
    let mut seen = HashSet::new();
    let again = messages
        .iter()
        .filter(|message| !seen.insert(&message.msgid));
    let fail = |message: &MsgRef| fail(&message.msgid, code::DUPLICATE_MSGID, "duplicate msgid");
    again.map(fail).collect()
}

impl Archive {
    /// Opens the messages and renders them in the order of send time. Speakers are lettered in the order
    /// in which they appear: A to Z, then AA. A voice message or call says its transcript; line breaks
    /// inside a message become spaces, so that it stays one line. Of the same message the first counts.
    ///
    /// What cannot be used is in `fail_list`: 710601 not of this corp or not visible, 710602 another type
    /// than 1, 6 and 21, 710605 the wrong key, 710613 a duplicate, 710700 no transcript. Refuses whole
    /// with 710623 above 1,000 messages and 790040 above the limit of text ([`Options::rendered_bytes`]).
    ///
    /// [`Options::rendered_bytes`]: crate::Options::rendered_bytes
    pub async fn render(&self, corp: &str, messages: &[MsgRef]) -> Result<Rendered, ApiError> {
        if messages.len() > MOST_MESSAGES {
            return Err(ApiError::new(code::TOO_MANY_MESSAGES, "too many messages"));
        }
        let mut fail_list = duplicates(messages);
        let mut seen = HashSet::new();
        let mut messages: Vec<_> = messages.iter().collect();
        messages.retain(|message| seen.insert(&message.msgid));
        let mut said = Vec::with_capacity(messages.len());
        let mut bytes = 0;
        for some in messages.chunks(records::MSGIDS_AT_ONCE) {
            for (message, opened) in some.iter().zip(self.opened(corp, some).await?) {
                match opened {
                    Ok(opened) => {
                        bytes += opened.text.len();
                        said.push(opened);
                    }
                    Err((errcode, errmsg)) => fail_list.push(fail(&message.msgid, errcode, errmsg)),
                }
            }
            if bytes > self.options().rendered_bytes {
                return Err(ApiError::new(
                    code::INPUT_TOO_LONG,
                    "the messages are too long",
                ));
            }
        }
        said.sort_by_key(|said| said.place);
        Ok(rendered(&said, fail_list))
    }

    /// Opens some messages; at most as many as one statement asks for.
    async fn opened(&self, corp: &str, some: &[&MsgRef]) -> Result<Vec<Opened>, ApiError> {
        let Some(corp) = self.corp(corp) else {
            return Ok(some.iter().map(|_| Err(UNKNOWN)).collect());
        };
        let ids: Vec<_> = some.iter().map(|message| message.msgid.as_str()).collect();
        let values = records::msgid_values(corp.id, &ids);
        let rows = self.store().read(records::SELECT_CONTENT, values).await?;
        let by_id = rows.iter().map(|row| Ok((row.text(0)?, row)));
        let by_id: HashMap<_, _> = by_id.collect::<Result<_, ReadError>>()?;
        let scope = corp.scope(self.now());
        let open = |message: &&MsgRef| match by_id.get(message.msgid.as_str()) {
            Some(row) => open(&corp, &scope, row, message),
            None => Ok(Err(UNKNOWN)),
        };
        Ok(some.iter().map(open).collect::<Result<_, _>>()?)
    }
}

/// What was said, or why it cannot be known.
type Opened = Result<Said, (i32, &'static str)>;

const UNKNOWN: (i32, &str) = (code::BAD_MSGID, "invalid msgid");

fn open(corp: &Corp, scope: &Scope<'_>, row: &Row, message: &MsgRef) -> Result<Opened, ReadError> {
    let damaged = || ReadError::Failed("a message row is damaged".to_owned());
    let speaker = Party {
        kind: PartyType::from_number(row.int(4)?).ok_or_else(damaged)?,
        id: row.text(5)?.to_owned(),
    };
    let receivers: Vec<Party> = serde_json::from_str(row.text(6)?).map_err(|_| damaged())?;
    let msgtype = row.int(3)? as u8;
    if !scope.covers(msgtype, receivers.iter().chain([&speaker])) {
        return Ok(Err(UNKNOWN));
    }
    let (secret_key, sealed) = (&message.encrypt_info.secret_key, row.bytes(7)?);
    let place = (row.int(1)?, row.int(2)?);
    let text = content::open(secret_key, &corp.name, &message.msgid, &sealed)
        .ok_or((code::WRONG_SECRET_KEY, "decryption failed"))
        .and_then(|content| text_of(msgtype, content));
    Ok(text.map(|text| Said {
        place,
        speaker,
        text: text.replace(['\r', '\n'], " "),
    }))
}

fn text_of(msgtype: u8, content: Content) -> Result<String, (i32, &'static str)> {
    match msgtype {
        TEXT => content.text.ok_or(UNKNOWN),
        VOICE | AUDIO_ARCHIVE => content
            .transcript
            .ok_or((code::NO_TRANSCRIPT, "speech-to-text failed")),
        _ => Err((code::BAD_MSGTYPE, "unsupported msgtype")),
    }
}

fn rendered(said: &[Said], fail_list: Vec<FailMsg>) -> Rendered {
    let mut letters: HashMap<&Party, String> = HashMap::new();
    let (mut chat, mut chatcontent) = (Vec::new(), Vec::new());
    for said in said {
        let next = letters.len();
        let letter = letters.entry(&said.speaker).or_insert_with(|| letter(next));
        chat.push(format!("{letter}说：{}", said.text));
        chatcontent.push(said.text.as_str());
    }
    Rendered {
        chat: chat.join("\n"),
        chatcontent: chatcontent.join("\n"),
        fail_list,
    }
}

/// A to Z, AA to AZ, BA, and so on.
fn letter(number: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = number + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

fn fail(msgid: &str, errcode: i32, errmsg: &str) -> FailMsg {
    FailMsg {
        errcode,
        errmsg: errmsg.to_owned(),
        msgid: msgid.to_owned(),
    }
}
