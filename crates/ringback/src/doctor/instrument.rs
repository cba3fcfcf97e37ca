//! What the doctor works with: the engine's own probe, behind its own guard.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use ringback_deliver::guard::check_url;
use ringback_deliver::probe::{Probe, Report};
use ringback_deliver::{Engine, EngineOptions, Guard, Limits};
use ringback_dialect::WireRequest;
use ringback_store::{MasterKey, Record, Store};
use ringback_types::{Clock, Deadline, Random};
use url::Url;

use crate::duration;
use crate::failure::Failure;

/// More than any right answer has.
const ANSWER_CAP_BYTES: usize = 64 * 1024;
/// How long looking an address up may take.
const LOOK_UP: Duration = Duration::from_secs(1);

/// The probe, chance and time.
#[derive(Debug)]
pub(crate) struct Instrument {
    pub(super) probe: Probe,
    pub(super) random: Random,
    pub(super) clock: Clock,
    engine: Engine,
    /// Removed with the instrument.
    _directory: tempfile::TempDir,
}

impl Instrument {
    /// An instrument that may look at private addresses too, never at metadata services: whether the
    /// platform could is a finding, not a reason to stop.
    pub(crate) async fn new() -> Result<Self, Failure> {
        let clock = Clock::real();
        let directory = tempfile::tempdir().map_err(|error| {
            Failure::failed(
                "file.io",
                format!("no temporary directory can be made: {error}"),
            )
        })?;
        let options = ringback_store::Options::new(directory.path());
        let store = Store::open(
            options,
            clock.clone(),
            &MasterKey::Beside,
            &[ringback_deliver::records::SCHEMA],
        )?;
        let random = Random::system();
        let record = Record::new(store);
        let engine = Engine::start(
            EngineOptions::default(),
            record,
            Guard::development(),
            random.clone(),
        )
        .await?;
        Ok(Self {
            probe: engine.probe().clone(),
            random,
            clock,
            engine,
            _directory: directory,
        })
    }

    /// Puts it away.
    pub(crate) async fn close(self) {
        self.engine.shutdown(Duration::ZERO).await;
        self.engine.record().store().close().await;
    }

    /// One exchange over a connection of its own.
    pub(super) async fn exchange(
        &self,
        url: &Url,
        request: WireRequest,
        within: Duration,
    ) -> Report {
        self.probe.exchange(url, request, &limits(within)).await
    }

    /// The same with GET.
    pub(super) async fn get(&self, url: &Url, request: WireRequest, within: Duration) -> Report {
        self.probe.get(url, request, &limits(within)).await
    }

    /// The address that a URL's name has, for one that cannot be connected to; the platform prefers
    /// IPv4.
    pub(super) async fn address_of(&self, url: &str) -> Option<IpAddr> {
        let url = check_url(url).ok()?;
        let nothing = WireRequest {
            query: None,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        let report = self.exchange(&url, nothing, LOOK_UP).await;
        let mut addresses: Vec<IpAddr> = report.addresses.iter().map(|it| it.ip).collect();
        addresses.sort_by_key(IpAddr::is_ipv6);
        addresses.first().copied()
    }

    /// A fresh UUID, as the platform's challenges are.
    pub(super) fn uuid(&self) -> String {
        let bytes: [u8; 16] = self.random.secret();
        let digits = format!("{:032x}", u128::from_be_bytes(bytes));
        [
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..],
        ]
        .join("-")
    }
}

fn limits(within: Duration) -> Limits {
    Limits {
        deadline: Deadline::after(within),
        connect: within,
        answer_cap_bytes: ANSWER_CAP_BYTES,
    }
}

/// How long an exchange took in all.
pub(super) fn took(report: &Report) -> String {
    duration::readable(report.total)
}
