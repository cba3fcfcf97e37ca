//! Where in a document: `$.msg_list[3].sender.type`.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The longest key that is shown whole: what is in a document is not bounded by any protocol.
const SHOWN_CHARS: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

impl Segment {
    pub(super) fn key(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

/// The path of these segments, from the root down.
pub(super) fn render<'a>(segments: impl IntoIterator<Item = &'a Segment>) -> String {
    let mut path = String::from("$");
    for segment in segments {
        // Writing to a string does not fail.
        let _ = match segment {
            Segment::Index(index) => write!(path, "[{index}]"),
            Segment::Key(key) if plain(key) => write!(path, ".{}", shown(key)),
            Segment::Key(key) => write!(path, "[{}]", serde_json::Value::from(shown(key))),
        };
    }
    path
}

/// Whether a key can stand after a full stop without being mistaken for anything else.
fn plain(key: &str) -> bool {
    !key.is_empty()
        && key
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '_' | '-'))
}

fn shown(key: &str) -> Cow<'_, str> {
    match key.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &key[..end]).into(),
        None => key.into(),
    }
}
