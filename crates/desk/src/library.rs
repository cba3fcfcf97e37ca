//! Checked versions of flows in memory, read when they are first needed.
//!
//! A version never changes, so what is here is never stale. The library is bounded: when it is full it
//! is emptied, and what is in use is read again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ringback_deliver::Target;
use ringback_flow::Flow;
use ringback_store::Store;
use ringback_types::FlowId;
use url::Url;

use crate::error::LoadError;
use crate::records;

/// How many versions are kept in memory.
const MOST_VERSIONS: usize = 1_024;

/// Checked versions of flows.
#[derive(Debug)]
pub(crate) struct Library {
    store: Store,
    versions: Mutex<HashMap<(FlowId, i64), Arc<Edition>>>,
}

/// A checked version of a flow.
#[derive(Debug)]
pub(crate) struct Edition {
    pub(crate) id: FlowId,
    pub(crate) version: i64,
    pub(crate) flow: Flow,
    /// Where each API-call node calls, taken apart once.
    targets: HashMap<usize, Target>,
}

impl Edition {
    pub(crate) fn new(id: FlowId, version: i64, flow: Flow) -> Self {
        let target = |(node, call): (usize, &ringback_flow::document::ApiCall)| {
            // The check of the document has read it already.
            Some((node, Target::from(Url::parse(&call.url).ok()?)))
        };
        let targets = flow.api_calls().filter_map(target).collect();
        Self {
            id,
            version,
            flow,
            targets,
        }
    }

    pub(crate) fn target(&self, node: usize) -> Option<&Target> {
        self.targets.get(&node)
    }
}

impl Library {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            versions: Mutex::default(),
        }
    }

    fn versions(&self) -> std::sync::MutexGuard<'_, HashMap<(FlowId, i64), Arc<Edition>>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This version; nothing where there is none any more.
    pub(crate) async fn get(
        &self,
        flow: FlowId,
        version: i64,
    ) -> Result<Option<Arc<Edition>>, LoadError> {
        let there = self.versions().get(&(flow, version)).cloned();
        if there.is_some() {
            return Ok(there);
        }
        let Some(document) = records::flows::document(&self.store, flow, version).await? else {
            return Ok(None);
        };
        // Only what passed was saved; a later Ringback may be stricter.
        let read = Flow::parse(document.as_bytes()).map_err(|_| LoadError::Row {
            what: format!("version {version} of the flow `{flow}`"),
            member: "document",
        })?;
        let edition = Arc::new(Edition::new(flow, version, read));
        let mut versions = self.versions();
        if versions.len() >= MOST_VERSIONS {
            versions.clear();
        }
        versions.insert((flow, version), Arc::clone(&edition));
        Ok(Some(edition))
    }
}
