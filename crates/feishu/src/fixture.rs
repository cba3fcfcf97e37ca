//! Samples of common event types and of the callbacks, one file each in `fixtures/`.
//!
//! Members are those that the official SDK's models know (section 4.3); a test asks the SDK. Texts may
//! hold placeholders, filled in anew for every event so that receivers never take two triggered events
//! for one: `{hex8}`, `{hex32}`, `{hex34}`, `{uuid}`, `{now_ms}`, `{now_s}`, `{app_id}`,
//! `{tenant_key}`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ringback_types::{Random, WireTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::generate;

/// Which of the two body forms an event type has (section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum BodySchema {
    /// `uuid` and `event` at the top, the type inside `event`.
    #[serde(rename = "1.0", alias = "v1")]
    V1,
    /// `schema`, `header` and `event`.
    #[serde(rename = "2.0", alias = "v2")]
    V2,
}

impl BodySchema {
    /// The word in the body and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }

    /// Types of schema 2.0 have dots in their names, types of schema 1.0 have none.
    pub(crate) fn of_type(event_type: &str) -> Self {
        if event_type.contains('.') {
            Self::V2
        } else {
            Self::V1
        }
    }
}

/// A sample of one event type or callback.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// The event type or callback.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Which form its bodies have.
    pub schema: BodySchema,
    /// The platform's name of it.
    pub title: String,
    /// Whether it is a callback, whose answer is awaited.
    #[serde(default)]
    pub call: bool,
    /// Its `event` member, with placeholders.
    pub event: Value,
}

impl Fixture {
    /// The `event` member with every placeholder filled in.
    pub(crate) fn fill(&self, filler: &Filler<'_>) -> Value {
        let mut event = self.event.clone();
        filler.fill(&mut event);
        event
    }
}

const PLACEHOLDERS: [&str; 8] = [
    "{hex8}",
    "{hex32}",
    "{hex34}",
    "{uuid}",
    "{now_ms}",
    "{now_s}",
    "{app_id}",
    "{tenant_key}",
];

/// What placeholders stand for in one event.
#[derive(Debug)]
pub(crate) struct Filler<'a> {
    pub(crate) random: &'a Random,
    pub(crate) app_id: &'a str,
    pub(crate) tenant_key: &'a str,
    pub(crate) now: WireTime,
}

impl Filler<'_> {
    fn fill(&self, value: &mut Value) {
        match value {
            Value::String(text) if text.contains('{') => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.fill(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn text(&self, text: &str) -> String {
        PLACEHOLDERS
            .iter()
            .fold(text.to_owned(), |text, placeholder| {
                if text.contains(placeholder) {
                    text.replace(placeholder, &self.value(placeholder))
                } else {
                    text
                }
            })
    }

    fn value(&self, placeholder: &str) -> String {
        match placeholder {
            "{hex8}" => generate::hexadecimal(&self.random.bytes::<4>()),
            "{hex32}" => generate::hex32(self.random),
            "{hex34}" => generate::hexadecimal(&self.random.bytes::<17>()),
            "{uuid}" => generate::uuid(self.random),
            "{now_ms}" => self.now.as_millis().to_string(),
            "{now_s}" => self.now.as_seconds().to_string(),
            "{app_id}" => self.app_id.to_owned(),
            "{tenant_key}" => self.tenant_key.to_owned(),
            other => other.to_owned(),
        }
    }
}

macro_rules! embedded {
    ($($name:literal,)*) => {
        &[$(include_str!(concat!("../fixtures/", $name, ".json")),)*]
    };
}

const FILES: &[&str] = embedded![
    "app_ticket",
    "application.bot.menu_v6",
    "approval.approval.updated_v4",
    "approval_instance",
    "approval_task",
    "calendar.calendar.event.changed_v4",
    "card.action.trigger",
    "contact.department.created_v3",
    "contact.department.updated_v3",
    "contact.user.created_v3",
    "contact.user.deleted_v3",
    "contact.user.updated_v3",
    "drive.file.edit_v1",
    "drive.file.title_updated_v1",
    "im.chat.access_event.bot_p2p_chat_entered_v1",
    "im.chat.disbanded_v1",
    "im.chat.member.bot.added_v1",
    "im.chat.member.bot.deleted_v1",
    "im.chat.member.user.added_v1",
    "im.chat.updated_v1",
    "im.message.message_read_v1",
    "im.message.reaction.created_v1",
    "im.message.reaction.deleted_v1",
    "im.message.recalled_v1",
    "im.message.receive_v1",
    "p2p_chat_create",
    "url.preview.get",
];

static FIXTURES: LazyLock<BTreeMap<String, Fixture>> = LazyLock::new(|| {
    let parse = |text: &&str| -> Fixture {
        serde_json::from_str(text).expect("a test reads every embedded fixture")
    };
    let named = |fixture: Fixture| (fixture.event_type.clone(), fixture);
    FILES.iter().map(parse).map(named).collect()
});

/// Every sample, by type.
pub fn fixtures() -> impl Iterator<Item = &'static Fixture> {
    FIXTURES.values()
}

/// The sample of one type.
pub fn fixture(event_type: &str) -> Option<&'static Fixture> {
    FIXTURES.get(event_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::CALLBACKS;

    #[test]
    fn every_fixture_reads_and_fills() {
        assert_eq!(fixtures().count(), FILES.len());
        let filler = Filler {
            random: &Random::seeded(1),
            app_id: "cli_a1b2c3d4e5f60718",
            tenant_key: "2ca1d211f64f6438",
            now: WireTime::from_millis(1_700_000_000_123),
        };
        for fixture in fixtures() {
            assert_eq!(
                fixture.call,
                CALLBACKS.contains(&fixture.event_type.as_str())
            );
            assert_eq!(fixture.schema, BodySchema::of_type(&fixture.event_type));
            let (first, second) = (fixture.fill(&filler), fixture.fill(&filler));
            let open = ["{hex", "{uuid", "{now", "{app_id", "{tenant"];
            assert!(
                !open.iter().any(|start| first.to_string().contains(start)),
                "{first}"
            );
            if fixture.event.to_string().contains("{hex") {
                assert_ne!(first, second, "{}", fixture.event_type);
            }
        }
    }
}
