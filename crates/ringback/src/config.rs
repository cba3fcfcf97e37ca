//! The configuration of `ringback serve`: process settings only (design, section 8).
//!
//! Every default stands in one commented file, [`DEFAULT_FILE`]; a test checks that it parses to
//! exactly [`Config::default`]. Unknown names are refused, and what does not fit together is refused
//! at start by [`Config::check`].

mod check;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;

/// The commented default file.
pub(crate) const DEFAULT_FILE: &str = include_str!("../default.toml");

/// Gives a section of the configuration its fields, their defaults and its `serde` manners at once.
macro_rules! section {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $name { $($(#[$field_doc])* pub(crate) $field: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        #[cfg(test)]
        impl $name {
            /// The names of its settings, in order.
            const NAMES: &[&str] = &[$(stringify!($field)),*];
        }
    )*};
}

section! {
    /// All settings.
    Config {
        /// Where the faces listen.
        listen: Listen = Listen::default(),
        /// Their certificate.
        tls: Tls = Tls::default(),
        /// The durable store.
        store: Store = Store::default(),
        /// What is kept for how long.
        retention: Retention = Retention::default(),
        /// How much the engine may take.
        engine: Engine = Engine::default(),
        /// What may be connected to.
        outbound: Outbound = Outbound::default(),
        /// Limits before work.
        limits: Limits = Limits::default(),
        /// The WeCom zone.
        zone: Zone = Zone::default(),
        /// Tencent Desk.
        desk: Desk = Desk::default(),
        /// The end.
        shutdown: Shutdown = Shutdown::default(),
        /// Metrics.
        metrics: Metrics = Metrics::default(),
        /// The process's own log.
        log: Log = Log::default(),
    }

    /// Where the faces listen.
    Listen {
        /// Every face that has no address of its own.
        address: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 7300)),
        /// The platform's own paths.
        platform: Address = Address(None),
        /// The management API.
        management: Address = Address(None),
        /// The receive paths.
        receive: Address = Address(None),
        /// Names that the faces answer to.
        hosts: Vec<String> = Vec::new(),
        /// Names that the receive paths answer to.
        receive_hosts: Vec<String> = Vec::new(),
    }

    /// The certificate of the listeners.
    Tls {
        /// Whether they speak TLS.
        enabled: bool = false,
        /// The chain, PEM.
        certificate_file: PathBuf = PathBuf::new(),
        /// The private key, PEM.
        key_file: PathBuf = PathBuf::new(),
    }

    /// The durable store.
    Store {
        /// The data directory.
        directory: PathBuf = PathBuf::from("ringback-data"),
        /// The master key; empty: beside the data.
        master_key_file: PathBuf = PathBuf::new(),
        /// This node's number.
        node: u8 = 0,
        /// Below so much free space sources are answered 503.
        minimum_free_bytes: u64 = 64 << 20,
        /// How many writes may wait.
        queue_capacity: usize = 8_192,
    }

    /// What is kept for how long.
    Retention {
        /// Bodies.
        body_days: u32 = 7,
        /// Rows.
        row_days: u32 = 30,
        /// Deliveries held behind others.
        held_hours: u32 = 72,
    }

    /// How much the engine may take.
    Engine {
        /// Attempts under way at once.
        concurrency: u32 = 512,
        /// Idle connections to one address.
        idle_per_address: usize = 64,
        /// For how long they are kept.
        idle_seconds: u64 = 4,
        /// Whether faults and the clock may be moved.
        rehearsal: bool = false,
    }

    /// What may be connected to.
    Outbound {
        /// Networks that the guard lets through.
        allow: Vec<String> = Vec::new(),
        /// Certificates that are trusted besides the system's.
        root_files: Vec<PathBuf> = Vec::new(),
    }

    /// Limits before work (design, section 10).
    Limits {
        /// The largest body.
        body_bytes: usize = 1 << 20,
        /// What all bodies under way may take together.
        body_budget_bytes: usize = 64 << 20,
        /// How long one may take to arrive.
        body_deadline_ms: u64 = 5_000,
        /// Requests under way at all receive paths.
        in_flight: usize = 4_096,
        /// Requests under way at each.
        in_flight_per_source: usize = 1_024,
        /// Requests under way at the platform's own paths.
        in_flight_platform: usize = 1_024,
        /// Refusals a second in the log, per source.
        logged_refusals_per_second: u32 = 5,
        /// Connections open on an address.
        connections: usize = 10_000,
        /// The largest head.
        head_bytes: usize = 64 * 1024,
        /// How long a head may take to arrive.
        head_deadline_ms: u64 = 30_000,
    }

    /// The WeCom data-and-intelligence zone.
    Zone {
        /// Where programs reach it; empty: where the platform's own paths are.
        url: String = String::new(),
        /// Whether programs may run as processes, which are not isolated.
        allow_unisolated: bool = false,
        /// Whether a program is approved as soon as it is submitted.
        approve_at_once: bool = false,
        /// Calls a minute of one corp and one API.
        calls_per_minute: u32 = 10_000,
        /// Calls an hour of one corp and one API.
        calls_per_hour: u32 = 150_000,
        /// Calls a minute of one address and one API.
        calls_per_minute_of_address: u32 = 20_000,
        /// Calls an hour of one address and one API.
        calls_per_hour_of_address: u32 = 600_000,
        /// Message lists a minute of one corp without a token.
        lists_per_minute_without_token: u32 = 60,
        /// Whether `has_more` of `get_auth_user_list` is an integer.
        has_more_as_integer: bool = false,
        /// How long imports are gathered before programs are told.
        notice_debounce_ms: u64 = 1_000,
        /// How far back messages are listed.
        listing_days: u32 = 5,
        /// How long messages are kept.
        message_days: u32 = 90,
        /// How long a program may take to report a job.
        job_hours: u32 = 24,
        /// How long the result of a job can be fetched.
        result_hours: u32 = 24,
    }

    /// Tencent Desk.
    Desk {
        /// How long a closed conversation is kept.
        conversation_days: u32 = 30,
    }

    /// The end.
    Shutdown {
        /// How long everything is still served while `/readyz` says no.
        drain_seconds: u64 = 5,
        /// How long what is under way may then take to finish.
        finish_seconds: u64 = 20,
    }

    /// Metrics.
    Metrics {
        /// Whether `/metrics` answers.
        enabled: bool = true,
    }

    /// The process's own log.
    Log {
        /// A level or a filter.
        level: String = "info".to_owned(),
        /// How its lines look.
        format: LogFormat = LogFormat::Text,
    }
}

/// How the lines of the process's own log look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// An address, or none where the text is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) Option<SocketAddr>);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(Self(None));
        }
        let address = text.parse();
        address.map(|it| Self(Some(it))).map_err(|_| {
            serde::de::Error::custom(format!("`{text}` is not an address such as 127.0.0.1:7301"))
        })
    }
}

impl Config {
    /// Reads and checks a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::file("read", path, &error).exiting(crate::failure::Exit::Usage)
        })?;
        let config: Self = toml::from_str(&text).map_err(|error| {
            let message = format!("`{}`: {}", path.display(), error.to_string().trim_end());
            Failure::usage("config.malformed", message)
                .with_hint("`ringback config default` prints every setting with its default")
        })?;
        config.check()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_says_the_defaults() {
        let parsed: Config = toml::from_str(DEFAULT_FILE).unwrap();
        assert_eq!(parsed, Config::default());
        parsed.check().unwrap();
        let document: toml::Table = toml::from_str(DEFAULT_FILE).unwrap();
        let sections: Vec<&str> = document.keys().map(String::as_str).collect();
        assert_eq!(
            sections,
            sorted(Config::NAMES),
            "a section is missing in `default.toml`"
        );
        for (section, names) in [
            ("listen", Listen::NAMES),
            ("tls", Tls::NAMES),
            ("store", Store::NAMES),
            ("retention", Retention::NAMES),
            ("engine", Engine::NAMES),
            ("outbound", Outbound::NAMES),
            ("limits", Limits::NAMES),
            ("zone", Zone::NAMES),
            ("desk", Desk::NAMES),
            ("shutdown", Shutdown::NAMES),
            ("metrics", Metrics::NAMES),
            ("log", Log::NAMES),
        ] {
            let settings = document[section].as_table().unwrap().keys();
            let settings: Vec<&str> = settings.map(String::as_str).collect();
            assert_eq!(
                settings,
                sorted(names),
                "a setting of `{section}` is missing in `default.toml`"
            );
        }
    }

    fn sorted(names: &[&'static str]) -> Vec<&'static str> {
        let mut names = names.to_vec();
        names.sort_unstable();
        names
    }
}
