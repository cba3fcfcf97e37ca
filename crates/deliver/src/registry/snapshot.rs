//! All endpoints at one moment, indexed as routing asks for them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ringback_types::{EndpointId, SourceId};

use crate::endpoint::{Endpoint, Room};

/// All endpoints at one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    endpoints: Vec<Arc<Endpoint>>,
    by_id: HashMap<EndpointId, usize>,
    by_name: HashMap<String, usize>,
    by_source: HashMap<SourceId, Vec<usize>>,
    of_any_source: Vec<usize>,
    /// Sources that a platform room's endpoint names: what they make is that endpoint's alone, unless
    /// another one names them too.
    of_platforms: HashSet<SourceId>,
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
        if endpoint.room != Room::Own {
            self.of_platforms.extend(&endpoint.sources);
        }
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
        let of_any: &[usize] = if self.of_platforms.contains(&source) {
            &[]
        } else {
            &self.of_any_source
        };
        of_source
            .iter()
            .chain(of_any)
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

#[cfg(test)]
mod tests {
    use ringback_types::{RecordId as _, ScheduleTime};

    use super::*;
    use crate::endpoint::EndpointDialect;
    use crate::policy::Policy;

    fn endpoint(id: i64, room: Room, sources: &[i64]) -> Endpoint {
        let mut endpoint = Endpoint::of_room(
            EndpointId::from_raw(id),
            format!("e{id}"),
            room,
            EndpointDialect::Feishu,
            Policy::feishu_event(),
            ScheduleTime::from_millis(0),
        );
        endpoint.sources = sources.iter().map(|raw| SourceId::from_raw(*raw)).collect();
        endpoint
    }

    #[test]
    fn an_endpoint_of_any_source_takes_what_is_received_and_no_platforms_own_events() {
        let (platform, received) = (7, 8);
        let endpoints = vec![
            endpoint(1, Room::Feishu, &[platform]),
            endpoint(2, Room::Own, &[]),
            endpoint(3, Room::Own, &[platform]),
        ];
        let snapshot = Snapshot::new(endpoints, &Snapshot::default());
        let takers = |source| {
            let matching = snapshot.matching(SourceId::from_raw(source), "t");
            matching
                .map(|endpoint| endpoint.id.raw())
                .collect::<Vec<_>>()
        };
        assert_eq!(takers(platform), [1, 3]);
        assert_eq!(takers(received), [2]);
    }
}
