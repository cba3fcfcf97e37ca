//! What must hold after any crash.

use std::path::Path;
use std::time::Duration;

use anyhow::{bail, ensure};

use super::Bench;
use super::api::Api;
use crate::workspace;

/// How long deliveries may take to become final once the server runs again and the sink answers.
const SETTLING: Duration = Duration::from_secs(20);

/// Something the server has said is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Promise {
    /// An event was answered 200.
    Event(String),
    /// A thing of this kind (as the API's path has it) and name was made.
    Made(&'static str, &'static str),
}

impl Promise {
    /// The promise as a mark in the log.
    pub(crate) fn to_mark(&self) -> String {
        match self {
            Self::Event(id) => format!("event:{id}"),
            Self::Made(kind, name) => format!("{kind}:{name}"),
        }
    }

    /// The promise that a mark stands for.
    pub(crate) fn from_mark(mark: &str) -> anyhow::Result<Self> {
        match mark.split_once(':') {
            Some(("event", id)) => Ok(Self::Event(id.to_owned())),
            Some(("sources", _)) => Ok(Self::Made("sources", super::api::SOURCE)),
            Some(("endpoints", _)) => Ok(Self::Made("endpoints", super::api::ENDPOINT)),
            _ => bail!("an unknown mark `{mark}`"),
        }
    }
}

/// Starts the binary on `data`: it must become ready, keep every promise, and have no delivery that
/// neither is final nor becomes so.
pub(crate) fn after_crash(bench: &Bench, data: &Path, promises: &[Promise]) -> anyhow::Result<()> {
    let server = bench.binary.start(data, &[])?;
    let mut api = server.api()?;
    ensure!(
        api.is_ready()?,
        "the server wrote its ready file but is not ready"
    );
    kept(&mut api, promises)?;
    settled(&mut api)?;
    for promise in promises {
        if let Promise::Event(id) = promise {
            ensure!(
                bench.sink.has(id),
                "event {id} is recorded as delivered but never arrived"
            );
        }
    }
    server.kill()
}

/// Every promise holds.
fn kept(api: &mut Api, promises: &[Promise]) -> anyhow::Result<()> {
    let is_event = |promise: &&Promise| matches!(promise, Promise::Event(_));
    for promise in promises.iter().filter(|promise| !is_event(promise)) {
        if let Promise::Made(kind, name) = promise {
            ensure!(api.has(kind, name)?, "{kind}/{name} was made and is gone");
        }
    }
    if !promises.iter().any(|promise| is_event(&promise)) {
        return Ok(());
    }
    let events = api.events()?;
    for promise in promises {
        if let Promise::Event(id) = promise {
            match events.get(id) {
                None => bail!("event {id} was answered 200 and is gone"),
                Some(None) => bail!("event {id} was answered 200 and has no delivery"),
                Some(Some(_)) => {}
            }
        }
    }
    Ok(())
}

/// Every delivery becomes final: the sink answers and the ladder is short, so what does not is stuck.
fn settled(api: &mut Api) -> anyhow::Result<()> {
    if !api.has("sources", super::api::SOURCE)? {
        return Ok(());
    }
    let started = workspace::now();
    loop {
        let events = api.events()?;
        let open = events.iter().find(|(_, standing)| {
            standing
                .as_ref()
                .is_some_and(|standing| !standing.is_final())
        });
        let Some((id, Some(standing))) = open else {
            return Ok(());
        };
        ensure!(
            started.elapsed() < SETTLING,
            "the delivery of event {id} is stuck: {}",
            standing.state
        );
        workspace::pause(Duration::from_millis(20));
    }
}
