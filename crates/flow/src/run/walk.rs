//! A run on its way through the nodes of its flow.

use super::{Happening, Next, Oddity, Phase, Run, Speech, System, Variables};
use crate::document::{self, InputKind, NodeKind, SystemVariable};
use crate::flow::{Flow, Ready};
use crate::matcher;
use crate::run::Ending;
use crate::template::{Template, is_variable_name};

/// How much of what the user said is looked at for items that are missing, in messages.
const HEARD_MESSAGES: usize = 8;

/// A run on its way from one need to the next.
pub(super) struct Walk<'a> {
    pub(super) flow: &'a Flow,
    pub(super) run: &'a mut Run,
    pub(super) variables: &'a mut Variables,
    pub(super) system: &'a System,
    pub(super) happened: Vec<Happening>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        flow: &'a Flow,
        run: &'a mut Run,
        variables: &'a mut Variables,
        system: &'a System,
    ) -> Self {
        Self {
            flow,
            run,
            variables,
            system,
            happened: Vec::new(),
        }
    }

    /// Passes `node` and goes on until something is needed.
    pub(super) fn go(&mut self, node: usize, next: usize) -> Next {
        let (mut node, mut next) = (node, next);
        loop {
            self.happened.push(Happening::Passed {
                node,
                next: Some(next),
            });
            self.run.at.clone_from(&self.flow.node(next).id);
            match self.enter(next) {
                Entered::Needs(need) => return need,
                Entered::Passes(to) => (node, next) = (next, to),
            }
        }
    }

    pub(super) fn enter(&mut self, node: usize) -> Entered {
        let flow = self.flow;
        match &flow.nodes[node] {
            // No edge leads to a start.
            Ready::Start { next } => Entered::Passes(*next),
            Ready::Collect { .. } => self.enter_collect(node),
            Ready::Branch { text, options, .. } => {
                let choices = options.iter().map(|(text, _)| text.clone()).collect();
                self.say(node, Speech::Offered, Some(text), choices);
                self.run.phase = Phase::Choosing;
                Entered::Needs(Next::User)
            }
            Ready::Condition { cases, otherwise } => {
                let holds = |(when, _): &&(crate::expression::Compiled, usize)| {
                    when.holds(&|name| self.value(name))
                };
                let to = cases
                    .iter()
                    .find(holds)
                    .map_or(*otherwise, |(_, next)| *next);
                Entered::Passes(to)
            }
            Ready::ApiCall { .. } => {
                self.run.phase = Phase::Calling;
                Entered::Needs(Next::Call {
                    node,
                    values: self.inputs(node),
                })
            }
            Ready::Reply { text, next } => {
                self.say(node, Speech::Replied, Some(text), Vec::new());
                Entered::Passes(*next)
            }
            Ready::Transfer { text } => {
                self.say(node, Speech::Transferring, text.as_ref(), Vec::new());
                Entered::Needs(self.over(node, Ending::Transferred))
            }
            Ready::End => Entered::Needs(self.over(node, Ending::Ended)),
        }
    }

    pub(super) fn over(&mut self, node: usize, ending: Ending) -> Next {
        self.happened.push(Happening::Passed { node, next: None });
        self.run.phase = Phase::Over;
        Next::Over(ending)
    }

    pub(super) fn say(
        &mut self,
        node: usize,
        speech: Speech,
        text: Option<&Template>,
        choices: Vec<String>,
    ) {
        let text = text.map(|text| text.render(&|name| self.value(name)));
        self.happened.push(Happening::Said {
            node,
            speech,
            text,
            choices,
        });
    }

    /// What a name stands for: the system's, what was collected, the session's; `""` when it is not set.
    pub(super) fn value(&self, name: &str) -> &str {
        if let Some(variable) = SystemVariable::parse(name) {
            return self.system.get(variable);
        }
        let set = self
            .run
            .collected
            .get(name)
            .or_else(|| self.variables.get(name));
        set.map_or("", String::as_str)
    }

    pub(super) fn inputs(&self, node: usize) -> Vec<(String, String)> {
        let NodeKind::ApiCall(call) = &self.flow.node(node).kind else {
            return Vec::new();
        };
        call.inputs
            .iter()
            .map(|input| (input.name.clone(), self.input(input).to_owned()))
            .collect()
    }

    pub(super) fn input<'v>(&'v self, input: &'v document::Input) -> &'v str {
        let set = match (input.kind, input.variable()) {
            (InputKind::System, Some(name)) => {
                return SystemVariable::parse(name)
                    .map_or("", |variable| self.system.get(variable));
            }
            (InputKind::Custom, Some(name)) => self.variables.get(name),
            (InputKind::Collected, Some(name)) => self.run.collected.get(name),
            (InputKind::Fixed, _) | (_, None) => input.value.as_ref(),
        };
        set.map_or("", String::as_str)
    }

    pub(super) fn choose(&mut self, node: usize, message: &str) -> Option<Next> {
        self.hear(message);
        let flow = self.flow;
        let Ready::Branch {
            options,
            variable,
            otherwise,
            ..
        } = &flow.nodes[node]
        else {
            return None;
        };
        let chosen = matcher::option(message, options.iter().map(|(text, _)| text.as_str()));
        let to = match (chosen, otherwise) {
            (Some(chosen), _) => {
                let (text, next) = options.get(chosen)?;
                if let Some(variable) = variable {
                    self.variables.insert(variable.clone(), text.clone());
                }
                *next
            }
            (None, Some(otherwise)) => *otherwise,
            (None, None) => {
                return match self.enter(node) {
                    Entered::Needs(need) => Some(need),
                    Entered::Passes(to) => Some(self.go(node, to)),
                };
            }
        };
        Some(self.go(node, to))
    }

    pub(super) fn answered(&mut self, node: usize, values: &[(String, String)]) -> Option<Next> {
        let flow = self.flow;
        let (Ready::ApiCall { next, .. }, NodeKind::ApiCall(call)) =
            (&flow.nodes[node], &flow.node(node).kind)
        else {
            return None;
        };
        for (name, value) in values {
            let refused = !is_variable_name(name) || SystemVariable::parse(name).is_some();
            if refused {
                self.odd(node, name, Oddity::Refused);
                continue;
            }
            if !call.outputs.contains(name) {
                self.odd(node, name, Oddity::Unlisted);
            }
            // A collected variable of this name would hide what the business says of it.
            if let Some(collected) = self.run.collected.get_mut(name) {
                collected.clone_from(value);
            }
            self.variables.insert(name.clone(), value.clone());
        }
        for output in &call.outputs {
            if !values.iter().any(|(name, _)| name == output) {
                self.odd(node, output, Oddity::Missing);
            }
        }
        Some(self.go(node, *next))
    }

    pub(super) fn odd(&mut self, node: usize, name: &str, oddity: Oddity) {
        let name = name.chars().take(64).collect();
        self.happened.push(Happening::Odd { node, name, oddity });
    }

    pub(super) fn failed(&mut self, node: usize) -> Option<Next> {
        let Ready::ApiCall { on_exception, .. } = &self.flow.nodes[node] else {
            return None;
        };
        if let Some(exception) = on_exception {
            return Some(self.go(node, *exception));
        }
        self.happened.push(Happening::FellBack { node });
        Some(self.over(node, Ending::Failed))
    }

    pub(super) fn hear(&mut self, message: &str) {
        if self.run.heard.len() == HEARD_MESSAGES {
            self.run.heard.remove(0);
        }
        self.run.heard.push(message.to_owned());
    }
}

/// What entering a node led to.
pub(super) enum Entered {
    /// The run stops there.
    Needs(Next),
    /// The node is done at once.
    Passes(usize),
}
