//! The zone as a program sees it, and what is set about it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ringback_dialect::zone::Nonces;
use ringback_types::{Clock, Random, WireTime};

use crate::blocking::Blocking;
use crate::client::Client;
use crate::environment;
use crate::error::Error;
use crate::http::{Http, Limits};
use crate::identity::Identities;

/// The largest body of a request, a reply or an answer unless a setting says otherwise.
pub const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// How a program finds its zone. The defaults need neither file nor environment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The credentials file of a deployed program (`RINGBACK_ZONE_CREDENTIALS`).
    pub credentials: Option<PathBuf>,
    /// Where debug mode is opened (`RINGBACK_ZONE_URL`); a credentials file names its own zone.
    pub zone_url: String,
    /// Whether debug mode may be opened over plain HTTP beyond loopback (`RINGBACK_ALLOW_HTTP=1`).
    pub allow_http: bool,
    /// How long connecting to the zone may take.
    pub connect_timeout: Duration,
    /// How long a whole exchange with the zone may take.
    pub timeout: Duration,
    /// The largest body that is taken, in bytes, in either direction.
    pub max_body_bytes: usize,
    /// How many nonces are remembered; beyond it requests are refused rather than let in twice.
    pub remembered_nonces: usize,
    /// Where the time comes from.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            credentials: None,
            zone_url: environment::DEFAULT_ZONE_URL.to_owned(),
            allow_http: false,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            max_body_bytes: MAX_BODY_BYTES,
            remembered_nonces: 1 << 20,
            clock: Clock::real(),
        }
    }
}

impl Settings {
    /// The defaults, with what the environment says ([`environment`]).
    pub fn from_environment() -> Self {
        Self {
            credentials: environment::credentials(),
            zone_url: environment::zone_url(),
            allow_http: environment::allow_http(),
            ..Self::default()
        }
    }
}

/// The zone that this process is a program of: its keys, the nonces it has seen, its connections.
///
/// One a process, made at start. Cheap to clone, and free to be used from any thread.
#[derive(Clone)]
pub struct Zone(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) random: Random,
    pub(crate) identities: Identities,
    pub(crate) nonces: Nonces,
    pub(crate) http: Http,
    pub(crate) blocking: Blocking,
}

impl Zone {
    /// The zone that the environment names. Without a credentials file every request is refused
    /// until [`Zone::open_debug`].
    pub fn from_environment() -> Result<Self, Error> {
        Self::new(Settings::from_environment())
    }

    /// The zone of these settings; reads the credentials file where one is named.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let limits = Limits {
            connect: settings.connect_timeout,
            whole: settings.timeout,
            answer_bytes: settings.max_body_bytes,
        };
        Ok(Self(Arc::new(Inner {
            random: Random::system(),
            identities: Identities::load(settings.credentials.clone())?,
            nonces: Nonces::new(settings.remembered_nonces),
            http: Http::new(limits),
            blocking: Blocking::default(),
            settings,
        })))
    }

    /// A client that speaks for an app (`corpid`, `agentid`) and an ability.
    ///
    /// `job_info` is needed for `program_async_job_call_back` only, and empty otherwise; `agentid`
    /// may be 0 only there (sheet wecom-zone-sdk, 5.1). [`Request::client`](crate::Request::client)
    /// takes all four from a request.
    pub fn client(
        &self,
        corpid: impl Into<String>,
        agentid: i64,
        ability_id: impl Into<String>,
        job_info: impl Into<String>,
    ) -> Client {
        Client::new(
            self.clone(),
            corpid.into(),
            agentid,
            ability_id.into(),
            job_info.into(),
        )
    }

    /// Whether debug mode has been opened in this process.
    pub fn is_debug(&self) -> bool {
        self.inner().identities.is_debug()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    pub(crate) fn now(&self) -> WireTime {
        self.0.settings.clock.wire()
    }

    /// A fresh nonce.
    pub(crate) fn nonce(&self) -> [u8; 16] {
        self.0.random.secret()
    }

    /// A fresh id for a request of this program.
    pub(crate) fn request_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.random.secret::<16>())
    }

    /// A fresh id for log lines: 16 hexadecimal digits, as in the documented sample.
    pub(crate) fn log_id(&self) -> String {
        format!("{:016x}", u64::from_be_bytes(self.0.random.bytes()))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Zone")
            .field("settings", &self.0.settings)
            .field("identities", &self.0.identities)
            .finish_non_exhaustive()
    }
}

/// A new notify_id: 32 characters of base64url, of the 64 bytes that the zone allows (sheet
/// wecom-zone-sdk, 11.2).
pub fn generate_notify_id() -> String {
    URL_SAFE_NO_PAD.encode(Random::system().secret::<24>())
}
