//! A corp: whose conversations the archive holds.

use ringback_types::ScheduleTime;
use serde::Deserialize;

/// One corp as the zone knows it.
#[derive(Debug, Clone)]
pub struct Corp {
    /// The platform's id: `ww` and 16 hexadecimal digits.
    pub corpid: String,
    /// What people call it.
    pub name: String,
    /// Whether it is a provider's test corp: then programs that are not online may be used in it.
    pub test: bool,
    /// When it was made.
    pub created_at: ScheduleTime,
}

/// A corp to be made; what is left out is generated.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewCorp {
    /// The platform's id.
    pub corpid: Option<String>,
    /// What people call it; the id when left out.
    pub name: Option<String>,
    /// Whether it is a test corp.
    pub test: bool,
}

/// What of a corp is to be otherwise; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CorpChange {
    /// What people call it.
    pub name: Option<String>,
    /// Whether it is a test corp.
    pub test: Option<bool>,
}
