//! Names that people give for things, and the ids they stand for.

use std::sync::Arc;

use ringback_deliver::Endpoint;
use ringback_types::{EndpointId, Problem, SourceId};

use crate::faces::Inner;

/// The endpoint meant by a name or id.
pub(crate) fn endpoint(faces: &Inner, given: &str) -> Result<Arc<Endpoint>, Problem> {
    let endpoints = faces.engine.endpoints();
    let by_id = || endpoints.by_id(given.parse().ok()?);
    endpoints.by_name(given).or_else(by_id).ok_or_else(|| {
        Problem::not_found("endpoint", given).with_hint("`ringback endpoint list` shows them all")
    })
}

/// The source meant by the name of a receiving source, a platform's app id, or an id.
pub(crate) fn source(faces: &Inner, given: &str) -> Result<SourceId, Problem> {
    let receiving = faces
        .gateway
        .sources()
        .by_name(given)
        .map(|source| source.id);
    let of_app = || faces.feishu.app(given).ok().map(|app| app.source);
    let of_zone = || faces.zone.source_named(given);
    // An id of a source that was deleted still finds its events.
    let by_id = || given.parse().ok();
    receiving
        .or_else(of_app)
        .or_else(of_zone)
        .or_else(by_id)
        .ok_or_else(|| {
            Problem::not_found("source", given).with_hint("`ringback source list` shows them all")
        })
}

/// What an endpoint is called; its id when it is no more.
pub(crate) fn of_endpoint(faces: &Inner, id: EndpointId) -> String {
    let found = faces.engine.endpoints().by_id(id);
    found.map_or_else(|| id.to_string(), |endpoint| endpoint.name.clone())
}

/// What a source is called: its name, the app whose platform half it is, or its id.
pub(crate) fn of_source(faces: &Inner, id: SourceId) -> String {
    let receiving = faces.gateway.sources().by_id(id).map(|source| source.name);
    let apps = faces.feishu.apps();
    let of_app = || {
        apps.iter()
            .find(|app| app.source == id)
            .map(|app| app.app_id.clone())
    };
    receiving
        .or_else(of_app)
        .or_else(|| faces.zone.source_name(id))
        .unwrap_or_else(|| id.to_string())
}
