//! The management routes: what a person does on the platform's console.

mod apps;
mod log;
mod trigger;
mod urls;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::feishu::Feishu;

/// How the routes are grouped in the OpenAPI document.
const TAG: &str = "feishu";

pub(crate) fn routes(feishu: &Feishu) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(apps::list, apps::create))
        .routes(routes!(apps::show, apps::update, apps::delete))
        .routes(routes!(apps::credentials))
        .routes(routes!(apps::rotate))
        .routes(routes!(urls::save_request_url, urls::clear_request_url))
        .routes(routes!(urls::save_callback_url, urls::clear_callback_url))
        .routes(routes!(trigger::trigger))
        .routes(routes!(trigger::callback, log::callbacks))
        .routes(routes!(trigger::list_fixtures))
        .routes(routes!(log::events))
        .with_state(feishu.clone())
}
