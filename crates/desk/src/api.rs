//! The management routes: what a person does on the platform's console, and what a user's client does.
//!
//! `{sdk_app_id}` names an app, `{name}` a flow of it. Reading needs the role `viewer`, changing and
//! talking `operator`; where more is needed, the route says so.

mod apps;
mod conversations;
mod drawing;
mod flows;
mod live;
mod runs;
mod trigger;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;

/// How the routes are grouped in the OpenAPI document.
const TAG: &str = "desk";

pub(crate) fn routes(desk: &Desk) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(apps::list, apps::create))
        .routes(routes!(apps::show, apps::update, apps::delete))
        .routes(routes!(apps::credentials))
        .routes(routes!(flows::schema))
        .routes(routes!(flows::check))
        .routes(routes!(flows::list, flows::save))
        .routes(routes!(flows::show, flows::delete))
        .routes(routes!(flows::versions))
        .routes(routes!(flows::publish))
        .routes(routes!(flows::unpublish))
        .routes(routes!(flows::call_node))
        .routes(routes!(drawing::draw))
        .routes(routes!(conversations::list, conversations::start))
        .routes(routes!(conversations::show))
        .routes(routes!(conversations::close))
        .routes(routes!(conversations::messages, conversations::say))
        .routes(routes!(live::watch))
        .routes(routes!(runs::of_conversation))
        .routes(routes!(runs::show))
        .routes(routes!(trigger::list_fixtures))
        .routes(routes!(trigger::trigger))
        .routes(routes!(trigger::call))
        .with_state(desk.clone())
}

/// How many things a page has when nothing is said, and at most.
const PAGE: i64 = 50;
const LARGEST_PAGE: i64 = 500;

fn page(limit: Option<i64>) -> i64 {
    limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE)
}
