//! What must fit together: refused at start, not found out later.

use ringback_types::{Code, Coded};

use super::Config;
use crate::failure::Exit;
use crate::failure::Failure;
use crate::logging;

/// Why settings do not fit together.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Conflict {
    /// A number outside of what can work.
    #[error("`{setting}` must be {allowed}")]
    Range {
        /// Which setting.
        setting: &'static str,
        /// What it may be.
        allowed: &'static str,
    },
    /// TLS without a certificate.
    #[error("`tls.enabled` is true, but `tls.certificate_file` or `tls.key_file` is empty")]
    TlsFiles,
    /// Two faces on one address.
    #[error("`{0}` names the same address as another face")]
    SameAddress(&'static str),
    /// A receive path that takes less than one request of its own.
    #[error("`limits.in_flight_per_source` is above `limits.in_flight`")]
    InFlight,
    /// Bodies that outlive their rows.
    #[error("`retention.body_days` is above `retention.row_days`")]
    BodiesOutliveRows,
    /// A network that is not one.
    #[error("`outbound.allow` names `{0}`, which is not a network")]
    Network(String),
}

impl Coded for Conflict {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::Range { .. } => "config.range",
            Self::TlsFiles => "config.tls_files",
            Self::SameAddress(_) => "config.same_address",
            Self::InFlight => "config.in_flight",
            Self::BodiesOutliveRows => "config.retention",
            Self::Network(_) => "config.network",
        })
    }

    fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        let hint = match self {
            Self::Range { .. } => return None,
            Self::TlsFiles => "name both files, or set `tls.enabled` to false",
            Self::SameAddress(_) => "leave it empty: then the face shares `listen.address`",
            Self::InFlight => "lower the one or raise the other",
            Self::BodiesOutliveRows => "a body goes with its row at the latest",
            Self::Network(_) => "write it as 10.0.0.0/8 or fd00::/8",
        };
        Some(hint.into())
    }
}

impl Config {
    /// Refuses settings that cannot work, alone or together.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.find_conflict()
            .map_err(|conflict| Failure::from(conflict).exiting(Exit::Usage))?;
        logging::check(&self.log.level)
    }

    fn find_conflict(&self) -> Result<(), Conflict> {
        self.check_ranges()?;
        self.check_listeners()?;
        if self.tls.enabled
            && (self.tls.certificate_file.as_os_str().is_empty()
                || self.tls.key_file.as_os_str().is_empty())
        {
            return Err(Conflict::TlsFiles);
        }
        if self.limits.in_flight_per_source > self.limits.in_flight {
            return Err(Conflict::InFlight);
        }
        if self.retention.body_days > self.retention.row_days {
            return Err(Conflict::BodiesOutliveRows);
        }
        let networks = self.outbound.allow.iter();
        match networks
            .clone()
            .find(|text| text.parse::<ipnet::IpNet>().is_err())
        {
            Some(network) => Err(Conflict::Network(network.clone())),
            None => Ok(()),
        }
    }

    fn check_ranges(&self) -> Result<(), Conflict> {
        let limits = &self.limits;
        let rules = [
            (
                self.retention.row_days >= 1,
                "retention.row_days",
                "1 or more",
            ),
            (
                self.retention.held_hours >= 1,
                "retention.held_hours",
                "1 or more",
            ),
            (
                self.engine.concurrency >= 1,
                "engine.concurrency",
                "1 or more",
            ),
            (
                self.store.queue_capacity >= 1,
                "store.queue_capacity",
                "1 or more",
            ),
            (
                limits.body_bytes >= 1_024,
                "limits.body_bytes",
                "1024 or more",
            ),
            (
                limits.body_budget_bytes >= 1_024,
                "limits.body_budget_bytes",
                "1024 or more",
            ),
            (
                limits.body_deadline_ms >= 1,
                "limits.body_deadline_ms",
                "1 or more",
            ),
            (
                limits.in_flight_per_source >= 1,
                "limits.in_flight_per_source",
                "1 or more",
            ),
            (
                limits.in_flight_platform >= 1,
                "limits.in_flight_platform",
                "1 or more",
            ),
            (limits.connections >= 1, "limits.connections", "1 or more"),
            // hyper's own reading buffer cannot be smaller.
            (
                limits.head_bytes >= 8_192,
                "limits.head_bytes",
                "8192 or more",
            ),
            (
                limits.head_deadline_ms >= 1,
                "limits.head_deadline_ms",
                "1 or more",
            ),
            (
                self.desk.conversation_days >= 1,
                "desk.conversation_days",
                "1 or more",
            ),
            (
                (1..=self.zone.message_days).contains(&self.zone.listing_days),
                "zone.listing_days",
                "1 to zone.message_days",
            ),
            (self.zone.job_hours >= 1, "zone.job_hours", "1 or more"),
            (
                self.zone.result_hours >= 1,
                "zone.result_hours",
                "1 or more",
            ),
            (
                self.zone.url.is_empty()
                    || ringback_deliver::guard::check_url(&self.zone.url).is_ok(),
                "zone.url",
                "empty or an http or https URL",
            ),
            (
                self.shutdown.drain_seconds <= 3_600,
                "shutdown.drain_seconds",
                "at most 3600",
            ),
            (
                self.shutdown.finish_seconds <= 3_600,
                "shutdown.finish_seconds",
                "at most 3600",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, setting, allowed)) => Err(Conflict::Range { setting, allowed }),
            None => Ok(()),
        }
    }

    fn check_listeners(&self) -> Result<(), Conflict> {
        let listen = &self.listen;
        let own = [
            ("listen.platform", listen.platform),
            ("listen.management", listen.management),
            ("listen.receive", listen.receive),
        ];
        let mut seen = vec![listen.address];
        for (setting, address) in own {
            let Some(address) = address.0 else { continue };
            // Port 0 is a free port each time.
            if address.port() != 0 && seen.contains(&address) {
                return Err(Conflict::SameAddress(setting));
            }
            seen.push(address);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict(toml: &str) -> Option<Conflict> {
        toml::from_str::<Config>(toml)
            .unwrap()
            .find_conflict()
            .err()
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        assert_eq!(conflict(""), None);
        assert_eq!(conflict("[tls]\nenabled = true"), Some(Conflict::TlsFiles));
        assert_eq!(
            conflict("[limits]\nin_flight = 5"),
            Some(Conflict::InFlight)
        );
        assert_eq!(
            conflict("[retention]\nrow_days = 3"),
            Some(Conflict::BodiesOutliveRows)
        );
        assert_eq!(
            conflict("[listen]\nreceive = \"127.0.0.1:7300\""),
            Some(Conflict::SameAddress("listen.receive"))
        );
        assert_eq!(
            conflict("[outbound]\nallow = [\"10/8\"]"),
            Some(Conflict::Network("10/8".into()))
        );
        let range = Conflict::Range {
            setting: "retention.row_days",
            allowed: "1 or more",
        };
        assert_eq!(
            conflict("[retention]\nrow_days = 0\nbody_days = 0"),
            Some(range)
        );
    }
}
