//! Which flow a message starts (section 2.8: the start node's intent in words, plus examples).

use std::collections::{BTreeMap, BTreeSet};

use super::words::{CONTENT, fold, squeezed, tokens};
use crate::document::Trigger;

/// From which likeness on a message starts a flow; the tables of the tests hold it in place.
const THRESHOLD: f64 = 0.4;
/// How much the intent counts beside an example: it speaks of the user, not as the user.
const INTENT: f64 = 0.8;
/// How much a word of the message counts against a flow when no flow knows it.
const UNKNOWN: f64 = 0.4;
/// How much it counts which part of the message the flow knows from all its sentences together.
const COVER: f64 = 0.25;

/// Which flow a message starts: the number of the meaning it fits best, or none below the threshold.
///
/// A message that is an example or an intent, signs and case aside, starts that flow. Else it is
/// compared with each of them by the words they have in common, where a word counts the more the fewer
/// of the flows know it. Of two that fit equally well, the first is taken.
pub fn choose<'a>(message: &str, meanings: impl IntoIterator<Item = &'a Meaning>) -> Option<usize> {
    let message = fold(message);
    let same = squeezed(&message);
    if same.is_empty() {
        return None;
    }
    let candidates: Vec<&Meaning> = meanings.into_iter().collect();
    let equal = candidates.iter().position(|candidate| {
        let mut sentences = candidate.sentences.iter();
        sentences.any(|sentence| sentence.squeezed == same)
    });
    if equal.is_some() {
        return equal;
    }
    let rarity = Rarity::of(&candidates);
    let message = rarity.known(tokens(&message));
    let mut best = None;
    for (number, candidate) in candidates.iter().enumerate() {
        let likeness = candidate.likeness(&message, &rarity);
        if likeness >= THRESHOLD && best.is_none_or(|(_, most)| likeness > most) {
            best = Some((number, likeness));
        }
    }
    best.map(|(number, _)| number)
}

/// What a start node says of when its flow starts, in words; made ready once for every message.
#[derive(Debug)]
pub struct Meaning {
    sentences: Vec<Sentence>,
}

/// An example or an intent in words.
#[derive(Debug)]
struct Sentence {
    squeezed: String,
    tokens: BTreeMap<String, f64>,
    worth: f64,
}

impl Sentence {
    fn new(text: &str, worth: f64) -> Self {
        let folded = fold(text);
        Self {
            squeezed: squeezed(&folded),
            tokens: tokens(&folded),
            worth,
        }
    }

    /// Twice what is in common, of what both say; nothing when only small words are in common.
    fn likeness(&self, message: &BTreeMap<String, f64>, rarity: &Rarity<'_>) -> f64 {
        let (mut common, mut meant) = (0.0, false);
        for (token, weight) in message {
            if let Some(other) = self.tokens.get(token) {
                let shared = weight.min(*other);
                meant |= shared > CONTENT;
                common += shared * rarity.of_token(token);
            }
        }
        if !meant {
            return 0.0;
        }
        let both = rarity.sum(message) + rarity.sum(&self.tokens);
        self.worth * 2.0 * common / both
    }
}

impl Meaning {
    /// The words of a trigger.
    pub fn new(trigger: &Trigger) -> Self {
        let examples = trigger.examples.iter();
        Self {
            sentences: examples
                .map(|example| Sentence::new(example, 1.0))
                .chain([Sentence::new(&trigger.intent, INTENT)])
                .collect(),
        }
    }

    fn likeness(&self, message: &BTreeMap<String, f64>, rarity: &Rarity<'_>) -> f64 {
        let sentences = self.sentences.iter();
        let closest = sentences
            .map(|sentence| sentence.likeness(message, rarity))
            .fold(0.0, f64::max);
        if closest == 0.0 {
            return closest;
        }
        let mut known = message.clone();
        known.retain(|token, weight| {
            let sentences = self.sentences.iter();
            let weights = sentences.filter_map(|sentence| sentence.tokens.get(token));
            *weight = weights.fold(0.0, |most: f64, known| most.max(weight.min(*known)));
            *weight > 0.0
        });
        let cover = rarity.sum(&known) / rarity.sum(message);
        (1.0 - COVER) * closest + COVER * cover
    }
}

/// How many of the flows know a word.
struct Rarity<'a> {
    flows: f64,
    known_by: BTreeMap<&'a str, f64>,
}

impl<'a> Rarity<'a> {
    fn of(candidates: &[&'a Meaning]) -> Self {
        let mut known_by = BTreeMap::new();
        for candidate in candidates {
            let sentences = candidate.sentences.iter();
            let known: BTreeSet<&str> = sentences
                .flat_map(|sentence| sentence.tokens.keys().map(String::as_str))
                .collect();
            for token in known {
                *known_by.entry(token).or_insert(0.0) += 1.0;
            }
        }
        Self {
            flows: candidates.len() as f64,
            known_by,
        }
    }

    /// The inverse frequency of a word among the flows.
    fn of_token(&self, token: &str) -> f64 {
        match self.known_by.get(token) {
            Some(flows) => (1.0 + self.flows / flows).ln(),
            None => UNKNOWN * (1.0 + self.flows).ln(),
        }
    }

    fn sum(&self, tokens: &BTreeMap<String, f64>) -> f64 {
        let weighted = tokens.iter();
        weighted
            .map(|(token, weight)| weight * self.of_token(token))
            .sum()
    }

    /// The words without the numbers and ids that no flow knows: `12345` says nothing of what is wanted.
    fn known(&self, mut tokens: BTreeMap<String, f64>) -> BTreeMap<String, f64> {
        tokens.retain(|token, _| {
            self.known_by.contains_key(token.as_str()) || !token.contains(|c: char| c.is_numeric())
        });
        tokens
    }
}
