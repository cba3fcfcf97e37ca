//! The flow document as a person writes it: nodes, and in each node the edges that leave it.
//!
//! The node types and their settings are those of sheet `tencent-desk`, section 2.8; the form of the
//! document is ours, since the platform's own is drawn on a canvas and not documented.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

ringback_types::words! {
    /// How a flow's messages are marked and asked (section 2.8).
    #[derive(Default, ToSchema)]
    FlowKind {
        /// Fixed steps by the user's information or choice.
        #[default]
        Standard = "standard",
        /// A model may extract and ask.
        Intelligent = "intelligent",
    }

    /// Where an input of an API call comes from (section 2.5).
    #[derive(ToSchema)]
    InputKind {
        /// The session's own, read-only: `SystemSessionID` and the like.
        System = "system",
        /// A constant that stands in the node.
        Fixed = "fixed",
        /// A session variable, set by an earlier call or declared by the flow.
        Custom = "custom",
        /// What an information-collection node got from the user.
        Collected = "collected",
    }

    /// How a variable is compared.
    #[derive(ToSchema)]
    Operator {
        /// The same text, or the same number.
        Equals = "equals",
        /// Not the same.
        NotEquals = "not_equals",
        /// Both are numbers and the variable is larger.
        Greater = "greater",
        /// Both are numbers and the variable is not smaller.
        GreaterOrEqual = "greater_or_equal",
        /// Both are numbers and the variable is smaller.
        Less = "less",
        /// Both are numbers and the variable is not larger.
        LessOrEqual = "less_or_equal",
        /// The value stands somewhere in the variable.
        Contains = "contains",
        /// The value does not stand in the variable.
        NotContains = "not_contains",
        /// Nothing but white space; takes no value.
        Empty = "empty",
        /// Something; takes no value.
        NotEmpty = "not_empty",
        /// The regular expression of the value matches somewhere.
        Matches = "matches",
    }

    /// The system variables (section 2.5).
    #[derive(PartialOrd, Ord)]
    SystemVariable {
        /// The conversation's id, a UUID.
        SessionId = "SystemSessionID",
        /// The user who asks.
        ClientUserId = "SystemClientUserID",
        /// The service account that is asked.
        CustomerServiceId = "SystemCustomerServiceID",
        /// The kind of channel.
        ChannelType = "SystemChannelType",
    }
}

/// A task flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its name; the same as in `TaskName`.
    #[schema(example = "order-status")]
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Standard or intelligent.
    #[serde(default)]
    pub kind: FlowKind,
    /// Session variables with the values that they begin with, where they are not set yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// The nodes; the one of type `start` begins.
    pub nodes: Vec<Node>,
}

/// A node: its id, its name, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its id, unique in the flow: letters, digits, `-`, `_`.
    pub id: String,
    /// What a person calls it; the id when left out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its type with the settings of that type.
    #[serde(flatten)]
    pub kind: NodeKind,
}

/// What a node is. An edge is the id of the node that it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NodeKind {
    /// Begins the flow.
    Start(Start),
    /// Information collection: asks for what is missing.
    Collect(Collect),
    /// Shows choices and waits for one.
    Branch(Branch),
    /// Goes on by what the variables are.
    Condition(Condition),
    /// Calls the business's interface (`Chatbot.InterfaceInvocation`).
    ApiCall(ApiCall),
    /// Says something.
    Reply(Reply),
    /// Hands the conversation to a person.
    Transfer(Transfer),
    /// Ends the flow.
    End(End),
}

/// Begins the flow when the user means this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// What makes the flow start.
    pub trigger: Trigger,
    /// The first node.
    pub next: String,
}

/// What makes a flow start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// What the user wants, in words.
    pub intent: String,
    /// Sentences that mean it.
    #[serde(default)]
    pub examples: Vec<String>,
}

/// Asks for what is missing, one item after the other.
///
/// When the node is reached again in the same run, it forgets its items and asks anew: a loop back to
/// it means that what was given did not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// What is to be known.
    pub items: Vec<Item>,
    /// Where it goes on when all is known.
    pub next: String,
}

/// One thing to be known of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The variable that holds it.
    #[schema(example = "OrderID")]
    pub variable: String,
    /// What it is, in words; the matcher and the model read it.
    pub description: String,
    /// The question; made of the description when left out. Holds `${Variable}` placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
    /// Whether the user may leave it out: it is then `""`, and asked for only where `ask` is there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Answers that are offered with the question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick_replies: Vec<String>,
    /// A regular expression that finds it in a sentence; group 1 where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

impl Item {
    /// Whether the user is asked for it when it is missing.
    pub fn is_asked(&self) -> bool {
        !self.optional || self.ask.is_some()
    }
}

/// Shows choices and waits for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// What stands above the choices. Holds `${Variable}` placeholders.
    pub text: String,
    /// The choices.
    pub options: Vec<Choice>,
    /// The session variable that holds what was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// Where an answer leads that is none of the choices; asked again when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What the user sees and answers.
    pub text: String,
    /// Where it leads.
    pub next: String,
}

/// Goes on by the first case that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The cases, looked at in their order.
    pub cases: Vec<Case>,
    /// Where it leads when none holds.
    pub otherwise: String,
}

/// One case of a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What must hold.
    pub when: Expression,
    /// Where it leads.
    pub next: String,
}

/// What is true or false of the variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expression {
    /// One comparison.
    Test(Test),
    /// Each of these.
    #[schema(no_recursion)]
    All(Vec<Expression>),
    /// One of these at least.
    #[schema(no_recursion)]
    Any(Vec<Expression>),
    /// Not this.
    #[schema(no_recursion)]
    Not(Box<Expression>),
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The variable that is looked at: system, custom or collected. One that is not set is `""`.
    #[schema(example = "OrderStatus")]
    pub variable: String,
    /// How.
    pub operator: Operator,
    /// With what. Holds `${Variable}` placeholders, except for `matches`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
}

/// Calls the business's interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiCall {
    /// Where the interface is: `https` or `http`.
    #[schema(example = "https://shop.example.com/order-status")]
    pub url: String,
    /// What is sent in `Body`.
    #[serde(default)]
    pub inputs: Vec<Input>,
    /// The names that the answer is expected to have; each becomes a session variable.
    #[serde(default)]
    pub outputs: Vec<String>,
    /// How long the answer may take; the app's own setting (2000) when left out.
    #[schema(minimum = 1, maximum = 60_000)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// How often a failed call is made again, up to 3; never by default (section 2.7).
    #[schema(maximum = 3)]
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u8,
    /// Where it goes on.
    pub next: String,
    /// The exception edge: where a failure leads. Without it the flow ends with the fallback message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exception: Option<String>,
}

/// One member of the `Body` that is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name in `Body`.
    pub name: String,
    /// Where its value comes from.
    pub kind: InputKind,
    /// The variable, where it has another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The constant of a fixed input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Input {
    /// The variable that it is taken from; nothing for a fixed one.
    pub fn variable(&self) -> Option<&str> {
        match self.kind {
            InputKind::Fixed => None,
            InputKind::System | InputKind::Custom | InputKind::Collected => {
                Some(self.from.as_deref().unwrap_or(&self.name))
            }
        }
    }
}

/// Says something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// What. Holds `${Variable}` placeholders.
    pub text: String,
    /// Where it goes on.
    pub next: String,
}

/// Hands the conversation to a person; the flow is over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// What is said before; the app's own words when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Ends the flow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct End {}

/// One edge: what it is called in its node, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge<'a> {
    /// `next`, `on_exception`, `otherwise`, `options[0]`, `cases[0]`.
    pub name: String,
    /// What a drawing writes on it; empty for a plain `next`.
    pub label: String,
    /// The id of the node that it leads to.
    pub to: &'a str,
}

impl NodeKind {
    /// The word in the document.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Start(_) => "start",
            Self::Collect(_) => "collect",
            Self::Branch(_) => "branch",
            Self::Condition(_) => "condition",
            Self::ApiCall(_) => "api_call",
            Self::Reply(_) => "reply",
            Self::Transfer(_) => "transfer",
            Self::End(_) => "end",
        }
    }

    /// The edges that leave a node of this kind, in their order.
    pub fn edges(&self) -> Vec<Edge<'_>> {
        let named = |name: &str, label: &str, to| Edge {
            name: name.to_owned(),
            label: label.to_owned(),
            to,
        };
        match self {
            Self::Start(Start { next, .. })
            | Self::Collect(Collect { next, .. })
            | Self::Reply(Reply { next, .. }) => vec![named("next", "", next)],
            Self::Branch(branch) => {
                let options = branch.options.iter().enumerate().map(|(index, option)| {
                    named(&format!("options[{index}]"), &option.text, &option.next)
                });
                let otherwise = branch.otherwise.iter();
                options
                    .chain(otherwise.map(|next| named("otherwise", "otherwise", next)))
                    .collect()
            }
            Self::Condition(condition) => {
                let cases = condition.cases.iter().enumerate().map(|(index, case)| {
                    named(
                        &format!("cases[{index}]"),
                        &case.when.to_string(),
                        &case.next,
                    )
                });
                let otherwise = named("otherwise", "otherwise", &condition.otherwise);
                cases.chain([otherwise]).collect()
            }
            Self::ApiCall(call) => {
                let exception = call.on_exception.iter();
                std::iter::once(named("next", "", &call.next))
                    .chain(exception.map(|next| named("on_exception", "exception", next)))
                    .collect()
            }
            Self::Transfer(_) | Self::End(_) => Vec::new(),
        }
    }
}

impl Node {
    /// What a person calls it.
    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() {
            &self.id
        } else {
            &self.name
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "`skip_serializing_if` hands a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "`skip_serializing_if` hands a reference"
)]
fn is_zero(value: &u8) -> bool {
    *value == 0
}

/// Read by hand, so that a fault names the node and a member of the wrong name is refused.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let mut members = serde_json::Map::<String, serde_json::Value>::deserialize(deserializer)?;
        let mut text = |member: &str| match members.remove(member) {
            None => Ok(None),
            Some(serde_json::Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(D::Error::custom(format!("`{member}` of a node is a text"))),
        };
        let id = text("id")?.ok_or_else(|| D::Error::custom("a node has no `id`"))?;
        let name = text("name")?.unwrap_or_default();
        let kind = NodeKind::deserialize(serde_json::Value::Object(members))
            .map_err(|error| D::Error::custom(format!("node `{id}`: {error}")))?;
        Ok(Self { id, name, kind })
    }
}
