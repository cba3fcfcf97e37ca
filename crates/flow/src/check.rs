//! The checks that a document must pass before it may run; each fault names its node and edge.

mod graph;
mod nodes;

use std::collections::{BTreeSet, HashMap};

use crate::document::{Document, NodeKind, SystemVariable};
use crate::fault::{Fault, FaultKind};
use crate::flow::Flow;
use crate::template::is_variable_name;

const MAX_NODES: usize = 500;
/// Of items, options, cases, inputs, outputs, examples and quick replies of one node each.
const MAX_PARTS: usize = 100;
const MAX_NAME_CHARACTERS: usize = 64;
/// Longer than a chat message may be.
pub(crate) const MAX_TEXT_CHARACTERS: usize = 4_000;
/// Each may take memory of its own.
const MAX_PATTERNS: usize = 200;

/// Checks everything, so that a person mends all faults at once.
pub(crate) fn check(document: Document) -> Result<Flow, Vec<Fault>> {
    let mut checking = Checking::new(&document);
    checking.document();
    if document.nodes.len() > MAX_NODES {
        // What is refused for its size is not looked at any further.
        return Err(checking.faults);
    }
    let nodes = checking.nodes();
    let start = checking.start();
    checking.graph(start);
    let faults = checking.faults;
    let by_id = checking
        .by_id
        .into_iter()
        .map(|(id, number)| (id.to_owned(), number))
        .collect();
    match (start, nodes) {
        (Some(start), Some(nodes)) if faults.is_empty() => {
            Ok(Flow::assembled(document, nodes, start, by_id))
        }
        _ => Err(faults),
    }
}

/// A check under way.
pub(super) struct Checking<'a> {
    document: &'a Document,
    by_id: HashMap<&'a str, usize>,
    /// Every variable that something in the flow sets, and the system's.
    known: BTreeSet<&'a str>,
    faults: Vec<Fault>,
    /// How many regular expressions have been made ready.
    patterns: usize,
    /// The node that is looked at.
    node: Option<&'a str>,
}

impl<'a> Checking<'a> {
    fn new(document: &'a Document) -> Self {
        let by_id = document.nodes.iter().enumerate();
        Self {
            document,
            by_id: by_id
                .map(|(number, node)| (node.id.as_str(), number))
                .collect(),
            known: known_variables(document),
            faults: Vec::new(),
            patterns: 0,
            node: None,
        }
    }

    /// Notes a fault of the node that is looked at.
    fn fault(&mut self, kind: FaultKind, edge: Option<&str>, message: impl Into<String>) {
        self.faults.push(Fault {
            kind,
            node: self.node.map(str::to_owned),
            edge: edge.map(str::to_owned),
            message: message.into(),
        });
    }

    fn document(&mut self) {
        self.text("name", &self.document.name, MAX_NAME_CHARACTERS);
        if self.document.description.chars().count() > MAX_TEXT_CHARACTERS {
            self.too_long("description", MAX_TEXT_CHARACTERS);
        }
        for name in self.document.variables.keys() {
            self.settable("variables", name);
        }
        for value in self.document.variables.values() {
            if value.chars().count() > MAX_TEXT_CHARACTERS {
                self.too_long("variables", MAX_TEXT_CHARACTERS);
            }
        }
        if self.document.nodes.len() > MAX_NODES {
            let message = format!("a flow has at most {MAX_NODES} nodes");
            self.fault(FaultKind::TooMany, None, message);
        }
        self.ids();
    }

    fn ids(&mut self) {
        let document = self.document;
        let mut seen = BTreeSet::new();
        for node in &document.nodes {
            self.node = Some(&node.id);
            if !is_node_id(&node.id) {
                let message = "an id is 1 to 64 letters, digits, `-` and `_`";
                self.fault(FaultKind::NodeId, None, message);
            }
            if !seen.insert(&node.id) {
                self.fault(FaultKind::DoubleId, None, "two nodes have this id");
            }
            if node.name.chars().count() > MAX_NAME_CHARACTERS {
                self.too_long("name", MAX_NAME_CHARACTERS);
            }
        }
        self.node = None;
    }

    fn start(&mut self) -> Option<usize> {
        let nodes = self.document.nodes.iter().enumerate();
        let starts: Vec<usize> = nodes
            .filter(|(_, node)| matches!(node.kind, NodeKind::Start(_)))
            .map(|(number, _)| number)
            .collect();
        if let [start] = starts[..] {
            return Some(start);
        }
        let message = format!(
            "a flow has one node of type `start`; this one has {}",
            starts.len()
        );
        self.fault(FaultKind::StartCount, None, message);
        None
    }

    /// A text that a person reads or a machine compares: there, and not endless.
    fn text(&mut self, member: &str, text: &str, limit: usize) {
        let blank = text.trim().is_empty();
        let control = |character: char| character.is_control() && character != '\n';
        if blank || text.chars().any(control) {
            self.fault(
                FaultKind::Text,
                Some(member),
                "it is empty or holds control characters",
            );
        } else if text.chars().count() > limit {
            self.too_long(member, limit);
        }
    }

    fn too_long(&mut self, member: &str, limit: usize) {
        let message = format!("it is longer than {limit} characters");
        self.fault(FaultKind::Text, Some(member), message);
    }

    /// A name that something sets: of the right form, and not one of the system's.
    fn settable(&mut self, member: &str, name: &str) {
        if !is_variable_name(name) {
            let message =
                format!("`{name}` is no name of a variable: letters, digits and `_`, at most 64");
            self.fault(FaultKind::VariableName, Some(member), message);
        } else if SystemVariable::parse(name).is_some() {
            let message = format!("`{name}` is a system variable, which is read-only");
            self.fault(FaultKind::SystemVariable, Some(member), message);
        }
    }

    /// A name that is read: something must set it.
    fn readable(&mut self, member: &str, name: &str) {
        if !self.known.contains(name) {
            let message = format!(
                "nothing sets `{name}`: collect it, list it among a call's `outputs`, or declare it in `variables`"
            );
            self.fault(FaultKind::UnknownVariable, Some(member), message);
        }
    }

    /// Counts regular expressions; whether one more may be made ready.
    fn may_have_pattern(&mut self, member: &str) -> bool {
        self.patterns += 1;
        let may = self.patterns <= MAX_PATTERNS;
        if !may {
            let message = format!("a flow has at most {MAX_PATTERNS} regular expressions");
            self.fault(FaultKind::TooMany, Some(member), message);
        }
        may
    }

    fn count(&mut self, member: &str, count: usize) {
        if count > MAX_PARTS {
            self.fault(
                FaultKind::TooMany,
                Some(member),
                format!("at most {MAX_PARTS} are taken"),
            );
        }
    }
}

fn known_variables(document: &Document) -> BTreeSet<&str> {
    let mut known: BTreeSet<&str> = SystemVariable::ALL
        .iter()
        .map(|name| name.as_str())
        .collect();
    known.extend(document.variables.keys().map(String::as_str));
    for node in &document.nodes {
        match &node.kind {
            NodeKind::Collect(collect) => {
                known.extend(collect.items.iter().map(|item| item.variable.as_str()));
            }
            NodeKind::ApiCall(call) => known.extend(call.outputs.iter().map(String::as_str)),
            NodeKind::Branch(branch) => known.extend(branch.variable.as_deref()),
            NodeKind::Start(_)
            | NodeKind::Condition(_)
            | NodeKind::Reply(_)
            | NodeKind::Transfer(_)
            | NodeKind::End(_) => {}
        }
    }
    known
}

fn is_node_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
