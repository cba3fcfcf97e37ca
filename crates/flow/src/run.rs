//! A run: one step after another until it needs somebody else.
//!
//! [`Run::begin`] and [`Run::advance`] take what came in and answer what has happened and what the run
//! needs [next](Next): the user, a reading of a sentence, the business's answer, or nothing any more. A
//! [`Run`] is plain data, so that whoever keeps it can go on in another process. Between two needs it
//! passes each node at most once or twice: the check of the document refuses every loop that does not
//! wait for the user.

mod collect;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use self::walk::Walk;
use crate::document::{FlowKind, SystemVariable};
use crate::flow::{Flow, Ready};

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
