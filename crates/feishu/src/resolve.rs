//! Where an app is reached, with its live secrets, asked at every attempt (design, section 3).

use std::future::ready;
use std::sync::Arc;

use ringback_deliver::{BoxFuture, Endpoint, Resolve, ResolveError, Resolved};
use ringback_store::record::Event;
use ringback_types::Code;

use crate::registry::{Registry, Route};

/// Why a callback goes nowhere; the client shows 200340 (section 4.4).
pub(crate) const NO_CALLBACK_URL: &str = "feishu.no_callback_url";

/// Resolves the endpoints of all apps; knows the apps but not the engine, which holds it.
#[derive(Debug)]
pub(crate) struct AppResolver {
    registry: Arc<Registry>,
}

impl AppResolver {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }
}

impl Resolve for AppResolver {
    fn resolve<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        _event: &'a Event,
    ) -> BoxFuture<'a, Result<Resolved, ResolveError>> {
        Box::pin(ready(self.resolved(endpoint)))
    }
}

impl AppResolver {
    fn resolved(&self, endpoint: &Endpoint) -> Result<Resolved, ResolveError> {
        let route = self.registry.route(endpoint.id).ok_or_else(no_app)?;
        let target = route
            .target
            .clone()
            .ok_or_else(|| no_url(&route, endpoint))?;
        Ok(Resolved {
            target,
            sender: route.sender.clone(),
            policy: Arc::clone(&endpoint.policy),
            permit: None,
        })
    }
}

fn no_app() -> ResolveError {
    ResolveError {
        code: Code::new("feishu.app_not_found"),
        message: "the Feishu app of this endpoint is gone".to_owned(),
        hint: None,
    }
}

fn no_url(route: &Route, endpoint: &Endpoint) -> ResolveError {
    let app_id = &route.app.app_id;
    if endpoint.id == route.app.callback_endpoint {
        return ResolveError {
            code: Code::new(NO_CALLBACK_URL),
            message: format!("the Feishu app `{app_id}` has no callback request URL"),
            hint: Some("save one with `PUT /api/v1/feishu/apps/{app_id}/callback-url`"),
        };
    }
    ResolveError {
        code: Code::new("feishu.no_request_url"),
        message: format!("the Feishu app `{app_id}` has no request URL"),
        hint: Some("save one with `PUT /api/v1/feishu/apps/{app_id}/request-url`"),
    }
}
