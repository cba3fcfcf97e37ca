//! Programs, their instances and their log lines.

use std::collections::BTreeMap;

use ringback_host::{Ended, Exit, InstanceStatus, LogLevel as LineLevel, LogLine, State};
use ringback_types::{Caller, Problem, WireTime};
use serde::Serialize;
use serde_json::Value;

use super::app::text;
use super::shown_url;
use crate::options::Settings;
use crate::program::{
    Ability, AbilityInput, DebugCredential, Host, LogLevel, Program, ProgramKind, ProgramState,
};
use crate::zone::Zone;

/// A program as it is, without secrets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProgramView {
    /// The platform's id of it.
    program_id: String,
    /// What people call it.
    name: String,
    /// Program or model.
    kind: ProgramKind,
    /// What it is for.
    description: String,
    /// Where it stands.
    state: ProgramState,
    /// What it can be asked to do.
    abilities: Vec<AbilityInput>,
    /// Where it runs once it is deployed.
    host: Option<HostView>,
    /// How much of its log is kept.
    log_level: LogLevel,
    /// Its own timings.
    settings: Settings,
    /// What its protocols accept that whoever wrote them may not have meant.
    warnings: Vec<String>,
    /// The apps that may use it, as `corpid/agentid`.
    apps: Vec<String>,
    /// Its debug page.
    debug: DebugPageView,
    /// Its instances, in the order of their numbers.
    instances: Vec<InstanceView>,
    /// When it was made.
    created_at: String,
}

impl ProgramView {
    pub(crate) fn new(zone: &Zone, caller: &Caller, program: &Program) -> Self {
        let abilities = program.abilities.iter();
        Self {
            program_id: program.program_id.clone(),
            name: program.name.clone(),
            kind: program.kind,
            description: program.description.clone(),
            state: program.state,
            abilities: abilities.clone().map(|it| it.written.clone()).collect(),
            host: program
                .host
                .as_ref()
                .map(|host| HostView::new(host, caller)),
            log_level: program.log_level,
            settings: program.settings.clone(),
            warnings: abilities.flat_map(Ability::warnings).collect(),
            apps: apps_of(zone, &program.program_id),
            debug: DebugPageView::new(zone, caller, program),
            instances: InstanceView::all(zone, caller, program),
            created_at: program.created_at.to_rfc3339(),
        }
    }
}

fn apps_of(zone: &Zone, program_id: &str) -> Vec<String> {
    let snapshot = zone.snapshot();
    let associations = snapshot
        .associations()
        .filter(|association| association.program_id == program_id);
    let mut labels: Vec<String> = associations
        .filter_map(|association| snapshot.app_by_id(association.app))
        .map(|app| app.label())
        .collect();
    labels.sort();
    labels
}

/// Where a program runs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum HostView {
    /// Somewhere already.
    Url {
        /// One an instance; query values only for the role `operator`.
        urls: Vec<String>,
    },
    /// As child processes of this one, not isolated.
    Process {
        /// The program's file.
        command: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// Names of its environment variables; their values, which may be secrets, are never shown.
        #[schema(value_type = Object)]
        environment: BTreeMap<String, Value>,
        /// How many processes.
        instances: u32,
        /// How much memory each may have, in bytes.
        memory_limit_bytes: Option<u64>,
    },
}

impl HostView {
    fn new(host: &Host, caller: &Caller) -> Self {
        match host {
            Host::Url { urls } => Self::Url {
                urls: urls.iter().map(|url| shown_url(url, caller)).collect(),
            },
            Host::Process {
                command,
                arguments,
                environment,
                instances,
                memory_limit_bytes,
            } => Self::Process {
                command: command.clone(),
                arguments: arguments.clone(),
                environment: hidden(environment.keys()),
                instances: *instances,
                memory_limit_bytes: *memory_limit_bytes,
            },
        }
    }
}

fn hidden<'n>(names: impl Iterator<Item = &'n String>) -> BTreeMap<String, Value> {
    names.map(|name| (name.clone(), Value::Null)).collect()
}

/// The debug page of a program.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DebugPageView {
    /// Where calls and events go in debug mode.
    url: Option<String>,
    /// When the debug credential ends; absent without a live one.
    credential_expires_at: Option<String>,
}

impl DebugPageView {
    fn new(zone: &Zone, caller: &Caller, program: &Program) -> Self {
        let (url, credential) = (&program.debug.url, &program.debug.credential);
        let live = credential.as_ref().filter(|it| it.expires_at > zone.now());
        Self {
            url: url.as_ref().map(|url| shown_url(url, caller)),
            credential_expires_at: live.map(|credential| credential.expires_at.to_rfc3339()),
        }
    }
}

/// The debug credential, for a debug program: no `Debug`.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct DebugCredentialView {
    /// What `open_debug_mode` and the debug program name.
    debug_token: String,
    /// When its three days are over.
    expires_at: String,
}

impl From<&DebugCredential> for DebugCredentialView {
    fn from(credential: &DebugCredential) -> Self {
        Self {
            debug_token: text(&credential.token),
            expires_at: credential.expires_at.to_rfc3339(),
        }
    }
}

/// One instance of a program.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InstanceView {
    /// Which one, from 1.
    number: u32,
    /// Where it is, if it is somewhere already.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// How its process is, if it is one of ours.
    #[serde(flatten)]
    process: Option<ProcessView>,
    /// The versions of its secret.
    key: Option<KeyView>,
}

impl InstanceView {
    fn all(zone: &Zone, caller: &Caller, program: &Program) -> Vec<Self> {
        let statuses = zone.hosts().status(&program.program_id);
        let one = |number: u32| {
            let (url, process) = match &program.host {
                Some(Host::Url { urls }) => (urls.get(number as usize - 1), None),
                _ => (None, Some(ProcessView::of(&statuses, number))),
            };
            Self {
                number,
                url: url.map(|url| shown_url(url, caller)),
                process,
                key: KeyView::of(zone, &program.program_id, number),
            }
        };
        (1..=program.instances()).map(one).collect()
    }
}

/// The versions of an instance's secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct KeyView {
    /// The one that the last rotation made.
    newest: u32,
    /// The one that the instance has used, and the zone signs with.
    used: u32,
}

impl KeyView {
    fn of(zone: &Zone, program_id: &str, number: u32) -> Option<Self> {
        let snapshot = zone.snapshot();
        let ring = &snapshot.speaker(&format!("{program_id}/{number}"))?.ring;
        Some(Self {
            newest: ring.newest(),
            used: ring.used(),
        })
    }
}

/// How the process of an instance is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProcessView {
    /// `starting`, `ready`, `backing_off`, `stopping` or `stopped`.
    #[schema(value_type = String, example = "ready")]
    state: State,
    /// Since when.
    since: Option<String>,
    /// Its process, while it has one.
    pid: Option<u32>,
    /// Where it listens, while it is ready.
    address: Option<String>,
    /// How often it has been started again.
    restarts: u32,
    /// When it is started again, while it is backing off.
    next_start: Option<String>,
    /// How its process ended last.
    last_exit: Option<ExitView>,
    /// Why it did not come up, until it does.
    problem: Option<Problem>,
    /// `not isolated`: it can reach the network, files and other processes.
    #[schema(value_type = String)]
    isolation: &'static str,
}

impl ProcessView {
    /// One that has no status does not run.
    fn of(statuses: &[InstanceStatus], number: u32) -> Self {
        let status = statuses.iter().find(|status| status.number == number);
        Self {
            state: status.map_or(State::Stopped, |status| status.state),
            since: status.map(|status| status.since.to_rfc3339()),
            pid: status.and_then(|status| status.pid),
            address: status.and_then(|status| Some(status.address?.to_string())),
            restarts: status.map_or(0, |status| status.restarts),
            next_start: status.and_then(|status| status.next_start.map(WireTime::to_rfc3339)),
            last_exit: status.and_then(|status| status.last_exit.as_ref().map(ExitView::from)),
            problem: status.and_then(|status| status.problem.clone()),
            isolation: "not isolated",
        }
    }
}

/// How a process ended.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExitView {
    /// When.
    at: String,
    /// `{"status": 1}` or `{"signal": 9}`.
    #[schema(value_type = Object)]
    ended: Ended,
    /// How long it had run.
    ran_ms: u64,
    /// Whether it said that it got no more memory.
    out_of_memory: bool,
}

impl From<&Exit> for ExitView {
    fn from(exit: &Exit) -> Self {
        Self {
            at: exit.at.to_rfc3339(),
            ended: exit.ended,
            ran_ms: exit.ran_ms,
            out_of_memory: exit.out_of_memory,
        }
    }
}

/// A log line of a program.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LogLineView {
    /// Its place among the lines of the program.
    number: u64,
    /// When it was read.
    at: String,
    /// Which instance wrote it.
    instance: u32,
    /// `ERR`, `INFO` or `DBG`.
    #[schema(value_type = String, example = "INFO")]
    level: LineLevel,
    /// The request it belongs to, as the SDK numbered it; may be empty.
    req_id: String,
    /// The source file it comes from.
    file: String,
    /// The line in that file.
    line: u32,
    /// The program's own text.
    text: String,
    /// When the program says it wrote it: its local time.
    written: String,
}

impl From<LogLine> for LogLineView {
    fn from(line: LogLine) -> Self {
        Self {
            number: line.number,
            at: line.at.to_rfc3339(),
            instance: line.instance,
            level: line.level,
            req_id: line.req_id,
            file: line.file,
            line: line.line,
            text: line.text,
            written: line.written,
        }
    }
}
