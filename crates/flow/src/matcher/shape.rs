//! What a value looks like, by what it is a value of.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::option::pattern;

/// The longest value that ends where the sentence does, in characters.
const MAX_OPEN: usize = 120;

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Email,
    Phone,
    Date,
    Number,
    /// Letters, digits, `-`, `_`, `/`, `.`, with a digit at least.
    Identifier,
    Name,
    Address,
    /// Anything.
    Text,
}

/// How plainly a value is said to be what it is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plainness {
    /// Beside the key word: `order 12345`.
    Beside,
    /// With a word between: `order number is 12345`.
    Linked,
    /// With a sign between: `order number: 12345`.
    Marked,
}

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z0-9]+")
});
static PHONE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\+?\(?[0-9](?:[ ()-]{0,2}[0-9]){4,17}"));
static IDENTIFIER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[A-Za-z0-9](?:[A-Za-z0-9_./-]*[A-Za-z0-9])?"));
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"));
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}",
        r"|(?:[0-9]{4}年)?[0-9]{1,2}月[0-9]{1,2}[日号]?",
        r"|[0-9]{1,2}[/.][0-9]{1,2}(?:[/.][0-9]{2,4})?",
        r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? [0-9]{1,2}(?:st|nd|rd|th)?(?:,? [0-9]{4})?\b",
        r"|[0-9]{1,2}(?:st|nd|rd|th)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}(?:,? [0-9]{4})?\b",
        r"|today\b|tomorrow\b|yesterday\b|今天|明天|后天|昨天|前天",
    ))
});
/// A name that is told in passing: capitalised words, or two to four characters.
static PLAIN_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:\p{Lu}[\p{L}'-]*(?: \p{Lu}[\p{L}'-]*){0,3}|\p{Han}{2,4}(?:·\p{Han}{1,6})?)")
});
/// What has an address in it.
static PLACE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[0-9]|[省市区县镇乡村路街巷弄楼室栋座]"));
/// What says that something is wrong, not what it is.
static WRONG: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)错|不对|不是|有误|有问题|什么|哪|吗|\b(?:wrong|incorrect|not|misspelled|invalid|missing|what|old|outdated)\b",
    )
});
/// What makes a number before it a count of something.
static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^ ?(?:[年月日天号点元块个件次条周分秒岁台份单%¥$€]|小时|分钟|星期",
        r"|(?:dollars?|usd|yuan|rmb|cny|euros?|eur|minutes?|hours?|days?|weeks?|months?|years?|times|items?|pieces?|pcs)\b)",
    ))
});
/// What announces a name or a place in an answer.
static ANNOUNCED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?is)^\s*(?:(?:(?:my|the|our) )?(?:full |new )?(?:name|address)(?: is|:)|it is|it['’]s|i am|i['’]m|this is",
        r"|(?:我的?)?(?:名字|姓名|新?(?:收货)?地址)[是叫为:]|我叫|我是|叫|改成|改为)\s*(.+)$",
    ))
});
static ORDINAL: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^[0-9]+(?:st|nd|rd|th)$"));

impl Shape {
    /// The pattern of a value that has a form of its own.
    pub(super) fn form(self) -> Option<&'static Regex> {
        match self {
            Self::Email => Some(&EMAIL),
            Self::Phone => Some(&PHONE),
            Self::Date => Some(&DATE),
            Self::Number => Some(&NUMBER),
            Self::Identifier => Some(&IDENTIFIER),
            Self::Name | Self::Address | Self::Text => None,
        }
    }

    /// Where the value is that a text begins with.
    pub(super) fn leading(self, text: &str, plainness: Plainness) -> Option<Range<usize>> {
        let Some(form) = self.form() else {
            return self.open(text, plainness);
        };
        // Before an amount may stand its sign.
        let skipped = match self {
            Self::Number => text.len() - text.trim_start_matches(['¥', '$', '€', ' ']).len(),
            _ => 0,
        };
        let found = form
            .find(&text[skipped..])
            .filter(|found| found.start() == 0)?;
        let end = skipped + found.end();
        self.is_one(found.as_str(), &text[end..], plainness)
            .then_some(skipped..end)
    }

    /// Where the value is that a text ends with.
    pub(super) fn trailing(self, text: &str) -> Option<Range<usize>> {
        let form = self.form()?;
        let found = form
            .find_iter(text)
            .last()
            .filter(|found| found.end() == text.len())?;
        self.is_one(found.as_str(), "", Plainness::Linked)
            .then(|| found.range())
    }

    /// Where the only value of this form is in a text.
    pub(super) fn only(self, text: &str) -> Option<Range<usize>> {
        let mut found = self
            .form()?
            .find_iter(text)
            .filter(|found| self.is_one(found.as_str(), &text[found.end()..], Plainness::Linked));
        let range = found.next()?.range();
        found.next().is_none().then_some(range)
    }

    /// The name or place that an answer announces.
    pub(super) fn announced(self, answer: &str) -> Option<Range<usize>> {
        if !matches!(self, Self::Name | Self::Address) {
            return None;
        }
        let value = ANNOUNCED.captures(answer)?.get(1)?;
        let is_value = !WRONG.is_match(value.as_str()) && value.len() <= 4 * MAX_OPEN;
        is_value.then(|| value.range())
    }

    fn is_one(self, value: &str, after: &str, plainness: Plainness) -> bool {
        if self != Self::Identifier {
            return true;
        }
        let has_digit = value.contains(|character: char| character.is_ascii_digit());
        // `order 2 pizzas`, `order 2024-05-01`, `order 100 days ago`: not the order's number.
        let is_other = || {
            value.len() < 3
                || ORDINAL.is_match(value)
                || COUNTED.is_match(after)
                || DATE.find(value).is_some_and(|date| date.as_str() == value)
        };
        has_digit && (plainness != Plainness::Beside || !is_other())
    }

    /// A value without a form: what it begins with, to where its sentence ends.
    fn open(self, text: &str, plainness: Plainness) -> Option<Range<usize>> {
        let ends: &[char] = match self {
            Self::Name => &['\n', ';', '.', ',', '!', '?', '。', '、'],
            _ => &['\n', ';', '!', '?', '。'],
        };
        let end = text.find(ends).unwrap_or(text.len());
        let cut = text[..end]
            .char_indices()
            .nth(MAX_OPEN)
            .map_or(end, |(at, _)| at);
        let value = text[..cut].trim_end();
        match (self, plainness) {
            (_, Plainness::Marked) => (!value.is_empty()).then_some(0..value.len()),
            (Self::Name, Plainness::Linked) => {
                let name = PLAIN_NAME.find(value)?;
                // Four characters of a longer sentence are no name.
                let is_whole = value[name.end()..]
                    .chars()
                    .next()
                    .is_none_or(|next| !next.is_alphanumeric());
                (is_whole && !WRONG.is_match(name.as_str())).then(|| name.range())
            }
            (Self::Address, Plainness::Linked) => {
                (PLACE.is_match(value) && !WRONG.is_match(value)).then_some(0..value.len())
            }
            _ => None,
        }
    }
}
