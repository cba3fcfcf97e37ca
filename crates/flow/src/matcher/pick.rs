//! What a sentence tells of the items that are asked for.
//!
//! Section 2.8: the platform looks in what was said first, asks only for what is missing, and an
//! optional item that is not given yields `""`.

use std::collections::BTreeSet;
use std::ops::Range;

use regex::Regex;

use super::keys::Keys;
use super::option::{is_bare, is_no, is_skip, mentioned, option};
use super::shape::{Plainness, Shape};
use super::words::{bounded, fold, half_width, is_cjk, says_nothing};
use crate::document::Item;

/// An item that is looked for, with its pattern made ready.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What is looked for.
    pub item: &'a Item,
    /// How it is found, where the item says so.
    pub pattern: Option<&'a Regex>,
}

impl Wanted<'_> {
    /// The words beside which its value stands, where nothing else says what a value is.
    fn keys(&self) -> Option<Keys> {
        let is_free = self.pattern.is_none() && self.item.quick_replies.is_empty();
        is_free.then(|| Keys::new(&self.item.description, &self.item.variable))
    }
}

/// What of these items a sentence tells: numbers in `items`, each once and ascending, with their values.
///
/// `asked` is the number of the item that the user was just asked for. An item with a pattern is what
/// the pattern finds, one with offered answers is the one that stands in the sentence, and another is
/// found beside the words that name it. The item that was asked for, where it has no pattern and
/// nothing was found, is the whole answer; where the user declines, it is `""` if it is optional.
pub fn pick(message: &str, items: &[Wanted<'_>], asked: Option<usize>) -> Vec<(usize, String)> {
    let sentence = Sentence::new(message);
    let keys: Vec<Option<Keys>> = items.iter().map(Wanted::keys).collect();
    let places = keys.iter().map(|keys| match keys {
        Some(keys) => sentence.places(keys.all()),
        None => Vec::new(),
    });
    let places: Vec<Vec<Place>> = places.collect();
    let (mut taken, mut found) = (Vec::new(), Vec::new());
    for (number, wanted) in items.iter().enumerate() {
        let value = if let Some(pattern) = wanted.pattern {
            matched(message, pattern)
        } else if let Some(own) = &keys[number] {
            let others = || (0..items.len()).filter(|other| *other != number);
            let mut shapes = others().filter_map(|other| Some(keys[other].as_ref()?.shape));
            let is_only = shapes.all(|shape| shape != own.shape);
            let starts = others().flat_map(|other| &places[other]);
            let starts = starts.map(|place| place.start).collect();
            sentence.beside(own, is_only, &starts, &mut taken)
        } else {
            offered(message, wanted.item, asked == Some(number))
        };
        found.extend(value.map(|value| (number, value)));
    }
    let missing = |number: &usize| found.iter().all(|(other, _)| other != number);
    if let Some(number) = asked.filter(|number| *number < items.len()).filter(missing) {
        let keys = keys[number].as_ref();
        let value = answered(message, &sentence, &items[number], keys, !taken.is_empty());
        found.extend(value.map(|value| (number, value)));
        found.sort_unstable_by_key(|(number, _)| *number);
    }
    found
}

/// What a pattern finds; digits and signs may be full-width ones.
fn matched(message: &str, pattern: &Regex) -> Option<String> {
    [&*half_width(message), bounded(message)]
        .into_iter()
        .find_map(|text| {
            let found = pattern.captures(text)?;
            let value = found.get(1).or_else(|| found.get(0))?.as_str().trim();
            (!value.is_empty()).then(|| value.to_owned())
        })
}

/// The offered answer that stands in the message. One such as `yes` only answers its own question.
fn offered(message: &str, item: &Item, is_asked: bool) -> Option<String> {
    let mut replies: Vec<&str> = item.quick_replies.iter().map(String::as_str).collect();
    let reply = if is_asked {
        option(message, replies.iter().copied())
    } else {
        replies.retain(|reply| !is_bare(reply));
        mentioned(&fold(message), &replies).only()
    };
    Some(replies[reply?].to_owned())
}

/// What the answer to the question for this item gives it.
fn answered(
    message: &str,
    sentence: &Sentence,
    wanted: &Wanted<'_>,
    keys: Option<&Keys>,
    is_taken: bool,
) -> Option<String> {
    let answer = bounded(message).trim();
    if is_skip(answer) || wanted.item.optional && is_no(answer) {
        return wanted.item.optional.then(String::new);
    }
    // What another item took is not the answer to this one.
    if wanted.pattern.is_some() || answer.is_empty() || is_taken {
        return None;
    }
    let bare = keys.and_then(|keys| sentence.bare(keys));
    Some(bare.unwrap_or_else(|| answer.to_owned()))
}

/// Words of an answer that are no part of its value.
const ANSWERING: &[&str] = &[
    "yes", "yeah", "sure", "just", "think", "number", "no", "id", "code", "here",
];

/// A message, ready to be looked through.
struct Sentence {
    /// Half-width, with white space but line ends as one space.
    text: String,
    /// The same, byte by byte, in ASCII lower case and with a space for what joins words.
    low: String,
    /// The characters of `text` as they were written.
    written: Vec<char>,
}

/// Where a key word stands: from where to where.
type Place = Range<usize>;

impl Sentence {
    fn new(message: &str) -> Self {
        let (mut text, mut written) = (String::new(), Vec::new());
        for (character, original) in half_width(message).chars().zip(message.chars()) {
            let character = match character {
                '\n' | '\r' => '\n',
                space if space.is_whitespace() => ' ',
                other => other,
            };
            if character != ' ' || !text.ends_with([' ', '\n']) {
                text.push(character);
                written.push(original);
            }
        }
        let low = text.to_ascii_lowercase().replace(['-', '_', '\''], " ");
        Self { text, low, written }
    }

    /// The value in a place: half-width where it has a form, else as it was written.
    fn value(&self, place: Place, shape: Shape) -> String {
        let value = &self.text[place.clone()];
        if shape.form().is_some() {
            return value.to_owned();
        }
        let before = self.text[..place.start].chars().count();
        let written = self.written.iter().skip(before);
        written.take(value.chars().count()).collect()
    }

    /// The value beside one of the keys, if there is one that no other item took.
    ///
    /// `others` is where the words begin that name other items.
    fn beside(
        &self,
        keys: &Keys,
        is_only: bool,
        others: &BTreeSet<usize>,
        taken: &mut Vec<Place>,
    ) -> Option<String> {
        let mut named = self.places(&keys.named);
        if is_only {
            named.extend(self.places(&keys.general));
        }
        // Of two that begin at the same place the longer one, which the shorter one is a part of.
        named.sort_unstable_by_key(|place| (place.start, usize::MAX - place.end));
        let after = named
            .iter()
            .filter_map(|place| self.after(keys, place, false));
        let subjects = self.places(&keys.subjects);
        let of_subject = subjects
            .iter()
            .filter_map(|place| self.after(keys, place, true));
        let before = named
            .iter()
            .filter_map(|place| self.before(keys.shape, place));
        let anywhere = (keys.shape == Shape::Email && is_only).then(|| keys.shape.only(&self.text));
        let value = after
            .map(|value| self.cut(value, others))
            .chain(of_subject)
            .chain(before)
            .chain(anywhere.flatten())
            .find(|value| {
                let free = |other: &Place| other.end <= value.start || value.end <= other.start;
                !value.is_empty() && taken.iter().all(free)
            })?;
        let text = self.value(value.clone(), keys.shape);
        taken.push(value);
        Some(text)
    }

    /// Where some keys stand as words of their own.
    fn places<'k>(&self, keys: impl IntoIterator<Item = &'k String>) -> Vec<Place> {
        let is_letter = |character: char| character.is_alphanumeric() && !is_cjk(character);
        let mut places = Vec::new();
        for key in keys {
            for (start, _) in self.low.match_indices(key.as_str()) {
                let end = start + key.len();
                let before = self.low[..start].chars().next_back();
                let after = self.low[end..].chars().next();
                let splits = |inner: Option<char>, outer: Option<char>| {
                    inner.is_some_and(is_letter) && outer.is_some_and(is_letter)
                };
                // `order no12345` is written too: a digit may follow at once.
                let after = after.filter(|character| !character.is_ascii_digit());
                if !splits(key.chars().next(), before) && !splits(key.chars().next_back(), after) {
                    places.push(start..end);
                }
            }
        }
        places
    }

    /// The value that follows a key.
    fn after(&self, keys: &Keys, key: &Place, is_subject: bool) -> Option<Place> {
        let link = Link::of(&self.low[key.end..], keys.shape);
        let start = key.end + link.length;
        let plainness = match (
            link.has_sign || self.low[..key.end].ends_with('#'),
            link.has_word,
        ) {
            (true, _) => Plainness::Marked,
            (false, false) if is_subject || keys.shape != Shape::Identifier => Plainness::Beside,
            // `order number 12345` is as plain as `order number is 12345`.
            (false, _) => Plainness::Linked,
        };
        let value = keys.shape.leading(&self.text[start..], plainness)?;
        Some(start + value.start..start + value.end)
    }

    /// The value that a key follows: `12345 is my order number`, `12345是我的订单号`.
    fn before(&self, shape: Shape, key: &Place) -> Option<Place> {
        let mut rest = self.low[..key.start].trim_end();
        for owner in ["my", "the", "our", "我的", "我"] {
            rest = rest.strip_suffix(owner).map_or(rest, str::trim_end);
        }
        let rest = ["is", "as", "是", "为"].iter().find_map(|word| {
            let rest = rest.strip_suffix(word)?;
            (!word.is_ascii() || rest.ends_with(' ')).then_some(rest)
        });
        shape.trailing(self.text[..rest?.len()].trim_end())
    }

    /// A value up to where another item's begins.
    fn cut(&self, value: Place, others: &BTreeSet<usize>) -> Place {
        let Some(next) = others
            .range(value.start + 1..value.end.max(value.start + 1))
            .next()
        else {
            return value;
        };
        let mut kept = &self.low[value.start..*next];
        loop {
            let trimmed = kept.trim_end_matches([' ', ',', ';', '.', '、']);
            let words = ["and my", " and", " my", " the", "我的", "和", "我"];
            let shorter = words
                .iter()
                .find_map(|word| trimmed.strip_suffix(word))
                .unwrap_or(trimmed);
            if shorter.len() == kept.len() {
                break;
            }
            kept = shorter;
        }
        value.start..value.start + kept.len()
    }

    /// The value in an answer that says nothing else: `it's 12345, thanks`, `我的订单号是12345`.
    ///
    /// What has no form of its own stays whole, since `it is broken` may be meant as it stands; only
    /// names and places are taken from behind the words that announce them.
    fn bare(&self, keys: &Keys) -> Option<String> {
        let Some(value) = keys.shape.only(&self.text) else {
            let place = keys.shape.announced(&self.text)?;
            return Some(self.value(place, keys.shape).trim().to_owned());
        };
        let mut rest = format!("{} {}", &self.low[..value.start], &self.low[value.end..]);
        for key in keys.all() {
            rest = rest.replace(key.as_str(), " ");
        }
        for word in ["就是", "好的", "单号", "编号", "号码", "号", "为"] {
            rest = rest.replace(word, " ");
        }
        let rest = fold(&rest);
        let words = rest.split(' ').filter(|word| !ANSWERING.contains(word));
        let rest: Vec<&str> = words.collect();
        // `A 77` may be one value, which its article is a part of.
        let is_alone = says_nothing(&rest.join(" ")) && !rest.contains(&"a");
        is_alone.then(|| self.value(value, keys.shape))
    }
}

/// What stands between a key and its value.
#[derive(Default)]
struct Link {
    length: usize,
    has_word: bool,
    has_sign: bool,
}

impl Link {
    fn of(text: &str, shape: Shape) -> Self {
        const SPACES: &[char] = &[' ', '.', '"', '(', '[', '“', '「', '<'];
        const SIGNS: &[char] = &[':', '=', '#'];
        const WORDS: &[&str] = &[
            "is", "was", "are", "its", "s", "it s", "number", "no", "id", "nr",
        ];
        const CHINESE: &[&str] = &["就是", "是", "为", "叫", "号码", "号"];
        /// What stands before a new address; elsewhere it says where something goes.
        const CHANGED: &[&str] = &["改成", "改为", "换成", "to "];
        let changed = if shape == Shape::Address {
            CHANGED
        } else {
            &[]
        };
        let mut link = Self::default();
        loop {
            let rest = &text[link.length..];
            let trimmed = rest.trim_start_matches(|character| {
                link.has_sign |= SIGNS.contains(&character);
                SPACES.contains(&character) || SIGNS.contains(&character)
            });
            let word = WORDS.iter().filter(|word| {
                let after = trimmed
                    .strip_prefix(**word)
                    .map(|after| after.chars().next());
                after.is_some_and(|next| next.is_none_or(|next| !next.is_ascii_alphabetic()))
            });
            let others = CHINESE.iter().chain(changed);
            let word = word.chain(others.filter(|word| trimmed.starts_with(**word)));
            let length = word.map(|word| word.len()).max().unwrap_or_default();
            link.has_word |= length > 0;
            let passed = rest.len() - trimmed.len() + length;
            link.length += passed;
            if length == 0 {
                return link;
            }
        }
    }
}
