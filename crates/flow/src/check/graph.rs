//! Where the edges lead: nothing dangles, nothing is out of reach, and no loop runs without the user.

use super::Checking;
use crate::document::{Node, NodeKind};
use crate::fault::FaultKind;

impl Checking<'_> {
    pub(super) fn graph(&mut self, start: Option<usize>) {
        let faults = self.faults.len();
        self.targets();
        let dangling = self.faults.len() > faults;
        let document = self.document;
        let targets: Vec<Vec<usize>> = document
            .nodes
            .iter()
            .map(|node| self.targets_of(node))
            .collect();
        // What a dangling edge was meant to reach is no fault of its own.
        if let Some(start) = start.filter(|_| !dangling) {
            self.reach(start, &targets);
        }
        self.loops(&targets);
        self.node = None;
    }

    fn targets(&mut self) {
        let document = self.document;
        for node in &document.nodes {
            self.node = Some(&node.id);
            for edge in node.kind.edges() {
                match self.by_id.get(edge.to) {
                    None => {
                        let message =
                            format!("it leads to `{}`, which is no node of this flow", edge.to);
                        self.fault(FaultKind::UnknownTarget, Some(&edge.name), message);
                    }
                    Some(number) if matches!(document.nodes[*number].kind, NodeKind::Start(_)) => {
                        let message = "it leads back to the start; lead it to the node after that";
                        self.fault(FaultKind::IntoStart, Some(&edge.name), message);
                    }
                    Some(_) => {}
                }
            }
        }
    }

    fn targets_of(&self, node: &Node) -> Vec<usize> {
        let edges = node.kind.edges();
        let known = edges.iter().filter_map(|edge| self.by_id.get(edge.to));
        known.copied().collect()
    }

    fn reach(&mut self, start: usize, targets: &[Vec<usize>]) {
        let document = self.document;
        let reached = reachable([start], targets, |_| true);
        for (number, node) in document.nodes.iter().enumerate() {
            // A second start and a second node of the same id are faults of their own.
            let other =
                matches!(node.kind, NodeKind::Start(_)) || self.by_id[node.id.as_str()] != number;
            if !reached[number] && !other {
                self.node = Some(&node.id);
                let message = "no path from the start leads here";
                self.fault(FaultKind::Unreachable, None, message);
            }
        }
    }

    /// A loop of nodes none of which waits for the user would never end.
    fn loops(&mut self, targets: &[Vec<usize>]) {
        let document = self.document;
        let runs_on: Vec<bool> = document
            .nodes
            .iter()
            .map(|node| !waits(&node.kind))
            .collect();
        for (number, node) in document.nodes.iter().enumerate() {
            if !runs_on[number] {
                continue;
            }
            let leads_back =
                |to: usize| runs_on[to] && reachable([to], targets, |node| runs_on[node])[number];
            let edges = node.kind.edges();
            let mut edges = edges.iter();
            let into = edges.find(|edge| self.by_id.get(edge.to).is_some_and(|to| leads_back(*to)));
            if let Some(edge) = into {
                self.node = Some(&node.id);
                let message = "it is part of a loop that never waits for the user: put a `collect` or `branch` node into it";
                self.fault(FaultKind::Loop, Some(&edge.name), message);
            }
        }
    }
}

/// Which nodes can be reached from these, over nodes that `may` be passed; a node reaches itself.
fn reachable(
    from: impl IntoIterator<Item = usize>,
    targets: &[Vec<usize>],
    may: impl Fn(usize) -> bool,
) -> Vec<bool> {
    let mut reached = vec![false; targets.len()];
    let mut waiting: Vec<usize> = from.into_iter().collect();
    while let Some(number) = waiting.pop() {
        if !std::mem::replace(&mut reached[number], true) {
            let next = targets[number].iter().copied();
            waiting.extend(next.filter(|next| may(*next)));
        }
    }
    reached
}

/// Whether a node that is reached again always waits for the user.
pub(super) fn waits(kind: &NodeKind) -> bool {
    match kind {
        NodeKind::Branch(_) => true,
        // Reached again, it asks anew for each item that is asked for at all.
        NodeKind::Collect(collect) => collect.items.iter().any(crate::document::Item::is_asked),
        NodeKind::Start(_)
        | NodeKind::Condition(_)
        | NodeKind::ApiCall(_)
        | NodeKind::Reply(_)
        | NodeKind::Transfer(_)
        | NodeKind::End(_) => false,
    }
}
