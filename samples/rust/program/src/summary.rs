//! What can be said about a conversation without repeating it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use crate::answer::Failure;

/// Stands between speaker and text in `{chat}` (sheet wecom-zone-sdk, 12).
const SAYS: &str = "说：";

#[derive(Debug, Deserialize)]
struct Input {
    chat: String,
}

/// How much each speaker said.
pub(crate) fn summarize(data: &str) -> Result<String, Failure> {
    let Input { chat } = serde_json::from_str(data)
        .map_err(|_| Failure::new("the input is not `{\"chat\":\"…\"}`"))?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for speaker in speakers(&chat) {
        *counts.entry(speaker).or_default() += 1;
    }
    let lines: usize = counts.values().sum();
    let parts: Vec<String> = counts
        .iter()
        .map(|(speaker, count)| format!("{speaker} {count}"))
        .collect();
    let result = format!("{lines} lines: {}", parts.join(", "));
    Ok(json!({ "result": result, "lines": lines }).to_string())
}

/// The speaker of each line. Lines cannot be counted by their ends, which `escape_type` 0 makes
/// spaces.
fn speakers(chat: &str) -> impl Iterator<Item = &str> {
    chat.match_indices(SAYS).map(|(at, _)| {
        let before = &chat[..at];
        before.rsplit(char::is_whitespace).next().unwrap_or(before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_with_either_escape_type() {
        let expected = r#"{"lines":3,"result":"3 lines: A 2, B 1"}"#;
        for chat in [
            "A说：你好\\nB说：hi there\\nA说：再见",
            "A说：你好 B说：hi there A说：再见",
        ] {
            assert_eq!(
                summarize(&format!(r#"{{"chat":"{chat}"}}"#)).unwrap(),
                expected
            );
        }
        assert_eq!(
            summarize(r#"{"chat":""}"#).unwrap(),
            r#"{"lines":0,"result":"0 lines: "}"#
        );
        assert!(summarize("{}").is_err());
    }
}
