//! Information collection: look first at what was said, ask for what is missing, go on when all is there.

use super::walk::{Entered, Walk};
use super::{Next, Phase, Pick, Speech};
use crate::flow::Ready;

/// The longest value that is kept of a sentence, in characters.
const VALUE_CHARACTERS: usize = 1_000;

impl Walk<'_> {
    pub(super) fn enter_collect(&mut self, node: usize) -> Entered {
        let again = !self.run.passed.insert(self.flow.node(node).id.clone());
        if again {
            // What it got before did not do, so nothing of it counts.
            for item in self.flow.items(node) {
                self.run.collected.remove(&item.variable);
            }
            return self.ask_next(node);
        }
        if self.run.heard.is_empty() || self.missing(node).is_empty() {
            return self.ask_next(node);
        }
        self.run.phase = Phase::Picking;
        Entered::Needs(Next::Pick(Pick {
            node,
            missing: self.missing(node),
            asked: None,
            // The newest first: it counts most, and what is read of a text is bounded.
            text: self
                .run
                .heard
                .iter()
                .rev()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join("\n"),
        }))
    }

    /// The user's answer is to be read.
    pub(super) fn read_answer(&mut self, node: usize, message: &str) -> Option<Next> {
        let missing = self.missing(node);
        let asked = self.asked(node, &missing)?;
        self.hear(message);
        let text = message.to_owned();
        Some(Next::Pick(Pick {
            node,
            missing,
            asked: Some(asked),
            text,
        }))
    }

    pub(super) fn picked(&mut self, node: usize, picked: &[(usize, String)]) -> Next {
        let items = self.flow.items(node);
        for (number, value) in picked {
            let Some(item) = items.get(*number) else {
                continue;
            };
            // Only an optional item may be nothing.
            if item.optional || !value.trim().is_empty() {
                let value = value.chars().take(VALUE_CHARACTERS).collect();
                self.run.collected.insert(item.variable.clone(), value);
            }
        }
        match self.ask_next(node) {
            Entered::Needs(need) => need,
            Entered::Passes(to) => self.go(node, to),
        }
    }

    fn missing(&self, node: usize) -> Vec<usize> {
        let items = self.flow.items(node).iter().enumerate();
        items
            .filter(|(_, item)| !self.run.collected.contains_key(&item.variable))
            .map(|(number, _)| number)
            .collect()
    }

    /// The item that the user is asked for: the first that is missing and asked for at all.
    fn asked(&self, node: usize, missing: &[usize]) -> Option<usize> {
        let items = self.flow.items(node);
        missing
            .iter()
            .copied()
            .find(|number| items[*number].is_asked())
    }

    fn ask_next(&mut self, node: usize) -> Entered {
        let flow = self.flow;
        let Ready::Collect { items, next } = &flow.nodes[node] else {
            return Entered::Passes(node);
        };
        let missing = self.missing(node);
        if let Some(asked) = self.asked(node, &missing) {
            let choices = flow.items(node)[asked].quick_replies.clone();
            self.say(node, Speech::Asked, Some(&items[asked].ask), choices);
            self.run.phase = Phase::Asking;
            return Entered::Needs(Next::User);
        }
        for number in missing {
            let variable = flow.items(node)[number].variable.clone();
            self.run.collected.insert(variable, String::new());
        }
        Entered::Passes(*next)
    }
}
