//! The management routes.

use utoipa_axum::router::OpenApiRouter;

use crate::zone::Zone;

pub(crate) fn routes(zone: &Zone) -> OpenApiRouter {
    OpenApiRouter::new().with_state(zone.clone())
}
