//! What was said, as the user's client shows it.

use serde_json::{Value, json};

use super::text;
use crate::output::Output;

/// Prints a message: for people only what is said to the user, who knows the rest. Between the lines of
/// a terminal it has a prompt like theirs.
pub(super) fn print(output: Output, message: &Value, terminal: bool) {
    if output.is_json() {
        output.json(&happening("message", message));
        return;
    }
    let said = text(message, "text");
    match text(message, "speaker") {
        "user" => return,
        "agent" => output.line(format_args!("agent> {said}")),
        _ if terminal => output.line(format_args!("bot> {said}")),
        _ => output.line(said),
    }
    for (number, choice) in (1..).zip(choices(message)) {
        output.line(format_args!("  {number}. {choice}"));
    }
}

/// The answers that a message offers.
pub(super) fn choices(message: &Value) -> impl Iterator<Item = &str> {
    let choices = message.get("choices").and_then(Value::as_array);
    choices.into_iter().flatten().filter_map(Value::as_str)
}

/// The same on one line, whatever is in it.
pub(super) fn on_one_line(message: &Value) -> String {
    let choices = (1..).zip(choices(message));
    let choices: Vec<String> = choices
        .map(|(number, choice)| format!("{number}. {choice}"))
        .collect();
    let mut line = text(message, "text").replace('\n', " ⏎ ");
    if !choices.is_empty() {
        line = format!("{line} [{}]", choices.join(" | "));
    }
    line
}

/// What happened with the word for it in front, as the live view names it.
pub(super) fn happening(event: &str, what: &Value) -> Value {
    let mut happening = json!({ "event": event });
    if let (Some(members), Some(what)) = (happening.as_object_mut(), what.as_object()) {
        members.extend(what.clone());
    }
    happening
}

/// Says who has the conversation where that is no longer the bot.
pub(super) fn note_state(output: Output, conversation: &Value) {
    let state = text(conversation, "state");
    if !matches!(state, "" | "chatbot") {
        output.note(format_args!("conversation: {}", standing(conversation)));
    }
}

/// Who has the conversation, in a few words.
pub(super) fn standing(conversation: &Value) -> String {
    let with = |member: &str| match text(conversation, member) {
        "" => String::new(),
        text => format!(" ({text})"),
    };
    match text(conversation, "state") {
        state @ ("agent" | "queuing") => format!("{state}{}", with("agent")),
        state @ "closed" => format!("{state}{}", with("closed_because")),
        state => state.to_owned(),
    }
}
