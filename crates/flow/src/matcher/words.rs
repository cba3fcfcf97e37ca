//! Texts as words: what is written differently and means the same becomes the same.

use std::collections::BTreeMap;

/// As many characters of a text as are looked at.
const MAX_CHARACTERS: usize = 2_000;
/// How much a word says that stands in nearly every sentence.
const LIGHT: f64 = 0.3;
/// How much one character of a Chinese word says: much less than two beside each other.
const CHARACTER: f64 = 0.25;
/// How much a character says that stands alone between words that say nothing.
const LONE_CHARACTER: f64 = 0.8;
/// From which weight on a word carries a meaning of its own.
pub(crate) const CONTENT: f64 = 0.75;

/// English words that say nothing of what is wanted.
const STOP: &[&str] = &[
    "a", "an", "the", "i", "me", "my", "mine", "we", "us", "our", "you", "your", "it", "its", "he",
    "she", "they", "this", "that", "these", "those", "there", "is", "am", "are", "be", "been",
    "was", "were", "do", "does", "did", "have", "has", "had", "to", "of", "in", "on", "at", "for",
    "from", "and", "or", "with", "as", "by", "so", "can", "could", "would", "will", "should",
    "shall", "may", "please", "thanks", "thank", "hello", "hi", "hey", "dear", "sorry", "ok", "s",
    "t", "d", "ll", "re", "ve", "m", "want", "wants", "like", "just", "some", "any", "user",
    "customer", "yet",
];
/// English words that say little.
const SMALL: &[&str] = &[
    "how", "what", "where", "when", "who", "why", "which", "know", "need", "get", "go", "help",
    "tell", "make", "see", "look", "find", "give", "good", "now", "today", "about", "if", "not",
    "no", "don", "up", "out", "new", "one", "much", "many", "let", "check", "ask",
];
/// Chinese words that say nothing of what is wanted; the longest comes first.
const STOP_CHINESE: &[&str] = &[
    "可不可以",
    "怎么样",
    "能不能",
    "是不是",
    "有没有",
    "我想要",
    "请问",
    "你好",
    "您好",
    "怎么",
    "怎样",
    "如何",
    "什么",
    "一下",
    "我想",
    "我要",
    "想要",
    "我的",
    "我们",
    "你们",
    "帮我",
    "帮忙",
    "可以",
    "能否",
    "是否",
    "麻烦",
    "需要",
    "今天",
    "现在",
    "谢谢",
    "用户",
    "客户",
    "哪里",
    "我",
    "你",
    "您",
    "的",
    "了",
    "吗",
    "呢",
    "吧",
    "啊",
    "呀",
    "哦",
    "请",
    "是",
    "在",
    "要",
    "想",
    "给",
    "把",
    "个",
    "这",
    "那",
    "有",
    "就",
    "都",
    "也",
    "和",
    "哪",
];

/// As much of a text as is looked at.
pub(crate) fn bounded(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_CHARACTERS);
    end.map_or(text, |(end, _)| &text[..end])
}

/// Full-width letters and signs as half-width ones, as much as is looked at, character by character.
pub(crate) fn half_width(text: &str) -> String {
    bounded(text)
        .chars()
        .map(|character| match character {
            '\u{3000}' => ' ',
            '\u{ff01}'..='\u{ff5e}' => {
                char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
            }
            other => other,
        })
        .collect()
}

/// Half-width, lower case, one space where a sign or white space stood.
pub(crate) fn fold(text: &str) -> String {
    let lower = half_width(text).to_lowercase();
    let words: Vec<&str> = lower
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// A folded text without its spaces: what two texts have in common that are the same.
pub(crate) fn squeezed(folded: &str) -> String {
    folded.replace(' ', "")
}

/// Whether a character is one of a script that writes without spaces.
pub(crate) fn is_cjk(character: char) -> bool {
    matches!(
        u32::from(character),
        0x3005 | 0x3007 | 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7af
            | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff
    )
}

/// A piece of a folded text: a word, or characters that stand beside each other without spaces.
enum Piece<'a> {
    Word(&'a str),
    Run(&'a str),
}

fn pieces(folded: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = folded;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let cjk = is_cjk(rest.chars().next()?);
        let end = rest
            .find(|character: char| character == ' ' || is_cjk(character) != cjk)
            .unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(if cjk {
            Piece::Run(piece)
        } else {
            Piece::Word(piece)
        })
    })
}

/// What is left of a run between the words that say nothing.
fn without_stops(run: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while at < run.len() {
        if let Some(stop) = STOP_CHINESE
            .iter()
            .find(|stop| run[at..].starts_with(**stop))
        {
            parts.push(&run[begin..at]);
            at += stop.len();
            begin = at;
        } else {
            at += run[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    parts.push(&run[begin..]);
    parts.retain(|part| !part.is_empty());
    parts
}

/// The stem of an English word: `orders`, `ordered` and `ordering` are `order`.
///
/// Right only in that the same words meet; what it makes need not be a word (`invoice` is `invoic`).
fn stem(word: &str) -> String {
    if !word.is_ascii() || word.len() < 4 {
        return word.to_owned();
    }
    let ends = |ending| {
        word.strip_suffix(ending)
            .filter(|stem: &&str| stem.len() > 2)
    };
    let mut stem = if let Some(stem) = ends("ies") {
        format!("{stem}y")
    } else if word.ends_with("sses") || word.ends_with("xes") || word.ends_with("hes") {
        word[..word.len() - 2].to_owned()
    } else if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        word.to_owned()
    } else {
        ends("s").unwrap_or(word).to_owned()
    };
    for ending in ["ing", "ed"] {
        if stem.len() > ending.len() + 2 && stem.ends_with(ending) {
            stem.truncate(stem.len() - ending.len());
            break;
        }
    }
    if stem.len() > 3 && stem.ends_with('e') {
        stem.pop();
    }
    let mut last = stem.chars().rev();
    if stem.len() > 3 && last.next() == last.next() {
        stem.pop();
    }
    stem
}

/// The words of a folded text, each with how much it says at most.
///
/// Sorted, so that sums over them come out the same each time.
pub(crate) fn tokens(folded: &str) -> BTreeMap<String, f64> {
    let mut tokens = BTreeMap::new();
    let mut add = |token: String, weight: f64| {
        let held = tokens.entry(token).or_insert(weight);
        *held = held.max(weight);
    };
    for piece in pieces(folded) {
        match piece {
            Piece::Word(word) if STOP.contains(&word) => {}
            Piece::Word(word) if SMALL.contains(&word) => add(word.to_owned(), LIGHT),
            Piece::Word(word) => add(stem(word), 1.0),
            Piece::Run(run) => {
                for part in without_stops(run) {
                    let characters: Vec<char> = part.chars().collect();
                    for pair in characters.windows(2) {
                        add(pair.iter().collect(), 1.0);
                    }
                    let weight = if characters.len() == 1 {
                        LONE_CHARACTER
                    } else {
                        CHARACTER
                    };
                    for character in characters {
                        add(character.to_string(), weight);
                    }
                }
            }
        }
    }
    tokens
}

/// The words of a folded text in their order: stems, and single characters of Chinese.
///
/// Words that say nothing are left out, unless the text has no others.
pub(crate) fn units(folded: &str) -> Vec<String> {
    let (mut said, mut all) = (Vec::new(), Vec::new());
    let characters = |run: &str| -> Vec<String> { run.chars().map(String::from).collect() };
    for piece in pieces(folded) {
        match piece {
            Piece::Word(word) => {
                all.push(word.to_owned());
                if !STOP.contains(&word) {
                    said.push(stem(word));
                }
            }
            Piece::Run(run) => {
                all.extend(characters(run));
                said.extend(without_stops(run).into_iter().flat_map(characters));
            }
        }
    }
    if said.is_empty() { all } else { said }
}

/// Whether nothing in a folded text says anything.
pub(crate) fn says_nothing(folded: &str) -> bool {
    pieces(folded).all(|piece| match piece {
        Piece::Word(word) => STOP.contains(&word),
        Piece::Run(run) => without_stops(run).is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_meet() {
        for forms in [
            &["order", "orders", "ordered", "ordering"][..],
            &["invoice", "invoices", "invoiced", "invoicing"],
            &["ship", "ships", "shipped", "shipping"],
            &["change", "changes", "changed", "changing"],
            &["address", "addresses"],
            &["delivery", "deliveries"],
            &["call", "calls", "called", "calling"],
        ] {
            let stems: Vec<String> = forms.iter().map(|form| stem(form)).collect();
            assert!(stems.iter().all(|form| *form == stems[0]), "{stems:?}");
        }
        assert_ne!(stem("status"), stem("state"));
    }

    #[test]
    fn texts_fold() {
        assert_eq!(fold("  Ｏｒｄｅｒ－Ｎｏ：１２３！"), "order no 123");
        assert_eq!(fold("查　订单\n状态？"), "查 订单 状态");
        assert_eq!(fold("…！？"), "");
        assert_eq!(fold(&"好".repeat(9_000)).chars().count(), MAX_CHARACTERS);
        assert_eq!(units("请问 我的订单在哪里"), ["订", "单"]);
        assert_eq!(units("是的"), ["是", "的"]);
    }
}
