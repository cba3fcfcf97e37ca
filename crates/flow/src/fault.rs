//! What is wrong with a document: each fault names its node and its edge.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

ringback_types::words! {
    /// What kind of fault it is.
    #[derive(ToSchema)]
    FaultKind {
        /// The text is not JSON, or not of the form of a flow.
        Form = "form",
        /// A text is empty, too long, or holds control characters.
        Text = "text",
        /// There are more of something than are taken.
        TooMany = "too_many",
        /// A node's id is not one.
        NodeId = "node_id",
        /// Two nodes have the same id.
        DoubleId = "double_id",
        /// There is not exactly one start node.
        StartCount = "start_count",
        /// An edge leads to a node that is not there.
        UnknownTarget = "unknown_target",
        /// An edge leads back to the start.
        IntoStart = "into_start",
        /// No edge leads to the node.
        Unreachable = "unreachable",
        /// A loop that never waits for the user.
        Loop = "loop",
        /// The start node has neither an intent nor an example.
        NoTrigger = "no_trigger",
        /// A node has no items, options, cases or the like.
        Nothing = "nothing",
        /// The name of a variable is not one.
        VariableName = "variable_name",
        /// A system variable is read-only.
        SystemVariable = "system_variable",
        /// A variable that nothing sets.
        UnknownVariable = "unknown_variable",
        /// The same name twice where one is meant.
        DoubleName = "double_name",
        /// A placeholder is not one.
        Template = "template",
        /// A regular expression or comparison is not one.
        Expression = "expression",
        /// The URL cannot be called.
        Url = "url",
        /// A number is outside its range.
        Range = "range",
        /// An input has a member that its kind does not take, or lacks one.
        Input = "input",
    }
}

/// One fault of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// The id of the node, where it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The edge or member of the node, such as `on_exception` or `items[1].pattern`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge: Option<String>,
    /// What is wrong, and where it helps, what would be right.
    pub message: String,
}

impl Fault {
    /// The document cannot be read at all.
    pub fn unreadable() -> Self {
        Self {
            kind: FaultKind::Form,
            node: None,
            edge: None,
            message: "the document cannot be read".to_owned(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.node, &self.edge) {
            (Some(node), Some(edge)) => write!(formatter, "node `{node}`, `{edge}`: ")?,
            (Some(node), None) => write!(formatter, "node `{node}`: ")?,
            (None, Some(edge)) => write!(formatter, "`{edge}`: ")?,
            (None, None) => {}
        }
        formatter.write_str(&self.message)
    }
}
