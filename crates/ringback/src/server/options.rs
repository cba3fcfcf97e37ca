//! What the configuration means to each room.

use std::time::Duration;

use bytes::Bytes;
use metrics_exporter_prometheus::PrometheusHandle;
use ringback_deliver::{EngineOptions, Guard};
use ringback_http::Hosts;
use ringback_store::MasterKey;
use ringback_store::record::Retention;
use ringback_types::Secret;

use crate::config::Config;
use crate::environment;
use crate::failure::Failure;

pub(super) fn metrics(config: &Config) -> Result<Option<PrometheusHandle>, Failure> {
    if !config.metrics.enabled {
        return Ok(None);
    }
    ringback_http::metrics::install()
        .map(Some)
        .map_err(Failure::internal)
}

pub(super) fn store(config: &Config) -> ringback_store::Options {
    let store = &config.store;
    ringback_store::Options {
        node: store.node,
        minimum_free_bytes: store.minimum_free_bytes,
        queue_capacity: store.queue_capacity,
        ..ringback_store::Options::new(&store.directory)
    }
}

/// Where the master key is: the environment wins over the configuration.
pub(crate) fn master_key(config: &Config) -> MasterKey {
    let named = environment::value(environment::MASTER_KEY_FILE).map(Into::into);
    let file = named.unwrap_or_else(|| config.store.master_key_file.clone());
    if file.as_os_str().is_empty() {
        MasterKey::Beside
    } else {
        MasterKey::File(file)
    }
}

pub(super) fn retention(config: &Config) -> Retention {
    let hours = |count: u32| Duration::from_hours(u64::from(count));
    Retention {
        body: hours(config.retention.body_days.saturating_mul(24)),
        row: hours(config.retention.row_days.saturating_mul(24)),
        held: hours(config.retention.held_hours),
    }
}

pub(super) fn engine(config: &Config) -> Result<EngineOptions, Failure> {
    let read = |path: &std::path::PathBuf| {
        std::fs::read(path)
            .map(Bytes::from)
            .map_err(|error| Failure::file("read", path, &error))
    };
    let extra_roots = config
        .outbound
        .root_files
        .iter()
        .map(read)
        .collect::<Result<_, _>>()?;
    Ok(EngineOptions {
        concurrency: config.engine.concurrency,
        faults: config.engine.rehearsal,
        idle_per_address: config.engine.idle_per_address,
        idle_for: Duration::from_secs(config.engine.idle_seconds),
        extra_roots,
    })
}

/// Public addresses and the networks that are named; [`Config::check`] has refused what is none.
pub(super) fn guard(config: &Config) -> Guard {
    let networks = config
        .outbound
        .allow
        .iter()
        .filter_map(|text| text.parse().ok());
    Guard::public().allowing(networks.collect())
}

pub(super) fn gateway(config: &Config) -> ringback_gateway::Options {
    ringback_gateway::Options {
        limits: gateway_limits(config),
    }
}

pub(super) fn feishu(config: &Config) -> ringback_feishu::Options {
    ringback_feishu::Options {
        in_flight: config.limits.in_flight_platform,
        ..Default::default()
    }
}

pub(super) fn desk(config: &Config) -> ringback_desk::Options {
    ringback_desk::Options {
        in_flight: config.limits.in_flight_platform,
        conversation_life: Duration::from_hours(u64::from(config.desk.conversation_days) * 24),
        ..Default::default()
    }
}

pub(super) fn archive(config: &Config) -> ringback_archive::Options {
    let zone = &config.zone;
    let days = |count: u32| Duration::from_hours(u64::from(count) * 24);
    ringback_archive::Options {
        listing_window: days(zone.listing_days),
        message_life: days(zone.message_days),
        notice_debounce: Duration::from_millis(zone.notice_debounce_ms),
        calls_without_token: zone.lists_per_minute_without_token,
        ..Default::default()
    }
}

/// Processes start through this very program, which sets their limits before they run.
pub(super) fn program_hosts() -> Result<ringback_host::Options, Failure> {
    let program = std::env::current_exe().map_err(Failure::internal)?;
    Ok(ringback_host::Options {
        launcher: Some(ringback_host::Launcher {
            program,
            arguments: vec![crate::LAUNCH.into()],
        }),
        ..Default::default()
    })
}

/// The zone, whose door is at `platform` unless the configuration says otherwise.
pub(super) fn zone(
    config: &Config,
    platform: std::net::SocketAddr,
    callback: Option<ringback_zone::WellKnownCallback>,
) -> ringback_zone::Options {
    let zone = &config.zone;
    let scheme = if config.tls.enabled { "https" } else { "http" };
    let own = || format!("{scheme}://{platform}");
    let hours = |count: u32| Duration::from_hours(u64::from(count));
    ringback_zone::Options {
        zone_url: Some(zone.url.clone())
            .filter(|url| !url.is_empty())
            .unwrap_or_else(own),
        job_life: hours(zone.job_hours),
        result_life: hours(zone.result_hours),
        calls_per_minute: zone.calls_per_minute,
        calls_per_hour: zone.calls_per_hour,
        calls_per_minute_of_address: zone.calls_per_minute_of_address,
        calls_per_hour_of_address: zone.calls_per_hour_of_address,
        in_flight: config.limits.in_flight_platform,
        has_more_as_integer: zone.has_more_as_integer,
        approve_at_once: zone.approve_at_once,
        allow_unisolated: zone.allow_unisolated,
        callback,
        ..Default::default()
    }
}

pub(super) fn gateway_limits(config: &Config) -> ringback_gateway::Limits {
    let limits = &config.limits;
    ringback_gateway::Limits {
        body_bytes: limits.body_bytes,
        body_budget_bytes: limits.body_budget_bytes,
        body_deadline: Duration::from_millis(limits.body_deadline_ms),
        in_flight: limits.in_flight,
        in_flight_per_source: limits.in_flight_per_source,
        logged_refusals_per_second: limits.logged_refusals_per_second,
    }
}

pub(super) fn listener_limits(config: &Config) -> ringback_http::Limits {
    let limits = &config.limits;
    ringback_http::Limits {
        connections: limits.connections,
        head_deadline: Duration::from_millis(limits.head_deadline_ms),
        head_bytes: limits.head_bytes,
        drain: Duration::from_secs(config.shutdown.finish_seconds),
    }
}

pub(super) fn faces(
    config: &Config,
    process_token: Option<Secret>,
    metrics: Option<PrometheusHandle>,
) -> ringback_http::Options {
    ringback_http::Options {
        hosts: hosts(&config.listen.hosts),
        receive_hosts: hosts(&config.listen.receive_hosts),
        process_token,
        metrics,
    }
}

fn hosts(names: &[String]) -> Hosts {
    if names.iter().any(|name| name == "*") {
        Hosts::Any
    } else {
        Hosts::Named(names.to_vec())
    }
}
