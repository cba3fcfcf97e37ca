//! How each node type looks: its colours by day and by night, its word and what else it tells.

use crate::document::{Node, NodeKind};

/// The colour of a run's way.
pub(super) const WAY: &str = "#e8590c";
/// The same by night.
pub(super) const WAY_DARK: &str = "#ff8f4a";

/// The colours of a node type.
pub(super) struct Look {
    pub(super) kind: &'static str,
    pub(super) word: &'static str,
    pub(super) fill: &'static str,
    pub(super) stroke: &'static str,
    pub(super) dark_fill: &'static str,
    pub(super) dark_stroke: &'static str,
}

const fn look(
    kind: &'static str,
    word: &'static str,
    [fill, stroke, dark_fill, dark_stroke]: [&'static str; 4],
) -> Look {
    Look {
        kind,
        word,
        fill,
        stroke,
        dark_fill,
        dark_stroke,
    }
}

/// The node types of section 2.8 in their order.
pub(super) const LOOKS: [Look; 8] = [
    look(
        "start",
        "START",
        ["#e6f6ec", "#238551", "#12301f", "#4cc38a"],
    ),
    look(
        "collect",
        "COLLECT",
        ["#e7f0fd", "#2767c4", "#13273f", "#70b0ff"],
    ),
    look(
        "branch",
        "BRANCH",
        ["#f1ebfd", "#7445c7", "#2a1d44", "#b497f5"],
    ),
    look(
        "condition",
        "CONDITION",
        ["#fff4d9", "#9a6700", "#35280c", "#e3b341"],
    ),
    look(
        "api_call",
        "API CALL",
        ["#e0f5f4", "#0e7c78", "#0d2f2e", "#3fc5bf"],
    ),
    look(
        "reply",
        "REPLY",
        ["#ffffff", "#5d6878", "#20262f", "#a4afbf"],
    ),
    look(
        "transfer",
        "TO A PERSON",
        ["#fdeaf1", "#bf3a73", "#3a1827", "#f283b0"],
    ),
    look("end", "END", ["#e9ecf0", "#3d4653", "#2a313b", "#c3ccd8"]),
];

/// The colours of a node.
pub(super) const fn of(kind: &NodeKind) -> &'static Look {
    &LOOKS[match kind {
        NodeKind::Start(_) => 0,
        NodeKind::Collect(_) => 1,
        NodeKind::Branch(_) => 2,
        NodeKind::Condition(_) => 3,
        NodeKind::ApiCall(_) => 4,
        NodeKind::Reply(_) => 5,
        NodeKind::Transfer(_) => 6,
        NodeKind::End(_) => 7,
    }]
}

/// What stands under a node's name: what it is about in its own words.
pub(super) fn detail(node: &Node) -> String {
    match &node.kind {
        NodeKind::Start(start) if start.trigger.intent.is_empty() => {
            start.trigger.examples.first().cloned().unwrap_or_default()
        }
        NodeKind::Start(start) => start.trigger.intent.clone(),
        NodeKind::Collect(collect) => {
            let items = collect.items.iter().map(|item| item.variable.as_str());
            items.collect::<Vec<_>>().join(", ")
        }
        NodeKind::Branch(branch) => branch.text.clone(),
        NodeKind::Condition(_) | NodeKind::End(_) => String::new(),
        // The scheme says little and takes the room of what tells two calls apart.
        NodeKind::ApiCall(call) => {
            let url = call
                .url
                .split_once("://")
                .map_or(&*call.url, |(_, rest)| rest);
            let end = url.find(['?', '#']).unwrap_or(url.len());
            let url = &url[..end];
            let user = url.find('/').map_or(url, |end| &url[..end]).rfind('@');
            user.map_or(url, |at| &url[at + 1..]).to_owned()
        }
        NodeKind::Reply(reply) => reply.text.clone(),
        NodeKind::Transfer(transfer) => transfer.text.clone().unwrap_or_default(),
    }
}
