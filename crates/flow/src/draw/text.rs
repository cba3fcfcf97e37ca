//! Texts in a picture: how wide they are, cut to their place, and escaped.

/// How wide a character is, in parts of the font's size; generous, since the font is the reader's.
fn width_of(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '(' | ')'
        | '[' | ']' => 0.34,
        'f' | 't' | 'r' | '-' | '/' | '"' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.92,
        'A'..='Z' => 0.68,
        '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' => 0.0,
        '\u{0}'..='\u{2e7f}' => 0.6,
        _ => 1.0,
    }
}

/// How wide a text is at a size in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(width_of).sum::<f64>() * size
}

/// One line of a text, with an ellipsis where it is cut to the room.
pub(super) fn cut(text: &str, size: f64, room: f64) -> String {
    let mut line = String::new();
    // What is longer than any room is not looked at.
    for character in text.chars().take(400).filter_map(shown) {
        if character != ' ' || !(line.is_empty() || line.ends_with(' ')) {
            line.push(character);
        }
    }
    line.truncate(line.trim_end().len());
    if width(&line, size) <= room {
        return line;
    }
    let mut left = room - width("…", size);
    let fitting = line.chars().take_while(|character| {
        left -= width_of(*character) * size;
        left >= 0.0
    });
    let kept: String = fitting.collect();
    format!("{}…", kept.trim_end())
}

/// A character as it may stand in a picture, white space as a plain space.
///
/// Left out is what XML does not take, and what turns the direction of the text around it.
pub(super) fn shown(character: char) -> Option<char> {
    match character {
        _ if character.is_whitespace() => Some(' '),
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fffe}'
        | '\u{ffff}' => None,
        _ if character.is_control() => None,
        other => Some(other),
    }
}

/// A text as XML text or as the value of an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars().filter_map(shown) {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_their_room() {
        assert_eq!(cut(" a\n\tb\u{7}  c\u{202e} ", 10.0, 100.0), "a b c");
        let latin = cut(&"abcd".repeat(50), 10.0, 100.0);
        let chinese = cut(&"订单状态".repeat(50), 10.0, 100.0);
        assert_eq!(latin.chars().count(), 16);
        assert_eq!(chinese, "订单状态订单状态订…");
        for line in [latin, chinese] {
            assert!(width(&line, 10.0) <= 100.0, "{line}");
        }
        assert_eq!(
            escaped("<a b='\"&\u{0}\u{ffff}'>"),
            "&lt;a b=&#39;&quot;&amp;&#39;&gt;"
        );
    }
}
