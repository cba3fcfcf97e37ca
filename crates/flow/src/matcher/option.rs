//! Which of the options an answer means, and whether it is one at all.

use std::sync::LazyLock;

use regex::Regex;

use super::words::{fold, half_width, squeezed, units};

/// The longest text that is looked for within another, in words.
const MAX_UNITS: usize = 64;
/// Words that turn what follows into its contrary.
const NOT: &[&str] = &["not", "never", "don", "dont", "不", "别", "没"];
/// Options that stand in many a sentence without being an answer.
const BARE: &[&str] = &[
    "yes", "no", "ok", "not", "none", "other", "是", "否", "对", "好", "行", "不", "没", "没有",
    "其他",
];

/// What a user says who does not answer, without the words that say nothing.
const SKIP: &[&str] = &[
    "跳过",
    "略过",
    "略",
    "没有",
    "没",
    "暂无",
    "无",
    "不知道",
    "不清楚",
    "不记得",
    "记不得",
    "记不清",
    "忘记",
    "忘",
    "不填",
    "不提供",
    "不想说",
    "不想提供",
    "不方便",
    "不需要",
    "不用",
    "算",
    "下一个",
    "skip",
    "pass",
    "next",
    "none",
    "nope",
    "nothing",
    "na",
    "idk",
    "unknown",
    "forgot",
    "noidea",
    "notsure",
    "dontknow",
    "donotknow",
    "dontremember",
    "dontrecall",
    "donthave",
    "donothave",
    "havenone",
    "dontwant",
    "rathernot",
    "prefernot",
    "notapplicable",
];
/// Words that are left out of such an answer.
const SKIP_FILLERS: &[&str] = &[
    "i", "it", "this", "that", "the", "one", "any", "please", "thanks", "thank", "you", "sorry",
    "um", "well", "to", "say", "d", "ve", "m", "am", "got",
];
const SKIP_FILLERS_CHINESE: &[&str] = &[
    "谢谢", "抱歉", "这个", "这项", "我", "请", "先", "了", "吧", "啊", "呢", "呀", "哦", "的",
    "都",
];

static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:(?:i|ll|d|want|would|like|to|take|choose|pick|select|go|for|with|the|please|give|me|it|s|is)\s+)*",
        r"(?<mark>option|number|no|nr|choice|item)?\s*",
        r"(?:(?<digits>[0-9]{1,3})(?<ending>st|nd|rd|th)?|(?<word>[a-z]+))",
        r"(?:\s+(?<after>one|option|choice|item|please|thanks))*$",
    ))
});
static NUMBERED_CHINESE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        "^(?:我|就|请|要|想|选择|选|用|是|那)*(?<mark>选项|第)?",
        "(?:(?<digits>[0-9]{1,3})|(?<word>[一二两三四五六七八九十]{1,3}))",
        "(?<ending>个|项|种|条|号)?(?:选项|吧|谢谢|的)*$",
    ))
});
static LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern("^(?:(?:我|选择|选|要)*最后(?:一?[个项种条])?|(?:the )?last(?: one| option)?)$")
});

pub(super) fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of the matcher are ones, as its tests show")
}

/// Which of these options an answer means.
///
/// The text of one; else its number (`2`, `２`, `第二个`, `second`, `option 2`); else the one whose text
/// stands in the answer, or in whose text the answer stands. Where two would do, none is meant.
pub fn option<'a>(message: &str, options: impl IntoIterator<Item = &'a str>) -> Option<usize> {
    let options: Vec<&str> = options.into_iter().collect();
    let plain = |text: &str| half_width(text).trim().to_lowercase();
    let given = plain(message);
    if given.is_empty() {
        return None;
    }
    let folded = fold(message);
    let same = squeezed(&folded);
    let equal = options.iter().position(|option| plain(option) == given);
    let equal = equal.or_else(|| {
        let mut folded = options.iter().map(|option| squeezed(&fold(option)));
        folded.position(|option| !option.is_empty() && option == same)
    });
    if equal.is_some() || same.is_empty() {
        return equal;
    }
    let readings: [fn(&str, &[&str]) -> Meant; 3] = [numbered, mentioned, hinted];
    let mut readings = readings.iter().map(|reading| reading(&folded, &options));
    readings
        .find(|meant| !matches!(meant, Meant::None))
        .and_then(Meant::only)
}

/// What a reading of an answer makes of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meant {
    One(usize),
    /// More than one would do: no further reading may guess.
    Unclear,
    None,
}

impl Meant {
    pub(super) fn only(self) -> Option<usize> {
        match self {
            Self::One(number) => Some(number),
            Self::Unclear | Self::None => None,
        }
    }
}

/// The option of this number. A plain number that stands in the text of another option is unclear.
fn numbered(folded: &str, options: &[&str]) -> Meant {
    let same = squeezed(folded);
    if LAST.is_match(folded) || LAST.is_match(&same) {
        return options.len().checked_sub(1).map_or(Meant::None, Meant::One);
    }
    let Some(found) = NUMBERED
        .captures(folded)
        .or_else(|| NUMBERED_CHINESE.captures(&same))
    else {
        return Meant::None;
    };
    let digits = found
        .name("digits")
        .and_then(|digits| digits.as_str().parse().ok());
    let word = found.name("word").map_or("", |word| word.as_str());
    let Some(number) = digits.or_else(|| number_word(word)) else {
        return Meant::None;
    };
    let Some(index) = usize::checked_sub(number, 1).filter(|index| *index < options.len()) else {
        return Meant::None;
    };
    let is_plain = ["mark", "ending", "word", "after"]
        .iter()
        .all(|group| found.name(group).is_none());
    let number = number.to_string();
    let elsewhere = options.iter().enumerate().any(|(other, option)| {
        other != index && fold(option).split(' ').any(|word| word == number)
    });
    if is_plain && elsewhere {
        Meant::Unclear
    } else {
        Meant::One(index)
    }
}

fn number_word(word: &str) -> Option<usize> {
    const WORDS: [(&str, &str); 10] = [
        ("one", "first"),
        ("two", "second"),
        ("three", "third"),
        ("four", "fourth"),
        ("five", "fifth"),
        ("six", "sixth"),
        ("seven", "seventh"),
        ("eight", "eighth"),
        ("nine", "ninth"),
        ("ten", "tenth"),
    ];
    const CHINESE: &str = "一二三四五六七八九";
    let english = WORDS
        .iter()
        .position(|(cardinal, ordinal)| word == *cardinal || word == *ordinal);
    let digit = |text: &str| match text {
        "" => None,
        "两" => Some(2),
        _ => CHINESE
            .chars()
            .position(|digit| text.chars().eq([digit]))
            .map(|at| at + 1),
    };
    english
        .map(|at| at + 1)
        .or_else(|| match word.split_once('十') {
            None => digit(word),
            Some((tens, ones)) => {
                let tens = if tens.is_empty() { 1 } else { digit(tens)? };
                let ones = if ones.is_empty() { 0 } else { digit(ones)? };
                Some(10 * tens + ones)
            }
        })
}

/// The option that stands in a folded sentence, and is not denied there.
pub(super) fn mentioned(folded: &str, options: &[&str]) -> Meant {
    let said = units(folded);
    let options: Vec<Vec<String>> = options.iter().map(|option| units(&fold(option))).collect();
    let stands = |option: &[String]| {
        let mut places = places(&said, option);
        places.any(|at| at == 0 || !NOT.contains(&said[at - 1].as_str()))
    };
    let found = options
        .iter()
        .enumerate()
        .filter(|(_, option)| stands(option));
    let found: Vec<usize> = found.map(|(number, _)| number).collect();
    // `退款进度` has `退款` in it: the longer one is meant. Two beside each other are unclear.
    let numbers = found.iter().copied().rev();
    let Some(longest) = numbers.max_by_key(|number| options[*number].len()) else {
        return Meant::None;
    };
    let within = |number: &usize| {
        places(&options[longest], &options[*number])
            .next()
            .is_some()
    };
    if found.iter().all(within) {
        Meant::One(longest)
    } else {
        Meant::Unclear
    }
}

/// The only option that an answer may be a part of, or whose words all stand somewhere in it.
fn hinted(folded: &str, options: &[&str]) -> Meant {
    let said = units(folded);
    if said.iter().any(|unit| NOT.contains(&unit.as_str())) {
        return Meant::None;
    }
    let is_words = |units: &[String]| units.iter().all(|unit| unit.is_ascii());
    let all_in = |some: &[String], others: &[String]| {
        is_words(some) && some.len() <= MAX_UNITS && some.iter().all(|unit| others.contains(unit))
    };
    let mut fitting = options.iter().enumerate().filter(|(_, option)| {
        let option = units(&fold(option));
        places(&option, &said).next().is_some()
            || all_in(&said, &option)
            || (option.len() > 1 && all_in(&option, &said))
    });
    match (fitting.next(), fitting.next()) {
        (Some((number, _)), None) => Meant::One(number),
        (Some(_), Some(_)) => Meant::Unclear,
        (None, _) => Meant::None,
    }
}

/// Where some words stand beside each other within others.
fn places<'a>(text: &'a [String], part: &'a [String]) -> impl Iterator<Item = usize> + 'a {
    let fits = (1..=MAX_UNITS).contains(&part.len());
    let windows = text.windows(part.len().max(1)).enumerate();
    windows.filter_map(move |(at, window)| (fits && window == part).then_some(at))
}

/// Whether an option only counts as an answer to its own question: `yes`, `2`, `是`.
pub(super) fn is_bare(option: &str) -> bool {
    let folded = fold(option);
    let units = units(&folded);
    let is_number = squeezed(&folded).chars().all(char::is_numeric);
    is_number
        || BARE.contains(&folded.as_str())
        || units.concat().chars().count() < 2
        || BARE.contains(&units.concat().as_str())
}

/// Whether the user declines to answer (`跳过`, `没有`, `不知道`, `skip`, `none`, …).
///
/// Only a message that says nothing else: `没有收到` is an answer. A plain `no` is none either, since
/// it may be one.
pub fn is_skip(message: &str) -> bool {
    let folded = fold(message);
    let words = folded
        .split(' ')
        .filter(|word| !SKIP_FILLERS.contains(word));
    let mut said: String = words.collect();
    if said.chars().count() > 16 {
        return false;
    }
    for filler in SKIP_FILLERS_CHINESE {
        said = said.replace(filler, "");
    }
    SKIP.contains(&said.as_str())
}

/// Whether the message is no more than a no.
pub(super) fn is_no(message: &str) -> bool {
    matches!(
        squeezed(&fold(message)).as_str(),
        "no" | "nothanks" | "不" | "否" | "不了"
    )
}
