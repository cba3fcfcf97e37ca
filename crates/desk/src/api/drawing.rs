//! A flow as a picture, with the way of a run.

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use ringback_flow::draw;
use ringback_types::{Problem, RunId, extract};
use serde::Deserialize;

use super::TAG;
use crate::desk::Desk;

/// How many nodes of a run are shown.
const LONGEST_WAY: i64 = 5_000;

/// How the flow is drawn.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Drawing {
    /// `svg` or `mermaid`; `svg` when left out.
    format: Format,
    /// Which version; that of the run, or the newest, when left out.
    version: Option<i64>,
    /// The run whose way is shown.
    #[param(value_type = Option<String>)]
    run: Option<RunId>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeskDrawingFormat)]
enum Format {
    #[default]
    Svg,
    Mermaid,
}

/// The flow as SVG, or as the text of a Mermaid flowchart.
#[utoipa::path(get, path = "/api/v1/desk/apps/{sdk_app_id}/flows/{name}/drawing", tag = TAG, operation_id = "desk_draw_flow",
    params(("sdk_app_id" = String, Path), ("name" = String, Path), Drawing),
    responses((status = 200, body = String, content_type = "image/svg+xml"), (status = 404, body = Problem)))]
pub(super) async fn draw(
    State(desk): State<Desk>,
    Path((sdk_app_id, name)): Path<(String, String)>,
    extract::Query(drawing): extract::Query<Drawing>,
) -> Result<Response, Problem> {
    let app = desk.app(&sdk_app_id)?;
    let flow = desk.flow(&app, &name)?;
    let mut version = drawing.version.unwrap_or(flow.latest);
    let mut way = Vec::new();
    if let Some(id) = drawing.run {
        let run = desk.run(id).await?;
        if run.flow != flow.id {
            return Err(Problem::not_found("run of this flow", id));
        }
        version = drawing.version.unwrap_or(run.version);
        let steps = desk.steps(id, 0, LONGEST_WAY).await?;
        way.extend(steps.into_iter().map(|step| step.node));
        // Where it stands now is part of its way.
        if run.ended_at.is_none() {
            way.push(run.run.at().to_owned());
        }
    }
    let edition = desk.edition_of(&flow, version).await?;
    let ids: Vec<&str> = way.iter().map(String::as_str).collect();
    let path = drawing.run.map(|_| draw::Path(&ids));
    let document = edition.flow.document();
    Ok(match drawing.format {
        Format::Svg => {
            ([(CONTENT_TYPE, "image/svg+xml")], draw::svg(document, path)).into_response()
        }
        Format::Mermaid => draw::mermaid(document, path).into_response(),
    })
}
