//! A run: one step after another until it needs somebody else.
//!
//! [`Run::begin`] and [`Run::advance`] take what came in and answer what has happened and what the run
//! needs [next](Next): the user, a reading of a sentence, the business's answer, or nothing any more. A
//! [`Run`] is plain data, so that whoever keeps it can go on in another process. Between two needs it
//! passes each node at most once or twice: the check of the document refuses every loop that does not
//! wait for the user.

mod collect;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::document::{self, FlowKind, InputKind, NodeKind, SystemVariable};
use crate::flow::{Flow, Ready};
use crate::matcher;
use crate::template::{Template, is_variable_name};

/// How much of what the user said is looked at for items that are missing, in messages.
const HEARD_MESSAGES: usize = 8;
/// The longest value that is kept of a sentence, in characters.
const VALUE_CHARACTERS: usize = 1_000;

/// Session variables by name.
pub type Variables = BTreeMap<String, String>;

/// The system variables of a conversation (section 2.5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct System {
    /// `SystemSessionID`.
    pub session_id: String,
    /// `SystemClientUserID`.
    pub client_user_id: String,
    /// `SystemCustomerServiceID`.
    pub customer_service_id: String,
    /// `SystemChannelType`.
    pub channel_type: String,
}

impl System {
    fn get(&self, variable: SystemVariable) -> &str {
        match variable {
            SystemVariable::SessionId => &self.session_id,
            SystemVariable::ClientUserId => &self.client_user_id,
            SystemVariable::CustomerServiceId => &self.customer_service_id,
            SystemVariable::ChannelType => &self.channel_type,
        }
    }
}

ringback_types::words! {
    /// What a run waits for.
    Phase {
        /// A sentence is to be read for items.
        Picking = "picking",
        /// The user is to give an item.
        Asking = "asking",
        /// The user is to choose.
        Choosing = "choosing",
        /// The business is to answer.
        Calling = "calling",
        /// Nothing: the run is over.
        Over = "over",
    }

    /// How a run ended.
    Ending {
        /// At an end node.
        Ended = "ended",
        /// A person takes over.
        Transferred = "transferred",
        /// A call failed and the node has no exception edge.
        Failed = "failed",
    }

    /// Why something is said; the platform marks its messages by it (section 2.8).
    Speech {
        /// An item is asked for.
        Asked = "asked",
        /// Choices are offered.
        Offered = "offered",
        /// A reply node.
        Replied = "replied",
        /// Before a person takes over.
        Transferring = "transferring",
    }
}

/// Where a run stands; plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The id of the node that it stands at.
    at: String,
    phase: Phase,
    /// What information-collection nodes got from the user.
    collected: Variables,
    /// Information-collection nodes that it has passed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    passed: BTreeSet<String>,
    /// What the user has said in this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    heard: Vec<String>,
}

/// What comes in.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// The user says something.
    Message(&'a str),
    /// What a sentence tells of the items that a [`Pick`] wanted: the item's number and its value.
    Picked(&'a [(usize, String)]),
    /// The business answered with these values.
    Answered(&'a [(String, String)]),
    /// The call failed.
    Failed,
}

/// Something that happened; in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// The bot says something.
    Said {
        /// The node that says it.
        node: usize,
        /// Why.
        speech: Speech,
        /// What; nothing where whoever runs the flow has words of its own.
        text: Option<String>,
        /// Answers that are offered.
        choices: Vec<String>,
    },
    /// A node is done.
    Passed {
        /// The node.
        node: usize,
        /// The one that follows; nothing at the end.
        next: Option<usize>,
    },
    /// A call failed and has no exception edge: the fallback message is due.
    FellBack {
        /// The API-call node.
        node: usize,
    },
    /// The business answered something that the node does not list, or left out what it lists.
    Odd {
        /// The API-call node.
        node: usize,
        /// The name of the variable.
        name: String,
        /// What is odd about it.
        oddity: Oddity,
    },
}

ringback_types::words! {
    /// What is odd about a member of an answer.
    Oddity {
        /// It is not among the node's outputs; it is kept all the same.
        Unlisted = "unlisted",
        /// It is among the node's outputs and was not answered; the variable keeps its value.
        Missing = "missing",
        /// It is no name of a variable, or a system variable; it is left out.
        Refused = "refused",
    }
}

/// What a run needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The user's next message.
    User,
    /// A sentence is to be read.
    Pick(Pick),
    /// The business's interface is to be called.
    Call {
        /// The API-call node.
        node: usize,
        /// The members of `Body`, in the node's order.
        values: Vec<(String, String)>,
    },
    /// Nothing: it is over.
    Over(Ending),
}

/// A sentence to be read for items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// The information-collection node.
    pub node: usize,
    /// Its items that are missing, by number.
    pub missing: Vec<usize>,
    /// The item that the user was asked for.
    pub asked: Option<usize>,
    /// What the user said.
    pub text: String,
}

/// What an input led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// What happened, in order.
    pub happened: Vec<Happening>,
    /// What the run needs next.
    pub next: Next,
}

/// An input that the run does not wait for, or a run of another flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unexpected;

impl Run {
    /// Begins at the start node, with what the user said; `variables` gets what the flow declares and is
    /// not set yet.
    pub fn begin(
        flow: &Flow,
        variables: &mut Variables,
        system: &System,
        message: Option<&str>,
    ) -> (Self, Advance) {
        for (name, value) in &flow.document.variables {
            variables
                .entry(name.clone())
                .or_insert_with(|| value.clone());
        }
        let mut run = Self {
            at: flow.node(flow.start).id.clone(),
            phase: Phase::Over,
            collected: Variables::new(),
            passed: BTreeSet::new(),
            heard: message.map(str::to_owned).into_iter().collect(),
        };
        let mut walk = Walk::new(flow, &mut run, variables, system);
        let next = match &flow.nodes[flow.start] {
            Ready::Start { next } => walk.go(flow.start, *next),
            _ => walk.over(flow.start, Ending::Ended),
        };
        let happened = walk.happened;
        (run, Advance { happened, next })
    }

    /// Goes on with what came in.
    pub fn advance(
        &mut self,
        flow: &Flow,
        variables: &mut Variables,
        system: &System,
        input: Input<'_>,
    ) -> Result<Advance, Unexpected> {
        let node = flow.number_of(&self.at).ok_or(Unexpected)?;
        let phase = self.phase;
        if !phase.is_at(&flow.nodes[node]) {
            return Err(Unexpected);
        }
        let mut walk = Walk::new(flow, self, variables, system);
        let next = match (phase, input) {
            (Phase::Asking, Input::Message(text)) => walk.read_answer(node, text),
            (Phase::Picking | Phase::Asking, Input::Picked(picked)) => {
                Some(walk.picked(node, picked))
            }
            (Phase::Choosing, Input::Message(text)) => walk.choose(node, text),
            (Phase::Calling, Input::Answered(values)) => walk.answered(node, values),
            (Phase::Calling, Input::Failed) => walk.failed(node),
            _ => None,
        };
        let next = next.ok_or(Unexpected)?;
        let happened = walk.happened;
        Ok(Advance { happened, next })
    }

    /// What it waits for.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The id of the node that it stands at.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// What information-collection nodes got from the user.
    pub fn collected(&self) -> &Variables {
        &self.collected
    }
}

impl Phase {
    /// Whether a run may wait so at this node: not at one that has become another.
    fn is_at(self, node: &Ready) -> bool {
        matches!(
            (self, node),
            (Self::Picking | Self::Asking, Ready::Collect { .. })
                | (Self::Choosing, Ready::Branch { .. })
                | (Self::Calling, Ready::ApiCall { .. })
        )
    }
}

/// A run on its way from one need to the next.
struct Walk<'a> {
    flow: &'a Flow,
    run: &'a mut Run,
    variables: &'a mut Variables,
    system: &'a System,
    happened: Vec<Happening>,
}

impl<'a> Walk<'a> {
    fn new(
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
    fn go(&mut self, node: usize, next: usize) -> Next {
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

    fn enter(&mut self, node: usize) -> Entered {
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

    fn over(&mut self, node: usize, ending: Ending) -> Next {
        self.happened.push(Happening::Passed { node, next: None });
        self.run.phase = Phase::Over;
        Next::Over(ending)
    }

    fn say(&mut self, node: usize, speech: Speech, text: Option<&Template>, choices: Vec<String>) {
        let text = text.map(|text| text.render(&|name| self.value(name)));
        self.happened.push(Happening::Said {
            node,
            speech,
            text,
            choices,
        });
    }

    /// What a name stands for: the system's, what was collected, the session's; `""` when it is not set.
    fn value(&self, name: &str) -> &str {
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

    fn inputs(&self, node: usize) -> Vec<(String, String)> {
        let NodeKind::ApiCall(call) = &self.flow.node(node).kind else {
            return Vec::new();
        };
        call.inputs
            .iter()
            .map(|input| (input.name.clone(), self.input(input).to_owned()))
            .collect()
    }

    fn input<'v>(&'v self, input: &'v document::Input) -> &'v str {
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

    fn choose(&mut self, node: usize, message: &str) -> Option<Next> {
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

    fn answered(&mut self, node: usize, values: &[(String, String)]) -> Option<Next> {
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

    fn odd(&mut self, node: usize, name: &str, oddity: Oddity) {
        let name = name.chars().take(64).collect();
        self.happened.push(Happening::Odd { node, name, oddity });
    }

    fn failed(&mut self, node: usize) -> Option<Next> {
        let Ready::ApiCall { on_exception, .. } = &self.flow.nodes[node] else {
            return None;
        };
        if let Some(exception) = on_exception {
            return Some(self.go(node, *exception));
        }
        self.happened.push(Happening::FellBack { node });
        Some(self.over(node, Ending::Failed))
    }

    fn hear(&mut self, message: &str) {
        if self.run.heard.len() == HEARD_MESSAGES {
            self.run.heard.remove(0);
        }
        self.run.heard.push(message.to_owned());
    }
}

/// What entering a node led to.
enum Entered {
    /// The run stops there.
    Needs(Next),
    /// The node is done at once.
    Passes(usize),
}

impl Speech {
    /// `messageType` in the `CloudCustomData` of what is said (section 2.8).
    pub const fn message_type(self, kind: FlowKind) -> &'static str {
        match (self, kind) {
            (Self::Asked, FlowKind::Standard) => "standardTaskFlowInformationCollection",
            (Self::Asked, FlowKind::Intelligent) => "aiTaskFlowInformationCollection",
            // Only standard flows are documented to have choices.
            (Self::Offered, _) => "standardTaskFlowBranchOption",
            (Self::Replied, FlowKind::Standard) => "standardTaskFlowReplyMessage",
            (Self::Replied, FlowKind::Intelligent) => "aiTaskFlowEndReply",
            (Self::Transferring, _) => "connectingToAgent",
        }
    }
}
