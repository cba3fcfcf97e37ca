//! Where the edges lead: nothing dangles, nothing is out of reach, and no loop runs without the user.

use super::Checking;
use crate::document::{Node, NodeKind};
use crate::fault::FaultKind;

impl Checking<'_> {
    pub(super) fn graph(&mut self, start: Option<usize>) {
        let faults = self.faults.len();
        self.targets();
        let dangling = self.faults.len() > faults;
        // What a dangling edge was meant to reach is no fault of its own.
        if let Some(start) = start.filter(|_| !dangling) {
            self.reach(start);
        }
        self.loops();
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
        edges
            .iter()
            .filter_map(|edge| self.by_id.get(edge.to).copied())
            .collect()
    }

    fn reach(&mut self, start: usize) {
        let document = self.document;
        let mut reached = vec![false; document.nodes.len()];
        let mut waiting = vec![start];
        while let Some(number) = waiting.pop() {
            if !std::mem::replace(&mut reached[number], true) {
                waiting.extend(self.targets_of(&document.nodes[number]));
            }
        }
        for (number, node) in document.nodes.iter().enumerate() {
            // A second start and a second node of the same id are faults of their own.
            let other =
                matches!(node.kind, NodeKind::Start(_)) || self.by_id[node.id.as_str()] != number;
            if !reached[number] && !other {
                self.node = Some(&node.id);
                self.fault(
                    FaultKind::Unreachable,
                    None,
                    "no path from the start leads here",
                );
            }
        }
    }

    /// A loop of nodes none of which waits for the user would never end. Found by taking away, again and
    /// again, what leads only to nodes that are gone; what is left is in such a loop or leads into one.
    fn loops(&mut self) {
        let document = self.document;
        let mut left: Vec<bool> = document
            .nodes
            .iter()
            .map(|node| !waits(&node.kind))
            .collect();
        loop {
            let ends = |number: &usize| {
                left[*number]
                    && !self
                        .targets_of(&document.nodes[*number])
                        .iter()
                        .any(|to| left[*to])
            };
            let Some(gone) = (0..document.nodes.len()).find(ends) else {
                break;
            };
            left[gone] = false;
        }
        let in_loop = |number: usize| self.leads_back(number, &left);
        let looping: Vec<usize> = (0..document.nodes.len())
            .filter(|number| left[*number] && in_loop(*number))
            .collect();
        for number in looping {
            let node = &document.nodes[number];
            self.node = Some(&node.id);
            let into = node.kind.edges().into_iter().find(|edge| {
                self.by_id
                    .get(edge.to)
                    .is_some_and(|to| left[*to] && self.reaches(*to, number, &left))
            });
            let message = "it is part of a loop that never waits for the user: put a `collect` or `branch` node into it";
            self.fault(
                FaultKind::Loop,
                into.map(|edge| edge.name).as_deref(),
                message,
            );
        }
    }

    fn leads_back(&self, number: usize, left: &[bool]) -> bool {
        let targets = self.targets_of(&self.document.nodes[number]);
        targets
            .into_iter()
            .any(|to| left[to] && self.reaches(to, number, left))
    }

    fn reaches(&self, from: usize, to: usize, left: &[bool]) -> bool {
        let mut seen = vec![false; left.len()];
        let mut waiting = vec![from];
        while let Some(number) = waiting.pop() {
            if number == to {
                return true;
            }
            if !std::mem::replace(&mut seen[number], true) {
                let targets = self.targets_of(&self.document.nodes[number]);
                waiting.extend(targets.into_iter().filter(|target| left[*target]));
            }
        }
        false
    }
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
