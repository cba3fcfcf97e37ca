//! Events: kept under a notify_id, and only then announced to the app.
//!
//! The app may ask for an event as soon as it is announced; what it asks for must be there already
//! (sheet wecom-zone-sdk, 2).

mod files;
mod memory;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ringback_zone_sdk::calls::SpecNotifyApp;
use ringback_zone_sdk::{CallError, Clock, Request, generate_notify_id, log_info};
use serde::{Deserialize, Serialize};

use crate::answer::Failure;

/// How long an event is kept. A notify_id lives ten minutes; the platform's sample keeps the double.
const KEPT: Duration = Duration::from_mins(20);
/// How many events are kept at most; the oldest go first.
const MOST: usize = 10_000;

/// A stored event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Event {
    /// Whose it is: no other corp's app gets it.
    corpid: String,
    /// When it came, in Unix milliseconds.
    at_ms: i64,
    /// The event's JSON text as it came.
    data: String,
}

#[derive(Debug)]
enum Place {
    Memory(memory::Memory),
    Files(files::Files),
}

/// The events that apps have not asked for yet. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    place: Arc<Place>,
    clock: Clock,
}

/// Why an event is to be delivered again.
#[derive(Debug)]
pub(crate) enum NotHandled {
    /// It cannot be kept.
    Store(std::io::Error),
    /// The app cannot be told.
    Notify(CallError),
}

impl fmt::Display for NotHandled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(formatter, "an event cannot be kept: {error}"),
            Self::Notify(error) => write!(formatter, "the app cannot be told: {error}"),
        }
    }
}

impl Events {
    /// Keeps events in this directory, or in memory.
    pub(crate) fn open(directory: Option<PathBuf>, clock: Clock) -> std::io::Result<Self> {
        let place = match directory {
            Some(directory) => Place::Files(files::Files::open(directory)?),
            None => Place::Memory(memory::Memory::default()),
        };
        Ok(Self {
            place: Arc::new(place),
            clock,
        })
    }

    /// Keeps an event and tells its app.
    pub(crate) async fn take(&self, request: &Request) -> Result<(), NotHandled> {
        let notify_id = generate_notify_id();
        let event = Event {
            corpid: request.corpid.clone(),
            at_ms: self.now_ms(),
            data: request.data.clone(),
        };
        let id = notify_id.clone();
        let kept = self.at_place(move |place, now_ms| place.keep(&id, event, now_ms));
        kept.await.map_err(NotHandled::Store)?;
        let notice = SpecNotifyApp {
            notify_id: Some(notify_id),
            notify_scene: None,
        };
        let told = request.client().call(&notice).await;
        log_info!(
            "an event is kept as {}",
            told.map_err(NotHandled::Notify)?.notify_id
        );
        Ok(())
    }

    /// The event under the request's notify_id, as it came.
    pub(crate) async fn stored(&self, request: &Request) -> Result<String, Failure> {
        if request.notify_id.is_empty() {
            return Err(Failure::new("the call carries no notify_id"));
        }
        let id = request.notify_id.clone();
        let found = self.at_place(move |place, now_ms| Ok(place.find(&id, now_ms)));
        let found = found.await.ok().flatten();
        let own = found.filter(|event| event.corpid == request.corpid);
        own.map(|event| event.data)
            .ok_or_else(|| Failure::new("nothing is kept under this notify_id (any more)"))
    }

    /// Files are no work for the threads that answer requests.
    async fn at_place<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Place, i64) -> std::io::Result<T> + Send + 'static,
    ) -> std::io::Result<T> {
        let (place, now_ms) = (Arc::clone(&self.place), self.now_ms());
        tokio::task::spawn_blocking(move || work(&place, now_ms)).await?
    }

    fn now_ms(&self) -> i64 {
        self.clock.schedule().as_millis()
    }
}

impl Place {
    fn keep(&self, id: &str, event: Event, now_ms: i64) -> std::io::Result<()> {
        match self {
            Self::Memory(memory) => {
                memory.keep(id, event, now_ms);
                Ok(())
            }
            Self::Files(files) => files.keep(id, &event, now_ms),
        }
    }

    fn find(&self, id: &str, now_ms: i64) -> Option<Event> {
        let found = match self {
            Self::Memory(memory) => memory.find(id),
            Self::Files(files) => files.find(id),
        };
        found.filter(|event| !is_over(event.at_ms, now_ms))
    }
}

fn is_over(at_ms: i64, now_ms: i64) -> bool {
    let age_ms = u64::try_from(now_ms.saturating_sub(at_ms)).unwrap_or(0);
    Duration::from_millis(age_ms) >= KEPT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: usize, at_ms: i64) -> Event {
        Event {
            corpid: "wwstub".to_owned(),
            at_ms,
            data: format!(r#"{{"number":{number}}}"#),
        }
    }

    fn places() -> (tempfile::TempDir, [Place; 2]) {
        let directory = tempfile::tempdir().unwrap();
        let files = files::Files::open(directory.path().join("events")).unwrap();
        let places = [
            Place::Memory(memory::Memory::default()),
            Place::Files(files),
        ];
        (directory, places)
    }

    #[test]
    fn an_event_is_found_until_its_time_is_over() {
        let start = Clock::real().schedule().as_millis();
        let last = start + i64::try_from(KEPT.as_millis()).unwrap() - 1;
        let (_directory, places) = places();
        for place in places {
            place.keep("one", event(1, start), start).unwrap();
            assert_eq!(place.find("one", last), Some(event(1, start)));
            assert_eq!(place.find("one", last + 1), None);
            for id in [
                "two",
                "",
                "../one",
                "one/../one",
                "one.json",
                &"x".repeat(65),
            ] {
                assert_eq!(place.find(id, start), None, "{id}");
            }
        }
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let start = Clock::real().schedule().as_millis();
        let memory = memory::Memory::default();
        for number in 0..=MOST {
            memory.keep(&number.to_string(), event(number, start), start);
        }
        assert_eq!(memory.find("0"), None);
        assert!(memory.find("1").is_some() && memory.find(&MOST.to_string()).is_some());
    }

    #[test]
    fn files_are_there_after_a_restart_and_go_when_their_time_is_over() {
        let directory = tempfile::tempdir().unwrap();
        let start = Clock::real().schedule().as_millis();
        let open = || files::Files::open(directory.path().to_owned()).unwrap();
        let count = || std::fs::read_dir(directory.path()).unwrap().count();
        open().keep("one", &event(1, start), start).unwrap();
        let files = open();
        assert_eq!(files.find("one"), Some(event(1, start)));
        let later = start + i64::try_from(KEPT.as_millis()).unwrap() + 60_000;
        files.keep("two", &event(2, later), later).unwrap();
        assert_eq!((count(), files.find("one")), (1, None));
    }
}
