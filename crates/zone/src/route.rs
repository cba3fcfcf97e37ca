//! How an endpoint of the zone is reached: made once for each state of the zone, used at every attempt.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ringback_deliver::{HttpUrl, Policy};
use ringback_dialect::zone::Nonces;
use ringback_dialect::{Sender, wecom};
use ringback_types::EndpointId;
use tokio::sync::Semaphore;

use crate::app::App;
use crate::association::Association;
use crate::program::{Host, Program};
use crate::registry::callback_secrets;

/// How many nonces of replies are remembered for each program and app.
const REPLY_NONCES: usize = 1 << 18;

/// An endpoint's way.
#[derive(Debug)]
pub(crate) enum Route {
    /// To a program, on behalf of an app.
    Program(Arc<ProgramRoute>),
    /// To an app's data-callback URL.
    App(NotifyRoute),
}

/// A program as one app reaches it.
#[derive(Debug)]
pub(crate) struct ProgramRoute {
    pub(crate) app: Arc<App>,
    pub(crate) program: Arc<Program>,
    pub(crate) association: Arc<Association>,
    pub(crate) call_policy: Arc<Policy>,
    pub(crate) event_policy: Arc<Policy>,
    /// Where the instances of a `url` host are.
    pub(crate) urls: Vec<Arc<HttpUrl>>,
    pub(crate) debug_url: Option<Arc<HttpUrl>>,
    /// What goes on over changes of the zone.
    pub(crate) ongoing: Arc<Ongoing>,
}

/// What a route counts and remembers while the process runs.
#[derive(Debug)]
pub(crate) struct Ongoing {
    /// Places for synchronous calls.
    pub(crate) calls: Arc<Semaphore>,
    concurrent_calls: u32,
    /// The nonces of earlier replies that named their request.
    pub(crate) replies: Arc<Nonces>,
    turn: AtomicUsize,
}

impl Ongoing {
    fn new(concurrent_calls: u32, replies: Arc<Nonces>) -> Self {
        Self {
            replies,
            calls: Arc::new(Semaphore::new(concurrent_calls as usize)),
            concurrent_calls,
            turn: AtomicUsize::new(0),
        }
    }
}

impl ProgramRoute {
    pub(crate) fn new(
        app: Arc<App>,
        program: Arc<Program>,
        association: Arc<Association>,
        earlier: Option<&Arc<Self>>,
    ) -> Self {
        let concurrent = program.settings.concurrent_calls;
        let ongoing = match earlier.map(|route| &route.ongoing) {
            Some(ongoing) if ongoing.concurrent_calls == concurrent => Arc::clone(ongoing),
            Some(ongoing) => Arc::new(Ongoing::new(concurrent, Arc::clone(&ongoing.replies))),
            None => {
                let replies = Nonces::forgetting(REPLY_NONCES);
                Arc::new(Ongoing::new(concurrent, Arc::new(replies)))
            }
        };
        let urls = match &program.host {
            Some(Host::Url { urls }) => urls
                .iter()
                .cloned()
                .map(HttpUrl::from)
                .map(Arc::new)
                .collect(),
            Some(Host::Process { .. }) | None => Vec::new(),
        };
        Self {
            call_policy: Arc::new(program.settings.call_policy()),
            event_policy: Arc::new(program.settings.event_policy()),
            debug_url: program.debug.url.clone().map(HttpUrl::from).map(Arc::new),
            urls,
            ongoing,
            app,
            program,
            association,
        }
    }

    /// The next of `count` instances, by turns; numbered from 1.
    pub(crate) fn next_instance(&self, count: u32) -> u32 {
        let turn = self.ongoing.turn.fetch_add(1, Ordering::Relaxed);
        (turn % count.max(1) as usize) as u32 + 1
    }
}

/// An app's data-callback URL.
#[derive(Debug)]
pub(crate) struct NotifyRoute {
    pub(crate) app: Arc<App>,
    /// Absent while no URL is saved.
    pub(crate) reached: Option<(Arc<HttpUrl>, Sender)>,
}

impl NotifyRoute {
    pub(crate) fn of(app: &Arc<App>) -> (EndpointId, Self) {
        let url = app.callback.as_ref().map(|callback| callback.url.clone());
        let secrets = callback_secrets(app);
        let sender = |secrets| Sender::Wecom(wecom::Sender::new(secrets, Some(app.agentid)));
        let reached = url
            .zip(secrets)
            .map(|(url, secrets)| (Arc::new(HttpUrl::from(url)), sender(secrets)));
        let route = Self {
            app: Arc::clone(app),
            reached,
        };
        (app.notify_endpoint, route)
    }
}
