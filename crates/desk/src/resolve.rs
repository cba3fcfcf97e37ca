//! Where an app's callbacks go, with its live token, asked at every attempt (design, section 3).

use std::sync::Arc;

use ringback_deliver::{BoxFuture, Endpoint, Resolve, ResolveError, Resolved};
use ringback_dialect::Sender;
use ringback_store::record::Event;
use ringback_types::{Code, Coded as _};
use serde_json::Value;

use crate::app::UrlUse;
use crate::library::Library;
use crate::registry::{Registry, Route};

/// Where a call keeps which node makes it: flow, version and the node's id. The platform's own body
/// names none of them (sheet `tencent-desk`, section 2.4).
pub(crate) const NODE_HEADER: &str = "desk-node";

/// Resolves the endpoints of all apps; knows apps and flows but not the engine, which holds it.
#[derive(Debug)]
pub(crate) struct DeskResolver {
    registry: Arc<Registry>,
    library: Arc<Library>,
}

impl DeskResolver {
    pub(crate) fn new(registry: Arc<Registry>, library: Arc<Library>) -> Self {
        Self { registry, library }
    }
}

impl Resolve for DeskResolver {
    fn resolve<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<Resolved, ResolveError>> {
        Box::pin(self.resolved(endpoint, event))
    }
}

impl DeskResolver {
    async fn resolved(&self, endpoint: &Endpoint, event: &Event) -> Result<Resolved, ResolveError> {
        let route = self.registry.route(endpoint.id).ok_or_else(no_app)?;
        match route.which {
            None => self.of_node(&route, event).await,
            Some(which) => {
                let target = route.target.clone().ok_or_else(|| no_url(&route, which))?;
                // The same id at every try, so that the business can drop what comes again.
                let request_id = event.dedupe_key.clone();
                Ok(Resolved {
                    target,
                    sender: Sender::Desk(route.sender.clone().with_request_id(request_id)),
                    policy: Arc::clone(&endpoint.policy),
                    permit: None,
                })
            }
        }
    }

    /// The interface that stands in the node which makes the call.
    async fn of_node(&self, route: &Route, event: &Event) -> Result<Resolved, ResolveError> {
        let (flow, version, node) = event
            .headers
            .as_deref()
            .and_then(node_of)
            .ok_or_else(no_node)?;
        let edition = self.library.get(flow, version).await;
        let edition = edition.map_err(|error| ResolveError {
            code: error.code(),
            message: error.to_string(),
            hint: None,
        })?;
        let edition = edition.ok_or_else(no_node)?;
        let number = edition.flow.number_of(&node).ok_or_else(no_node)?;
        let target = edition.target(number).cloned().ok_or_else(no_node)?;
        let call = edition.flow.api_calls().find(|(of, _)| *of == number);
        let deadline_ms = call.and_then(|(_, call)| call.deadline_ms);
        Ok(Resolved {
            target,
            sender: Sender::Desk(route.sender.clone()),
            policy: Arc::new(route.app.settings.call_policy(deadline_ms)),
            permit: None,
        })
    }
}

/// Flow, version and node of the headers of a call.
fn node_of(headers: &str) -> Option<(ringback_types::FlowId, i64, String)> {
    let headers: Value = serde_json::from_str(headers).ok()?;
    let mut parts = headers.get(NODE_HEADER)?.as_str()?.splitn(3, '/');
    let flow = parts.next()?.parse().ok()?;
    let version = parts.next()?.parse().ok()?;
    Some((flow, version, parts.next()?.to_owned()))
}

fn no_app() -> ResolveError {
    ResolveError {
        code: Code::new("desk.app_not_found"),
        message: "the Desk app of this endpoint is gone".to_owned(),
        hint: None,
    }
}

fn no_node() -> ResolveError {
    ResolveError {
        code: Code::new("desk.node_not_found"),
        message: "the node that makes this call is gone with its flow".to_owned(),
        hint: None,
    }
}

fn no_url(route: &Route, which: UrlUse) -> ResolveError {
    ResolveError {
        code: Code::new("desk.no_url"),
        message: format!(
            "the Desk app `{}` has no URL for `{}`",
            route.app.sdk_app_id,
            which.as_str()
        ),
        hint: Some("set one with `ringback app set-url`"),
    }
}
