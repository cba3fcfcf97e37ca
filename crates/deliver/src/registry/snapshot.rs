//! All endpoints at one moment, indexed as routing asks for them.

use std::collections::HashMap;
use std::sync::Arc;

use ringback_types::{EndpointId, SourceId};

use crate::endpoint::Endpoint;

/// All endpoints at one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    endpoints: Vec<Arc<Endpoint>>,
    by_id: HashMap<EndpointId, usize>,
    by_name: HashMap<String, usize>,
    by_source: HashMap<SourceId, Vec<usize>>,
    of_any_source: Vec<usize>,
}

impl Snapshot {
    /// An endpoint that is as it was in `before` keeps its place in memory, and with it what has been
    /// prepared from its URL and secrets.
    pub(crate) fn new(endpoints: Vec<Endpoint>, before: &Self) -> Self {
        let mut snapshot = Self::default();
        for endpoint in endpoints {
            let known = before
                .by_id(endpoint.id)
                .filter(|known| same(known, &endpoint));
            let endpoint = known.map_or_else(|| Arc::new(endpoint), Arc::clone);
            snapshot.insert(endpoint);
        }
        snapshot
    }

    fn insert(&mut self, endpoint: Arc<Endpoint>) {
        let position = self.endpoints.len();
        self.by_id.insert(endpoint.id, position);
        self.by_name.insert(endpoint.name.clone(), position);
        if endpoint.routed && endpoint.sources.is_empty() {
            self.of_any_source.push(position);
        }
        if endpoint.routed {
            for source in &endpoint.sources {
                let takers = self.by_source.entry(*source).or_default();
                // A source that is named twice gets its events once.
                if takers.last() != Some(&position) {
                    takers.push(position);
                }
            }
        }
        self.endpoints.push(endpoint);
    }

    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = &Arc<Endpoint>> {
        self.endpoints.iter()
    }

    pub(crate) fn by_id(&self, id: EndpointId) -> Option<&Arc<Endpoint>> {
        self.by_id
            .get(&id)
            .map(|position| &self.endpoints[*position])
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&Arc<Endpoint>> {
        self.by_name
            .get(name)
            .map(|position| &self.endpoints[*position])
    }

    pub(crate) fn matching(
        &self,
        source: SourceId,
        event_type: &str,
    ) -> impl Iterator<Item = &Arc<Endpoint>> {
        let of_source = self.by_source.get(&source).map_or(&[][..], Vec::as_slice);
        of_source
            .iter()
            .chain(&self.of_any_source)
            .map(|position| &self.endpoints[*position])
            .filter(move |endpoint| endpoint.types.matches(event_type))
    }
}

fn same(one: &Endpoint, other: &Endpoint) -> bool {
    one.name == other.name
        && one.sources == other.sources
        && one.types.patterns() == other.types.patterns()
        && one.url == other.url
        && one.policy == other.policy
        && one.secrets == other.secrets
        && one.routed == other.routed
        && one.paused == other.paused
        && one.disabled == other.disabled
}
