//! How much texts resemble each other by their words: BM25 (Robertson and Zaragoza 2009), with pairs of
//! characters as words where a script has no spaces.

use std::collections::HashMap;

/// How soon a word said again stops counting, and how much a text's length does.
const SATURATION: f64 = 1.2;
const LENGTH_WEIGHT: f64 = 0.75;
/// Words of the query that count; messages may be long.
const MOST_WORDS: usize = 2_000;

/// The words that are looked for.
#[derive(Debug)]
pub(super) struct Query(HashMap<String, usize>);

impl Query {
    pub(super) fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let mut words = HashMap::new();
        each_word(&text, |word| {
            let next = words.len();
            if next < MOST_WORDS {
                words.entry(word.to_owned()).or_insert(next);
            }
        });
        Self(words)
    }
}

/// Texts, each with how often it has which word of the query.
#[derive(Debug)]
pub(super) struct Ranking {
    query: Query,
    texts: Vec<Counted>,
}

#[derive(Debug)]
struct Counted {
    id: String,
    /// How many words it has in all.
    length: usize,
    /// Words of the query, by number.
    counts: HashMap<usize, u32>,
}

impl Ranking {
    pub(super) fn new(query: Query) -> Self {
        Self {
            query,
            texts: Vec::new(),
        }
    }

    /// Counts the words of a text, which may come in parts.
    pub(super) fn add(&mut self, id: &str, parts: [&str; 2]) {
        let mut counted = Counted {
            id: id.to_owned(),
            length: 0,
            counts: HashMap::new(),
        };
        for part in parts {
            each_word(&part.to_lowercase(), |word| {
                counted.length += 1;
                if let Some(number) = self.query.0.get(word) {
                    *counted.counts.entry(*number).or_default() += 1;
                }
            });
        }
        self.texts.push(counted);
    }

    /// The ids of the texts that resemble the query most, the best first.
    pub(super) fn best(&self, count: usize) -> Vec<&str> {
        let weights = self.weights();
        let words: usize = self.texts.iter().map(|text| text.length).sum();
        let mean = words as f64 / self.texts.len().max(1) as f64;
        let score = |text: &Counted| {
            let relative = text.length as f64 / mean.max(1.0);
            let slack = SATURATION * (1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * relative);
            let of_word = |(number, count): (&usize, &u32)| {
                let count = f64::from(*count);
                weights[number] * count * (SATURATION + 1.0) / (count + slack)
            };
            text.counts.iter().map(of_word).sum::<f64>()
        };
        let mut scored: Vec<_> = self.texts.iter().map(|text| (score(text), text)).collect();
        scored.retain(|(score, _)| *score > 0.0);
        // Texts that resemble it alike stand in the order of their ids.
        scored.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        scored
            .iter()
            .take(count)
            .map(|(_, text)| text.id.as_str())
            .collect()
    }

    /// A word weighs more the fewer texts have it.
    fn weights(&self) -> HashMap<usize, f64> {
        let mut having: HashMap<usize, u32> = HashMap::new();
        for number in self.texts.iter().flat_map(|text| text.counts.keys()) {
            *having.entry(*number).or_default() += 1;
        }
        let all = self.texts.len() as f64;
        let weight = |having: f64| (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
        having
            .into_iter()
            .map(|(number, having)| (number, weight(f64::from(having))))
            .collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Spaced,
    Unspaced,
    None,
}

fn script(character: char) -> Script {
    match character {
        '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Script::Unspaced,
        _ if character.is_alphanumeric() => Script::Spaced,
        _ => Script::None,
    }
}

/// Words of a text in lower case: runs of letters and digits, and pairs of neighbours where the script
/// has no spaces (a single one where it stands alone).
fn each_word<'a>(text: &'a str, mut word: impl FnMut(&'a str)) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kind = script(first);
        let end = rest
            .find(|character| script(character) != kind)
            .unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        match kind {
            Script::Spaced => word(run),
            Script::Unspaced => each_pair(run, &mut word),
            Script::None => {}
        }
        rest = behind;
    }
}

fn each_pair<'a>(run: &'a str, word: &mut impl FnMut(&'a str)) {
    let starts = run.char_indices().map(|(start, _)| start);
    let ends = run
        .char_indices()
        .map(|(start, character)| start + character.len_utf8());
    let mut alone = true;
    for (start, end) in starts.zip(ends.skip(1)) {
        alone = false;
        word(&run[start..end]);
    }
    if alone {
        word(run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_and_pairs() {
        let mut words = Vec::new();
        each_word("ab1 退款流程：a款，x", |word| words.push(word));
        assert_eq!(words, ["ab1", "退款", "款流", "流程", "a", "款", "x"]);
    }

    #[test]
    fn rare_words_and_short_texts_rank_higher() {
        let mut ranking = Ranking::new(Query::new("发票 怎么开 invoice"));
        ranking.add("a", ["", "怎么联系我们"]);
        ranking.add("b", ["", "发票怎么开？登录后台，进入发票管理。"]);
        ranking.add("c", ["", "invoice"]);
        ranking.add("d", ["", "退货地址"]);
        assert_eq!(ranking.best(9), ["b", "c", "a"]);
        assert_eq!(ranking.best(1), ["b"]);
    }
}
