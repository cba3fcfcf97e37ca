//! JSON text with a line per member, or on one line: every value and the order of members as they stand.

const STEP: &str = "  ";

/// The text indented, or as it is where it is not JSON.
pub(crate) fn indented(text: &str) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for char in text.chars() {
        if in_text {
            out.push(char);
            in_text = escaped || char != '"';
            escaped = char == '\\' && !escaped;
            continue;
        }
        match char {
            '{' | '[' => {
                depth += 1;
                out.push(char);
                begin_line(&mut out, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                end_block(&mut out, depth, char);
            }
            ',' => {
                out.push(char);
                begin_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            '"' => {
                in_text = true;
                out.push(char);
            }
            char if char.is_ascii_whitespace() => {}
            char => out.push(char),
        }
    }
    out
}

/// The text on one line, or as a JSON string where it is not JSON.
pub(crate) fn compact(text: &str) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return serde_json::Value::from(text).to_string();
    }
    let (mut in_text, mut escaped) = (false, false);
    let keep = |char: &char| {
        let was_in_text = in_text;
        match char {
            '"' if !escaped => in_text = !in_text,
            _ => {}
        }
        escaped = in_text && *char == '\\' && !escaped;
        was_in_text || !char.is_ascii_whitespace()
    };
    text.chars().filter(keep).collect()
}

fn begin_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&STEP.repeat(depth));
}

/// Nothing between the brackets stays on one line.
fn end_block(out: &mut String, depth: usize, bracket: char) {
    let content = out.trim_end().len();
    let empty = out[..content].ends_with(['{', '[']);
    out.truncate(content);
    if !empty {
        begin_line(out, depth);
    }
    out.push(bracket);
}

#[cfg(test)]
mod tests {
    use super::{compact, indented};

    #[test]
    fn values_and_their_order_stay() {
        let text = r#"{"b":1.00,"a":[],"c":{ },"d":["{\"x\":1,",{"e":"\\"}]}"#;
        let lines = "{\n  \"b\": 1.00,\n  \"a\": [],\n  \"c\": {},\n  \"d\": [\n    \"{\\\"x\\\":1,\",\n    {\n      \"e\": \"\\\\\"\n    }\n  ]\n}";
        assert_eq!(indented(text), lines);
        assert_eq!(indented("no {JSON"), "no {JSON");
        assert_eq!(compact(&indented(text)), text.replace("{ }", "{}"));
        assert_eq!(compact("no {JSON"), r#""no {JSON""#);
    }
}
