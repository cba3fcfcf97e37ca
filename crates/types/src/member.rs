//! `--set path=value`: one member of a JSON value replaced.

use serde_json::{Map, Value};

/// Longer paths than any event has levels.
const MOST_STEPS: usize = 32;

/// Puts `given` where the dotted `path` leads to below `value`; missing members are made on the way, a
/// number is a position in an array and may be one past its end. The error says why not.
///
/// A text is read as JSON where it is JSON, except where a text stands already: platforms write numbers
/// as texts (Feishu sheet, 4.3), and JSON inside a text.
pub fn set_member(value: &mut Value, path: &str, given: &Value) -> Result<(), &'static str> {
    let steps: Vec<&str> = path.split('.').collect();
    if steps.len() > MOST_STEPS || steps.iter().any(|step| step.is_empty()) {
        return Err("it has an empty or too many steps");
    }
    let mut steps = steps.into_iter();
    let place = steps.try_fold(value, |place, step| descend(place, step))?;
    *place = match given {
        Value::String(text) if !place.is_string() => {
            serde_json::from_str(text).unwrap_or_else(|_| given.clone())
        }
        _ => given.clone(),
    };
    Ok(())
}

fn descend<'v>(place: &'v mut Value, step: &str) -> Result<&'v mut Value, &'static str> {
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    match place {
        Value::Object(members) => Ok(members.entry(step).or_insert(Value::Null)),
        Value::Array(items) => {
            let position: usize = step
                .parse()
                .map_err(|_| "an array has positions, not members")?;
            if position == items.len() {
                items.push(Value::Null);
            }
            items
                .get_mut(position)
                .ok_or("that position is past the end of the array")
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Err("what stands on the way has no members")
        }
        Value::Null => Err("nothing stands there"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_through_members_and_positions() {
        let mut event = json!({
            "message": { "content": "{\"text\":\"a\"}", "create_time": "1", "mentions": [{ "name": "Tom" }] },
            "external": false,
        });
        let sets = [
            ("message.content", json!("{\"text\":\"b\"}")),
            ("message.create_time", json!("1700000000000")),
            ("message.mentions.0.name", json!("Ann")),
            ("message.mentions.1", json!("{\"name\":\"Ben\"}")),
            ("external", json!("true")),
            ("new.deep.count", json!("7")),
            ("new.text", json!("plain words")),
            ("message.create_time", json!(5)),
        ];
        for (path, given) in &sets {
            set_member(&mut event, path, given).unwrap();
        }
        assert_eq!(
            event,
            json!({
                "message": {
                    "content": "{\"text\":\"b\"}",
                    "create_time": 5,
                    "mentions": [{ "name": "Ann" }, { "name": "Ben" }],
                },
                "external": true,
                "new": { "deep": { "count": 7 }, "text": "plain words" },
            })
        );
        for path in [
            "",
            "a..b",
            "message.mentions.9",
            "message.mentions.x",
            "external.x",
        ] {
            assert!(set_member(&mut event, path, &json!("1")).is_err(), "{path}");
        }
    }
}
