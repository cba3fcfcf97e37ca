//! A program: its abilities with their protocols, where it runs, and its debug side.

use std::sync::Arc;

use ringback_dialect::zone::Protocol;
use ringback_types::{ScheduleTime, Secret};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::options::Settings;

ringback_types::words! {
    /// What a program is (app sheet, 7.1; SDK sheet, 1.1).
    #[derive(Default, utoipa::ToSchema)]
    ProgramKind {
        /// Called by apps and by other programs.
        #[default]
        Program = "program",
        /// Called through model tasks only; knows knowledge and tags besides messages.
        Model = "model",
    }

    /// Where a program stands (app sheet, 7.3).
    #[derive(Default, utoipa::ToSchema)]
    ProgramState {
        /// Being developed.
        #[default]
        Draft = "draft",
        /// Waits for the review.
        InReview = "in_review",
        /// May be deployed.
        Approved = "approved",
        /// Runs, and may be called.
        Deployed = "deployed",
    }

    /// How much of a program's log is kept (app sheet, 2.11).
    #[derive(Default, PartialOrd, Ord, utoipa::ToSchema)]
    LogLevel {
        /// Errors only.
        Error = "error",
        /// Also information.
        #[default]
        Info = "info",
        /// Everything.
        Debug = "debug",
    }
}

impl LogLevel {
    /// The platform's number of it.
    pub const fn number(self) -> u32 {
        match self {
            Self::Error => 1,
            Self::Info => 2,
            Self::Debug => 3,
        }
    }

    /// What the platform's number means.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|level| level.number() == number)
    }
}

/// One program as the zone knows it.
#[derive(Debug, Clone)]
pub struct Program {
    /// The platform's id: `prog` and letters and digits.
    pub program_id: String,
    /// What people call it.
    pub name: String,
    /// Program or model.
    pub kind: ProgramKind,
    /// What it is for.
    pub description: String,
    /// Where it stands.
    pub state: ProgramState,
    /// What it can be asked to do.
    pub abilities: Arc<[Ability]>,
    /// Where it runs once it is deployed.
    pub host: Option<Host>,
    /// How much of its log is kept.
    pub log_level: LogLevel,
    /// Its own timings.
    pub settings: Settings,
    /// Its debug page.
    pub debug: DebugPage,
    /// When it was made.
    pub created_at: ScheduleTime,
}

impl Program {
    /// The ability of this id.
    pub fn ability(&self, id: &str) -> Option<&Ability> {
        self.abilities.iter().find(|ability| ability.id == id)
    }

    /// How many instances it has where it is deployed.
    pub fn instances(&self) -> u32 {
        match &self.host {
            Some(Host::Url { urls }) => urls.len() as u32,
            Some(Host::Process { instances, .. }) => *instances,
            None => 0,
        }
    }
}

/// What a program's debug page shows (app sheet, section 6).
#[derive(Debug, Clone, Default)]
pub struct DebugPage {
    /// The event receive server: where calls and events go in debug mode, exactly as written.
    pub url: Option<Url>,
    /// The debug credential; asked for again, it is the same until it expires.
    pub credential: Option<DebugCredential>,
}

/// A debug credential: `dbg_<id>_<secret>`.
#[derive(Debug, Clone)]
pub struct DebugCredential {
    /// The key id of the open flow.
    pub id: String,
    /// The whole text.
    pub token: Secret,
    /// When its three days are over.
    pub expires_at: ScheduleTime,
}

/// One named entry point of a program.
#[derive(Debug, Clone)]
pub struct Ability {
    /// What callers name.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What requests may be, and the template of tasks.
    pub input: Arc<Protocol>,
    /// What answers may be.
    pub output: Arc<Protocol>,
    /// As it was written.
    pub written: AbilityInput,
}

/// An ability as a person writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbilityInput {
    /// What callers name.
    pub id: String,
    /// What people call it; the id when left out.
    #[serde(default)]
    pub name: String,
    /// A sample of what is sent.
    pub input: String,
    /// A sample of what is answered.
    pub output: String,
    /// Whether an empty object or array in a sample accepts nothing but an empty one.
    #[serde(default)]
    pub strict: bool,
}

/// Where a program runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Host {
    /// Somewhere already; one URL an instance.
    Url {
        /// Where its instances are.
        #[schema(value_type = Vec<String>)]
        urls: Vec<Url>,
    },
    /// As child processes of this one, not isolated.
    Process {
        /// The program's file, an absolute path.
        command: String,
        /// Its arguments, each one entry.
        #[serde(default)]
        arguments: Vec<String>,
        /// Environment variables besides the zone's own.
        #[serde(default)]
        environment: std::collections::BTreeMap<String, String>,
        /// How many processes.
        #[serde(default = "one")]
        instances: u32,
        /// How much memory each may have, in bytes.
        #[serde(default)]
        memory_limit_bytes: Option<u64>,
    },
}

fn one() -> u32 {
    1
}

/// A program as its TOML file describes it: made when it is not there, else changed to this.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgramInput {
    /// The platform's id; made when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_id: Option<String>,
    /// What people call it.
    pub name: String,
    /// Program or model.
    #[serde(default)]
    pub kind: ProgramKind,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Where it is to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Host>,
    /// Its own timings.
    #[serde(default)]
    pub settings: Settings,
    /// What it can be asked to do.
    #[serde(default, rename = "ability", alias = "abilities")]
    pub abilities: Vec<AbilityInput>,
}
