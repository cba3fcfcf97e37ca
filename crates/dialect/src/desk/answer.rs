//! Reading an answer (2.6): the three members of the framework, and the variables in `Body`.

use std::fmt;

use http::StatusCode;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::CallFailure;
use crate::json::{text, too_deep};
use crate::{Answer, FailureKind, Verdict};

/// How much of `ErrorInfo` is shown, in characters.
const SHOWN: usize = 200;

/// What a business answered to `Chatbot.InterfaceInvocation` (2.6).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InvocationAnswer {
    /// Name and value of each variable, in the order of the answer; every value as text.
    pub values: Vec<(String, String)>,
    /// Whether a value came as something else than text; what the platform makes of that is not
    /// documented.
    pub unlike_text: bool,
}

/// Whether the platform takes it for success: 200, JSON, `ErrorCode` 0, `ActionStatus` `OK`.
pub fn check_answer(answer: &Answer<'_>) -> Result<(), CallFailure> {
    check_head(answer)?;
    success(&members(answer.body)?).map(drop)
}

/// What the answer to a notification means; the same rule (2.7).
pub fn judge_event(answer: &Answer<'_>) -> Verdict {
    match check_answer(answer) {
        Ok(()) => Verdict::Delivered,
        Err(failure) => Verdict::Failed(FailureKind::Desk(failure)),
    }
}

/// The variables in the body of an answer to `Chatbot.InterfaceInvocation`.
///
/// A text is itself, a number its own literal, a truth value `true` or `false`, null nothing, a list or
/// an object compact JSON.
pub fn read_invocation_answer(body: &[u8]) -> Result<InvocationAnswer, CallFailure> {
    let answer = members(body)?;
    let Some(variables) = success(&answer)? else {
        return Ok(InvocationAnswer::default());
    };
    Ok(InvocationAnswer {
        unlike_text: variables
            .0
            .iter()
            .any(|(_, value)| !value.get().starts_with('"')),
        values: variables
            .0
            .into_iter()
            .map(|(name, value)| (name, as_text(value)))
            .collect(),
    })
}

/// Status, and whether the answer is whole.
pub(super) fn check_head(answer: &Answer<'_>) -> Result<(), CallFailure> {
    match answer.status {
        status if status.is_redirection() => Err(CallFailure::Redirect(status)),
        StatusCode::OK if answer.cut => Err(CallFailure::Cut),
        StatusCode::OK => Ok(()),
        status => Err(CallFailure::Status(status)),
    }
}

/// The members of an answer, which must be an object.
pub(super) fn members(body: &[u8]) -> Result<Members<'_>, CallFailure> {
    let trimmed = body.trim_ascii();
    match trimmed.first() {
        None => return Err(CallFailure::Empty),
        Some(b'<') => return Err(CallFailure::Html),
        Some(_) if too_deep(trimmed) => return Err(CallFailure::Depth),
        Some(_) => {}
    }
    let text = std::str::from_utf8(trimmed).map_err(|_| CallFailure::NotJson)?;
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Eof => CallFailure::Truncated,
        Category::Io | Category::Syntax | Category::Data => CallFailure::NotJson,
    })?;
    if !whole.get().starts_with('{') {
        return Err(CallFailure::NotObject);
    }
    read_members(whole)
}

fn read_members(object: &RawValue) -> Result<Members<'_>, CallFailure> {
    serde_json::from_str(object.get()).map_err(|error| match error.classify() {
        // It is an object and its values are well-formed: what is left is a name that stands twice.
        Category::Data => CallFailure::Repeated,
        // Or a name with half of a surrogate pair in it.
        Category::Io | Category::Syntax | Category::Eof => CallFailure::NotJson,
    })
}

/// The variables of an answer that is a success.
pub(super) fn success<'a>(answer: &Members<'a>) -> Result<Option<Members<'a>>, CallFailure> {
    let code = answer
        .get("ErrorCode")
        .ok_or(CallFailure::ErrorCodeMissing)?;
    let code = code.get().parse::<i64>();
    let code = code.map_err(|_| CallFailure::ErrorCodeNotInteger)?;
    if code != 0 {
        let info = text(answer.get("ErrorInfo")).unwrap_or_default();
        let info = shortened(&info);
        return Err(CallFailure::ErrorCode { code, info });
    }
    let status = answer
        .get("ActionStatus")
        .ok_or(CallFailure::ActionStatusMissing)?;
    if text(Some(status)).as_deref() != Some("OK") {
        return Err(CallFailure::ActionStatus(shortened(status.get())));
    }
    match answer.get("Body") {
        None => Ok(None),
        // A language with null writes an absent map so.
        Some(body) if body.get() == "null" => Ok(None),
        Some(body) if body.get().starts_with('{') => read_members(body).map(Some),
        Some(_) => Err(CallFailure::BodyNotObject),
    }
}

fn shortened(text: &str) -> String {
    let clean = |character: char| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    };
    let mut characters = text.chars().map(clean);
    let mut short: String = characters.by_ref().take(SHOWN).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// A value as the text that a variable holds. A text with half of a surrogate pair in it, which is none,
/// stays as it was written.
pub(super) fn as_text(value: &RawValue) -> String {
    let raw = value.get();
    match raw.as_bytes() {
        b"null" => String::new(),
        [b'"', .., b'"'] => text(Some(value)).map_or_else(
            || raw[1..raw.len() - 1].to_owned(),
            std::borrow::Cow::into_owned,
        ),
        _ => compact(raw),
    }
}

/// JSON without the blanks between its tokens; numbers stay as they were written.
fn compact(json: &str) -> String {
    let mut short = String::with_capacity(json.len());
    let (mut inside, mut escaped) = (false, false);
    for character in json.chars() {
        if inside || !matches!(character, ' ' | '\t' | '\n' | '\r') {
            short.push(character);
        }
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = inside,
            '"' => inside = !inside,
            _ => {}
        }
    }
    short
}

/// The members of an object in their order, each name once.
#[derive(Debug)]
pub(super) struct Members<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let named = self.0.iter().find(|(member, _)| member == name);
        named.map(|(_, value)| *value)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object that names each member once")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some((name, value)) = members.next_entry::<String, &'de RawValue>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom("a member stands twice"));
            }
            read.push((name, value));
        }
        Ok(Members(read))
    }
}
