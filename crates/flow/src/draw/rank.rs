//! In which row each node stands: below everything that leads to it.

use super::graph::Graph;

/// The rows of the nodes, and which edges lead back up.
pub(super) struct Ranks {
    /// The row of each node, counted from the top.
    pub(super) of: Vec<usize>,
    /// For each edge, whether it closes a loop. Such an edge does not move its target down.
    pub(super) is_back: Vec<bool>,
    /// The nodes in the order in which a walk from the start finds them.
    pub(super) found: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

impl Ranks {
    pub(super) fn new(graph: &Graph<'_>) -> Self {
        let mut leaving = vec![Vec::new(); graph.nodes.len()];
        for (number, arc) in graph.arcs.iter().enumerate() {
            leaving[arc.from].push(number);
        }
        let mut walk = Walk {
            graph,
            leaving: &leaving,
            states: vec![State::New; graph.nodes.len()],
            is_back: vec![false; graph.arcs.len()],
            found: Vec::new(),
            left: Vec::new(),
        };
        for root in roots(graph) {
            walk.from(root);
        }
        let mut of = vec![0; graph.nodes.len()];
        // Nodes are left after all that they lead to, so this goes from sources to targets.
        for node in walk.left.iter().rev() {
            for number in &leaving[*node] {
                if !walk.is_back[*number] {
                    let to = graph.arcs[*number].to;
                    of[to] = of[to].max(of[*node] + 1);
                }
            }
        }
        Self {
            of,
            is_back: walk.is_back,
            found: walk.found,
        }
    }
}

/// Where walks begin: at the start, then where no edge leads, then anywhere.
fn roots(graph: &Graph<'_>) -> impl Iterator<Item = usize> {
    let mut is_reached = vec![false; graph.nodes.len()];
    for arc in graph.arcs.iter().filter(|arc| arc.from != arc.to) {
        is_reached[arc.to] = true;
    }
    let mut roots: Vec<usize> = (0..graph.nodes.len()).collect();
    let is_start = |node: usize| graph.nodes[node].kind.as_str() == "start";
    roots.sort_by_key(|node| (!is_start(*node), is_reached[*node]));
    roots.into_iter()
}

/// A walk in depth, without recursion: a flow may be one chain of all its nodes.
struct Walk<'a> {
    graph: &'a Graph<'a>,
    leaving: &'a [Vec<usize>],
    states: Vec<State>,
    is_back: Vec<bool>,
    found: Vec<usize>,
    left: Vec<usize>,
}

impl Walk<'_> {
    fn from(&mut self, root: usize) {
        if self.states[root] != State::New {
            return;
        }
        let mut open = vec![(root, 0)];
        self.enter(root);
        while let Some((node, next)) = open.last_mut() {
            let Some(number) = self.leaving[*node].get(*next) else {
                self.states[*node] = State::Done;
                self.left.push(*node);
                open.pop();
                continue;
            };
            *next += 1;
            let to = self.graph.arcs[*number].to;
            match self.states[to] {
                State::New => {
                    self.enter(to);
                    open.push((to, 0));
                }
                State::Open => self.is_back[*number] = true,
                State::Done => {}
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.states[node] = State::Open;
        self.found.push(node);
    }
}
