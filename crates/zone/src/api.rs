//! The management routes: what a person does on the platform's console.
//!
//! `{corpid}/{agentid}` names an app. Reading needs the role `viewer`, changing `operator`; where more is
//! needed, the route says so.

mod apps;
mod archive;
mod associations;
mod call;
mod callback;
mod corps;
mod debug;
mod deploy;
mod log;
mod programs;
mod trigger;

use ringback_store::Change;
use ringback_types::extract::Path;
use ringback_types::{Caller, Code, Problem};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::zone::Zone;

/// How the routes are grouped in the OpenAPI document.
const TAG: &str = "wecom";

pub(crate) fn routes(zone: &Zone) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(corps())
        .merge(apps())
        .merge(programs())
        .routes(routes!(call::call))
        .routes(routes!(call::result))
        .routes(routes!(trigger::trigger))
        .routes(routes!(trigger::list_fixtures))
        .with_state(zone.clone())
}

fn corps() -> OpenApiRouter<Zone> {
    OpenApiRouter::new()
        .routes(routes!(corps::list, corps::create))
        .routes(routes!(corps::show, corps::update, corps::delete))
        .routes(routes!(corps::set_public_key))
        .routes(routes!(corps::set_editions))
        .routes(routes!(archive::import))
        .routes(routes!(archive::generate))
}

fn apps() -> OpenApiRouter<Zone> {
    OpenApiRouter::new()
        .routes(routes!(apps::list, apps::create))
        .routes(routes!(apps::show, apps::update, apps::delete))
        .routes(routes!(apps::credentials))
        .routes(routes!(apps::rotate))
        .routes(routes!(apps::submit))
        .routes(routes!(callback::save, callback::clear))
        .routes(routes!(associations::associate, associations::dissociate))
        .routes(routes!(associations::set_receiving))
}

fn programs() -> OpenApiRouter<Zone> {
    OpenApiRouter::new()
        .routes(routes!(programs::list, programs::put))
        .routes(routes!(programs::show, programs::delete))
        .routes(routes!(deploy::submit))
        .routes(routes!(deploy::review))
        .routes(routes!(deploy::deploy))
        .routes(routes!(deploy::undeploy))
        .routes(routes!(deploy::rotate))
        .routes(routes!(deploy::credentials))
        .routes(routes!(log::set_level))
        .routes(routes!(log::lines))
        .routes(routes!(log::output))
        .routes(routes!(debug::set_url))
        .routes(routes!(debug::credential, debug::revoke))
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

/// Leaves an audit row for what changes no configuration and yet is a person's doing; before it is
/// done, so that nothing is done unseen.
async fn note(
    zone: &Zone,
    caller: &Caller,
    action: &'static str,
    target: String,
    detail: Value,
) -> Result<(), Problem> {
    let change = Change {
        caller: caller.name.clone(),
        action,
        target,
        detail,
    };
    let written = zone.store().note(change).await;
    written.map_err(|error| Problem::from_error(503, &error))
}
