//! The answers to callbacks (4.4): all members optional, `{}` or nothing means no change.

use serde_json::{Map, Value};

use super::is_callback;
use crate::CallFailure;
use crate::json::too_deep;

/// Which of the two card formats a card is written in; an answer may not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardGeneration {
    /// Without `schema`.
    One,
    /// `"schema":"2.0"`.
    Two,
}

impl CardGeneration {
    /// The generation of a card's JSON.
    pub fn of(card: &Map<String, Value>) -> Self {
        match card.get("schema").and_then(Value::as_str) {
            Some("2.0") => Self::Two,
            _ => Self::One,
        }
    }
}

type Members = Map<String, Value>;

/// Checks the body of the answer to a callback of this type; for any other type every body will do.
///
/// `replaced` is the generation of the card that was clicked, where it is known.
pub fn check_callback_answer(
    call_type: &str,
    body: &[u8],
    replaced: Option<CardGeneration>,
) -> Result<(), CallFailure> {
    if !is_callback(call_type) || body.trim_ascii().is_empty() {
        return Ok(());
    }
    if too_deep(body) {
        return Err(CallFailure::Malformed("it is nested deeper than 64"));
    }
    let answer: Value =
        serde_json::from_slice(body).map_err(|_| CallFailure::Malformed("it is not JSON"))?;
    let answer = answer
        .as_object()
        .ok_or(CallFailure::Malformed("it is not an object"))?;
    match call_type {
        "card.action.trigger" => check_toast(answer)?,
        _ => check_inline(answer)?,
    }
    check_card(answer, replaced)
}

fn check_toast(answer: &Members) -> Result<(), CallFailure> {
    let Some(toast) = object(answer, "toast", "`toast` is not an object")? else {
        return Ok(());
    };
    let kind = string(toast, "type", "`toast.type` is not a string")?;
    if !matches!(kind, None | Some("info" | "success" | "error" | "warning")) {
        return Err(CallFailure::Malformed(
            "`toast.type` is none of info, success, error, warning",
        ));
    }
    string(toast, "content", "`toast.content` is not a string")?;
    strings(toast, "i18n", "`toast.i18n` is not an object of strings")
}

fn check_inline(answer: &Members) -> Result<(), CallFailure> {
    let Some(inline) = object(answer, "inline", "`inline` is not an object")? else {
        return Ok(());
    };
    string(inline, "title", "`inline.title` is not a string")?;
    string(inline, "image_key", "`inline.image_key` is not a string")?;
    strings(
        inline,
        "i18n_title",
        "`inline.i18n_title` is not an object of strings",
    )?;
    strings(inline, "url", "`inline.url` is not an object of strings")
}

fn check_card(answer: &Members, replaced: Option<CardGeneration>) -> Result<(), CallFailure> {
    let card = match present(answer, "card") {
        None => return Ok(()),
        Some(card) => card
            .as_object()
            .ok_or(CallFailure::CardInvalid("`card` is not an object"))?,
    };
    let data = present(card, "data")
        .and_then(Value::as_object)
        .ok_or(CallFailure::CardInvalid("`card.data` is not an object"))?;
    match card.get("type").and_then(Value::as_str) {
        Some("raw") => check_generation(data, replaced),
        Some("template") => check_template(data),
        _ => Err(CallFailure::CardInvalid(
            "`card.type` is neither raw nor template",
        )),
    }
}

fn check_generation(card: &Members, replaced: Option<CardGeneration>) -> Result<(), CallFailure> {
    match replaced {
        Some(generation) if generation != CardGeneration::of(card) => {
            Err(CallFailure::CardGeneration)
        }
        _ => Ok(()),
    }
}

fn check_template(data: &Members) -> Result<(), CallFailure> {
    match data.get("template_id").and_then(Value::as_str) {
        Some(id) if !id.is_empty() => Ok(()),
        _ => Err(CallFailure::CardInvalid(
            "`card.data.template_id` is missing",
        )),
    }
}

/// A member that is there; SDKs write `null` for one that is not.
fn present<'a>(members: &'a Members, name: &str) -> Option<&'a Value> {
    members.get(name).filter(|value| !value.is_null())
}

fn object<'a>(
    members: &'a Members,
    name: &str,
    otherwise: &'static str,
) -> Result<Option<&'a Members>, CallFailure> {
    present(members, name)
        .map(|value| value.as_object().ok_or(CallFailure::Malformed(otherwise)))
        .transpose()
}

fn string<'a>(
    members: &'a Members,
    name: &str,
    otherwise: &'static str,
) -> Result<Option<&'a str>, CallFailure> {
    present(members, name)
        .map(|value| value.as_str().ok_or(CallFailure::Malformed(otherwise)))
        .transpose()
}

fn strings(members: &Members, name: &str, otherwise: &'static str) -> Result<(), CallFailure> {
    let Some(inner) = object(members, name, otherwise)? else {
        return Ok(());
    };
    let all = inner
        .values()
        .all(|value| value.is_string() || value.is_null());
    all.then_some(()).ok_or(CallFailure::Malformed(otherwise))
}
