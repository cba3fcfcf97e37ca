//! `/api/v1/…`: the routes of the faces themselves, merged with those of the rooms.

mod audit;
mod backup;
mod clock;
mod deliveries;
mod endpoint_view;
mod endpoints;
mod entry;
mod faults;
mod filter;
mod log;
mod names;
mod replay;
mod status;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use ringback_store::Change;
use ringback_types::{Caller, Code, Problem};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::unwritten;
use crate::faces::Inner;

/// Where the document is; it needs no token, for it holds no secret.
pub(crate) const DOCUMENT_PATH: &str = "/api/v1/openapi.json";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Ringback management API",
        description = "Every path needs `Authorization: Bearer <token>`. Reading needs the role \
            `viewer`, changing `operator`; where more is needed, the path says so. Whatever is refused \
            is answered with a problem: a stable `code`, a `message` and, where there is one, the \
            `hint` that fixes it. Times are RFC 3339 in UTC.",
        license(name = "Apache-2.0")
    ),
    components(schemas(Problem)),
    security(("token" = []))
)]
struct Document;

/// All management routes, and the document that describes them.
pub(crate) fn assemble(faces: &Arc<Inner>) -> (Router, OpenApi) {
    let mut document = Document::openapi();
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", scheme);
    OpenApiRouter::with_openapi(document)
        .merge(own(faces))
        .merge(faces.gateway.api())
        .merge(faces.feishu.api())
        .merge(faces.zone.api())
        .merge(faces.desk.api())
        .split_for_parts()
}

fn own(faces: &Arc<Inner>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(status::show_status))
        .routes(routes!(
            endpoints::list_endpoints,
            endpoints::create_endpoint
        ))
        .routes(routes!(
            endpoints::show_endpoint,
            endpoints::update_endpoint,
            endpoints::delete_endpoint
        ))
        .routes(routes!(endpoints::pause_endpoint))
        .routes(routes!(endpoints::resume_endpoint))
        .routes(routes!(endpoints::rotate_secret))
        .routes(routes!(endpoints::endpoint_health))
        .routes(routes!(log::search_log))
        .routes(routes!(log::show_entry))
        .routes(routes!(replay::replay_deliveries))
        .routes(routes!(deliveries::cancel_delivery))
        .routes(routes!(clock::show_clock))
        .routes(routes!(clock::advance_clock))
        .routes(routes!(
            faults::list_faults,
            faults::set_fault,
            faults::clear_faults
        ))
        .routes(routes!(faults::clear_fault))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(audit::show_audit))
        .routes(routes!(backup::make_backup))
        .with_state(Arc::clone(faces))
}

/// Leaves an audit row for what changes no configuration and yet is a person's doing; before it is
/// done, so that nothing is done unseen.
async fn note(
    faces: &Inner,
    caller: &Caller,
    action: &'static str,
    target: &str,
    detail: serde_json::Value,
) -> Result<(), Problem> {
    let change = Change {
        caller: Arc::clone(&caller.name),
        action,
        target: target.to_owned(),
        detail,
    };
    let written = faces.store().note(change).await;
    written.map_err(|error| unwritten(&error))
}

/// Runs a change of several steps in a task of its own: once begun, it goes on to its end even if the
/// caller hangs up.
async fn whole<T: Send + 'static>(
    change: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(change).await.map_err(|error| {
        tracing::error!(%error, "a change ended abruptly");
        Problem::new(500, Code::new("api.internal"), "the change ended abruptly")
    })
}

/// Serves the document; it never changes while the process runs.
pub(crate) fn serve_document(
    document: &OpenApi,
) -> impl Fn() -> std::future::Ready<axum::response::Response> + Clone + Send + Sync + 'static {
    let text = bytes::Bytes::from(document.to_json().unwrap_or_default());
    move || {
        let json = [(CONTENT_TYPE, "application/json")];
        std::future::ready((json, text.clone()).into_response())
    }
}
