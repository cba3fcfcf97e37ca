//! One step from what the server has to what a file wants, and how it is carried out.

use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use crate::client::{self, Client};
use crate::failure::Failure;

/// What kind of thing a step is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Source,
    Endpoint,
    /// A Feishu app.
    App,
    Corp,
    Program,
    WecomApp,
    DeskApp,
    Flow,
}

impl Kind {
    /// The word of the command line.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Endpoint => "endpoint",
            Self::App | Self::WecomApp | Self::DeskApp => "app",
            Self::Corp => "corp",
            Self::Program => "program",
            Self::Flow => "flow",
        }
    }

    /// Where its things stand in the management API.
    pub(super) const fn collection(self) -> &'static str {
        match self {
            Self::Source => "sources",
            Self::Endpoint => "endpoints",
            Self::App => "feishu/apps",
            Self::Corp => "wecom/corps",
            Self::Program => "wecom/programs",
            Self::WecomApp => "wecom/apps",
            Self::DeskApp | Self::Flow => "desk/apps",
        }
    }

    /// Where one of its things stands there; the two parts of a WeCom app's name are two segments, and a
    /// flow stands below its app.
    pub(super) fn path(self, name: &str) -> String {
        let segments: Vec<String> = match self {
            Self::WecomApp => name.split('/').map(client::encode).collect(),
            Self::Flow => {
                let (app, flow) = name.split_once('/').unwrap_or_default();
                vec![
                    client::encode(app),
                    "flows".to_owned(),
                    client::encode(flow),
                ]
            }
            _ => vec![client::encode(name)],
        };
        format!("{}/{}", self.collection(), segments.join("/"))
    }
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    Create,
    Change,
    /// Saves a request URL, which must pass its challenge.
    SaveUrl,
    Delete,
}

impl Action {
    /// The sign before a line of the difference.
    pub(super) const fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Change | Self::SaveUrl => '~',
            Self::Delete => '-',
        }
    }
}

/// One step, and what it changes.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) action: Action,
    pub(super) kind: Kind,
    pub(super) name: String,
    /// A line per member, without secrets.
    pub(super) difference: Vec<String>,
    /// What is sent; may hold secrets.
    #[serde(skip)]
    pub(super) body: Option<Value>,
    #[serde(skip)]
    way: Way,
}

/// How a step is carried out.
#[derive(Debug)]
enum Way {
    /// By one request.
    Request { method: Method, path: String },
    /// Through every state between that of a program and `deployed`.
    Deploy,
}

impl Step {
    /// Makes a thing.
    pub(super) fn create(kind: Kind, name: &str, difference: Vec<String>, body: Value) -> Self {
        let way = Way::Request {
            method: Method::POST,
            path: kind.collection().to_owned(),
        };
        Self::new(Action::Create, kind, name, difference, Some(body), way)
    }

    /// Makes a program, or changes the one there is: that is one request.
    pub(super) fn describe(
        action: Action,
        name: &str,
        difference: Vec<String>,
        body: Value,
    ) -> Self {
        let kind = Kind::Program;
        let way = Way::Request {
            method: Method::PUT,
            path: kind.collection().to_owned(),
        };
        Self::new(action, kind, name, difference, Some(body), way)
    }

    /// Saves the document of a flow as its newest version.
    pub(super) fn save_flow(
        action: Action,
        name: &str,
        publish: bool,
        difference: Vec<String>,
        document: Value,
    ) -> Self {
        let kind = Kind::Flow;
        let (app, _) = name.split_once('/').unwrap_or_default();
        let way = Way::Request {
            method: Method::POST,
            path: format!(
                "{}/{}/flows?publish={publish}",
                kind.collection(),
                client::encode(app)
            ),
        };
        Self::new(action, kind, name, difference, Some(document), way)
    }

    /// Changes members of a thing.
    pub(super) fn change(kind: Kind, name: &str, difference: Vec<String>, body: Value) -> Self {
        Self::below(Method::PATCH, kind, name, "", difference, Some(body))
    }

    /// Changes what has a path of its own below a thing's, such as `/log-level`.
    pub(super) fn below(
        method: Method,
        kind: Kind,
        name: &str,
        below: &str,
        difference: Vec<String>,
        body: Option<Value>,
    ) -> Self {
        let way = Way::Request {
            method,
            path: kind.path(name) + below,
        };
        Self::new(Action::Change, kind, name, difference, body, way)
    }

    /// Saves a URL that must pass a check.
    pub(super) fn save_url(
        kind: Kind,
        name: &str,
        below: &str,
        difference: Vec<String>,
        body: Value,
    ) -> Self {
        let action = Action::SaveUrl;
        Self {
            action,
            ..Self::below(Method::PUT, kind, name, below, difference, Some(body))
        }
    }

    /// Deploys a program.
    pub(super) fn deploy(name: &str, difference: Vec<String>) -> Self {
        let (action, kind) = (Action::Change, Kind::Program);
        Self::new(action, kind, name, difference, None, Way::Deploy)
    }

    /// Deletes a thing.
    pub(super) fn delete(kind: Kind, name: &str) -> Self {
        let action = Action::Delete;
        Self {
            action,
            ..Self::below(Method::DELETE, kind, name, "", Vec::new(), None)
        }
    }

    fn new(
        action: Action,
        kind: Kind,
        name: &str,
        difference: Vec<String>,
        body: Option<Value>,
        way: Way,
    ) -> Self {
        Self {
            action,
            kind,
            name: name.to_owned(),
            difference,
            body,
            way,
        }
    }

    /// What it does to what.
    pub(super) fn title(&self) -> String {
        format!("{} {} {}", self.action.sign(), self.kind.word(), self.name)
    }

    /// Carries it out; what the server answers last.
    pub(super) async fn carry_out(&self, client: &Client) -> Result<Value, Failure> {
        match &self.way {
            Way::Request { method, path } => {
                client.ask(method.clone(), path, self.body.as_ref()).await
            }
            Way::Deploy => deploy(client, &self.kind.path(&self.name)).await,
        }
    }
}

/// Brings a program to `deployed`. Whether a submitted one is approved at once is the server's setting,
/// so that each state is looked at anew.
async fn deploy(client: &Client, path: &str) -> Result<Value, Failure> {
    let mut program: Value = client.get(path).await?;
    loop {
        let (below, body) = match program.get("state").and_then(Value::as_str) {
            Some("draft") => ("submit", json!({})),
            Some("in_review") => ("review", json!({ "approved": true })),
            Some("approved") => ("deploy", json!({})),
            _ => return Ok(program),
        };
        program = client.post(&format!("{path}/{below}"), &body).await?;
    }
}
