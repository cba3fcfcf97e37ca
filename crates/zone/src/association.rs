//! A program that an app may use: where what is meant for it comes in and goes, and debug mode, which
//! is per corp, app and program (design, section 6).

use ringback_types::{AppId, EndpointId, ScheduleTime, Secret, SourceId};

use crate::app::App;
use crate::program::Program;

/// One program as one app uses it.
#[derive(Debug, Clone)]
pub struct Association {
    /// The app.
    pub app: AppId,
    /// The program.
    pub program_id: String,
    /// Where calls and tasks for the program come in.
    pub source: SourceId,
    /// Where calls, tasks and, if it is the receiving program, events go.
    pub endpoint: EndpointId,
    /// Whether the app has said `open_debug_mode`.
    pub debug_opened: bool,
    /// The debug program's half.
    pub session: Option<Session>,
    /// Whether the app may use debug mode at all, as it and its corp are now; not kept.
    pub may_debug: bool,
}

/// What the SDK's open has made: a key for the developer's machine.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its key id is `<program>/dbg-<id>`.
    pub id: String,
    /// The key's secret.
    pub secret: Secret,
    /// The debug credential it was opened with.
    pub credential: String,
    /// A hash of the access token it was opened with: opening again with the same gives the same.
    pub token_hash: Vec<u8>,
    /// When that access token ends.
    pub expires_at: ScheduleTime,
}

impl Session {
    /// The key id by which the debug program speaks.
    pub fn key_id(&self, program_id: &str) -> String {
        format!("{program_id}/dbg-{}", self.id)
    }
}

impl Association {
    /// The session where debug mode is on: both halves were opened, and neither is over.
    pub fn debugging(&self, program: &Program, now: ScheduleTime) -> Option<&Session> {
        self.live_session(program, now)
            .filter(|_| self.debug_opened)
    }

    /// The debug program's half while it holds: it is not over, the credential that it was opened with is
    /// still the program's, and the app may still use debug mode.
    pub fn live_session(&self, program: &Program, now: ScheduleTime) -> Option<&Session> {
        let credential = program.debug.credential.as_ref()?;
        self.session.as_ref().filter(|session| {
            self.may_debug
                && session.expires_at > now
                && credential.expires_at > now
                && credential.id == session.credential
        })
    }

    /// The endpoint's name: unique, and with what a person looks for.
    pub fn endpoint_name(app: &App, program_id: &str) -> String {
        format!("zone:{}:{program_id}", app.label())
    }
}
