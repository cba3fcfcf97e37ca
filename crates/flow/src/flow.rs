//! A flow that may run: checked, with its patterns and templates made ready.

use std::collections::HashMap;

use regex::Regex;

use crate::check;
use crate::document::{ApiCall, Document, Item, Node, NodeKind, Trigger};
use crate::expression::Compiled;
use crate::fault::{Fault, FaultKind};
use crate::matcher::Meaning;
use crate::template::Template;

/// The largest document that is read, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// A checked flow. Nodes are numbered by their place in the document.
#[derive(Debug)]
pub struct Flow {
    pub(crate) document: Document,
    pub(crate) nodes: Vec<Ready>,
    pub(crate) start: usize,
    by_id: HashMap<String, usize>,
    meaning: Meaning,
}

/// What is made ready of a node.
#[derive(Debug)]
pub(crate) enum Ready {
    Start {
        next: usize,
    },
    Collect {
        items: Vec<ReadyItem>,
        next: usize,
    },
    Branch {
        text: Template,
        options: Vec<(String, usize)>,
        variable: Option<String>,
        otherwise: Option<usize>,
    },
    Condition {
        cases: Vec<(Compiled, usize)>,
        otherwise: usize,
    },
    ApiCall {
        next: usize,
        on_exception: Option<usize>,
    },
    Reply {
        text: Template,
        next: usize,
    },
    Transfer {
        text: Option<Template>,
    },
    End,
}

/// An item with its question and its pattern.
#[derive(Debug)]
pub(crate) struct ReadyItem {
    pub(crate) ask: Template,
    pub(crate) pattern: Option<Regex>,
}

impl Flow {
    /// Reads and checks a document; answers every fault that it has.
    pub fn parse(json: &[u8]) -> Result<Self, Vec<Fault>> {
        Self::new(read(json).map_err(|fault| vec![fault])?)
    }

    /// Checks a document; answers every fault that it has.
    pub fn new(document: Document) -> Result<Self, Vec<Fault>> {
        check::check(document)
    }

    pub(crate) fn assembled(
        document: Document,
        nodes: Vec<Ready>,
        start: usize,
        by_id: HashMap<String, usize>,
    ) -> Self {
        let meaning = match &document.nodes[start].kind {
            NodeKind::Start(start) => Meaning::new(&start.trigger),
            _ => Meaning::new(&Trigger::default()),
        };
        Self {
            document,
            nodes,
            start,
            by_id,
            meaning,
        }
    }

    /// What the start node says of when the flow starts, in words.
    pub fn meaning(&self) -> &Meaning {
        &self.meaning
    }

    /// The document as it was given.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The number of the start node.
    pub fn start(&self) -> usize {
        self.start
    }

    /// The node of this number.
    ///
    /// # Panics
    /// When there is none: numbers come from this flow.
    pub fn node(&self, number: usize) -> &Node {
        &self.document.nodes[number]
    }

    /// The number of the node of this id.
    pub fn number_of(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// What the start node says of when the flow starts.
    pub fn trigger(&self) -> &Trigger {
        match &self.document.nodes[self.start].kind {
            NodeKind::Start(start) => &start.trigger,
            _ => unreachable!(
                "the start's number is that of a start node, which the check has seen to"
            ),
        }
    }

    /// The API-call nodes, with their numbers.
    pub fn api_calls(&self) -> impl Iterator<Item = (usize, &ApiCall)> {
        self.document
            .nodes
            .iter()
            .enumerate()
            .filter_map(|(number, node)| match &node.kind {
                NodeKind::ApiCall(call) => Some((number, call)),
                _ => None,
            })
    }

    /// The items of an information-collection node; none of another.
    pub fn items(&self, number: usize) -> &[Item] {
        match &self.document.nodes[number].kind {
            NodeKind::Collect(collect) => &collect.items,
            _ => &[],
        }
    }

    /// The pattern of an item, made ready.
    pub fn pattern(&self, number: usize, item: usize) -> Option<&Regex> {
        match &self.nodes[number] {
            Ready::Collect { items, .. } => items.get(item)?.pattern.as_ref(),
            _ => None,
        }
    }
}

/// Reads a document without checking what it means.
pub fn read(json: &[u8]) -> Result<Document, Fault> {
    let fault = |message: String| Fault {
        kind: FaultKind::Form,
        node: None,
        edge: None,
        message,
    };
    if json.len() > MAX_DOCUMENT_BYTES {
        return Err(fault(format!(
            "the document is above {MAX_DOCUMENT_BYTES} bytes"
        )));
    }
    serde_json::from_slice(json).map_err(|error| fault(format!("the document is no flow: {error}")))
}
