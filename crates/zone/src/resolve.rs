//! Where a program or an app is reached, with its live secrets, asked at every attempt.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ringback_archive::Archive;
use ringback_deliver::{BoxFuture, Endpoint, HttpUrl, Resolve, ResolveError, Resolved, Target};
use ringback_dialect::Sender;
use ringback_dialect::zone::{Exchange, KeyRing, ReplyBinding, Sender as ProgramSender};
use ringback_host::Hosts;
use ringback_store::Store;
use ringback_store::record::{Event, EventKind};
use ringback_types::{Code, Coded as _, Random};
use serde::Deserialize;
use std::borrow::Cow;
use tokio::sync::OwnedSemaphorePermit;

use crate::job::JobKind;
use crate::notify::LiveNotifies;
use crate::program::Host;
use crate::registry::{Registry, Snapshot, Traffic};
use crate::route::{NotifyRoute, ProgramRoute, Route};
use crate::seal;
use crate::task::Template;
use crate::zone::{INSIDE, OUTSIDE};

/// The code of a program that is neither deployed nor in debug mode; becomes 790021.
pub(crate) const NOT_DEPLOYED: &str = "zone.not_deployed";
/// The code of a program none of whose instances is ready; becomes 710674.
pub(crate) const NO_INSTANCE: &str = "zone.no_instance";
/// The code of an instance that takes one call at a time and has one; becomes 45033.
pub(crate) const INSTANCE_BUSY: &str = "zone.instance_busy";
/// The code of an ability that was taken away while it was being called; becomes 800003.
pub(crate) const NO_ABILITY: &str = "zone.no_ability";

/// How long an event waits for an instance that takes one request at a time; it holds one of the
/// engine's places meanwhile.
const EVENT_PATIENCE: Duration = Duration::from_secs(1);

/// Resolves the endpoints of all apps and programs; knows the zone but not the engine, which holds it.
pub(crate) struct ZoneResolver {
    registry: Arc<Registry>,
    notifies: Arc<LiveNotifies>,
    store: Store,
    random: Random,
    archive: Archive,
    hosts: Hosts,
}

/// Where one attempt goes, and by which keys it is sealed.
struct Destination {
    target: Target,
    ring: Arc<KeyRing>,
    traffic: Arc<Traffic>,
}

/// What a frame says of its way; the rest is not looked at.
#[derive(Deserialize)]
struct Way<'a> {
    #[serde(borrow)]
    notify_id: Cow<'a, str>,
    #[serde(borrow)]
    ability_id: Cow<'a, str>,
}

impl Resolve for ZoneResolver {
    fn resolve<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<Resolved, ResolveError>> {
        Box::pin(async move {
            // The snapshot's guard is not held while a task is rendered.
            let found = match self.registry.snapshot().route(endpoint.id) {
                Some(Route::Program(route)) => Arc::clone(route),
                Some(Route::App(route)) => return to_app(route, endpoint),
                None => {
                    return Err(error(
                        "zone.no_route",
                        "the app or program of this endpoint is gone",
                        None,
                    ));
                }
            };
            self.to_program(&found, event).await
        })
    }
}

fn to_app(route: &NotifyRoute, endpoint: &Endpoint) -> Result<Resolved, ResolveError> {
    let (url, sender) = route.reached.clone().ok_or_else(|| {
        let message = format!("the app `{}` has no data-callback URL", route.app.label());
        error(
            "zone.no_callback_url",
            message,
            Some("save one with `ringback app callback-url`"),
        )
    })?;
    Ok(Resolved {
        target: Target::Url(url),
        sender,
        policy: Arc::clone(&endpoint.policy),
        permit: None,
    })
}

impl ZoneResolver {
    pub(crate) fn new(
        registry: Arc<Registry>,
        notifies: Arc<LiveNotifies>,
        store: Store,
        random: Random,
        archive: Archive,
        hosts: Hosts,
    ) -> Self {
        Self {
            registry,
            notifies,
            store,
            random,
            archive,
            hosts,
        }
    }

    async fn to_program(
        &self,
        route: &ProgramRoute,
        event: &Event,
    ) -> Result<Resolved, ResolveError> {
        let plaintext = self.plaintext(route, event).await?;
        let way: Way<'_> = serde_json::from_slice(&plaintext).map_err(|_| unreadable())?;
        let is_call = event.kind == EventKind::Call;
        let ability = route.program.ability(&way.ability_id);
        if is_call && ability.is_none() {
            let message = "the ability was taken away while it was being called";
            return Err(error(NO_ABILITY, message, None));
        }
        let output = ability.filter(|_| is_call);
        let binding = route.program.settings.reply_binding;
        let candidates = self.destinations(route, &way.notify_id)?;
        let patience = if is_call {
            Duration::ZERO
        } else {
            EVENT_PATIENCE
        };
        let (destination, permit) = chosen(candidates, binding, patience).await?;
        let exchange = Exchange {
            ring: destination.ring,
            request_id: URL_SAFE_NO_PAD.encode(self.random.secret::<16>()),
            output: output.map(|ability| Arc::clone(&ability.output)),
            plaintext: plaintext.clone(),
            binding,
            seen: match binding {
                ReplyBinding::Strict => Arc::clone(&route.ongoing.replies),
                ReplyBinding::Loose => Arc::clone(&destination.traffic.unbound),
            },
        };
        let policy = if is_call {
            &route.call_policy
        } else {
            &route.event_policy
        };
        Ok(Resolved {
            target: destination.target,
            sender: Sender::Zone(ProgramSender::new(exchange)),
            policy: Arc::clone(policy),
            permit,
        })
    }

    /// The frame as it was accepted, or the one that a task makes of its messages now.
    async fn plaintext(&self, route: &ProgramRoute, event: &Event) -> Result<Bytes, ResolveError> {
        let sealed = event.body.as_ref().ok_or_else(pruned)?;
        let opened = seal::opened(self.store.vault(), sealed)
            .map_err(|damage| error(damage.code().as_str(), damage.to_string(), None))?;
        if JobKind::is_task(&event.event_type) {
            let template = Template::read(opened.expose()).ok_or_else(unreadable)?;
            return template.render(&self.archive, &self.store, route).await;
        }
        Ok(Bytes::copy_from_slice(opened.expose()))
    }

    /// Where it may go, best first: at least one. Debug mode wins over affinity, and affinity over turns
    /// (design, section 6).
    fn destinations(
        &self,
        route: &ProgramRoute,
        notify_id: &str,
    ) -> Result<Vec<Destination>, ResolveError> {
        let now = self.store.clock().schedule();
        let snapshot = self.registry.snapshot();
        if let Some(session) = route.association.debugging(&route.program, now) {
            let key_id = session.key_id(&route.program.program_id);
            let url = route.debug_url.clone().ok_or_else(no_debug_url)?;
            return Ok(vec![destination(&snapshot, &key_id, OUTSIDE, url)?]);
        }
        if route.program.state != crate::program::ProgramState::Deployed {
            return Err(not_deployed(route));
        }
        let of_notify = self.notifies.instance(notify_id, route, now);
        self.instances(route, &snapshot, of_notify)
    }

    fn instances(
        &self,
        route: &ProgramRoute,
        snapshot: &Snapshot,
        wanted: Option<u32>,
    ) -> Result<Vec<Destination>, ResolveError> {
        let count = route.program.instances();
        let first = wanted.unwrap_or_else(|| route.next_instance(count));
        // An instance that is not ready is passed over, unless it alone has what the call is about.
        let tried = if wanted.is_some() { 1 } else { count };
        let numbers = (0..tried).map(|step| (first - 1 + step) % count + 1);
        let ready = numbers.filter_map(|number| {
            let (transport, url) = self.url(route, number)?;
            let key_id = format!("{}/{number}", route.program.program_id);
            Some(destination(snapshot, &key_id, transport, url))
        });
        // Only where an instance takes one request at a time does it matter who else is there.
        let wanted = match route.program.settings.reply_binding {
            ReplyBinding::Strict => 1,
            ReplyBinding::Loose => tried as usize,
        };
        let found: Vec<_> = ready.take(wanted).collect::<Result<_, _>>()?;
        if found.is_empty() {
            return Err(no_instance(route));
        }
        Ok(found)
    }

    fn url(&self, route: &ProgramRoute, number: u32) -> Option<(&'static str, Arc<HttpUrl>)> {
        match &route.program.host {
            Some(Host::Url { .. }) => {
                Some((OUTSIDE, route.urls.get(number as usize - 1).cloned()?))
            }
            Some(Host::Process { .. }) => {
                let address = self.hosts.address(&route.program.program_id, number)?;
                let url = url::Url::parse(&format!("http://{address}/")).ok()?;
                Some((INSIDE, Arc::new(HttpUrl::from(url))))
            }
            None => None,
        }
    }
}

fn destination(
    snapshot: &Snapshot,
    key_id: &str,
    transport: &'static str,
    url: Arc<HttpUrl>,
) -> Result<Destination, ResolveError> {
    let speaker = snapshot.speaker(key_id);
    let speaker =
        speaker.ok_or_else(|| error("zone.no_key", "the instance has no secret", None))?;
    Ok(Destination {
        ring: Arc::clone(&speaker.ring),
        traffic: Arc::clone(&speaker.traffic),
        target: Target::Through { transport, url },
    })
}

/// The first of them; where replies may be unbound, the first at which no request is in flight. With
/// patience one is waited for: an event does not lose an attempt to a call that is under way.
async fn chosen(
    candidates: Vec<Destination>,
    binding: ReplyBinding,
    patience: Duration,
) -> Result<(Destination, Option<OwnedSemaphorePermit>), ResolveError> {
    let mut best = None;
    for destination in candidates {
        if binding == ReplyBinding::Strict {
            return Ok((destination, None));
        }
        if let Ok(permit) = Arc::clone(&destination.traffic.alone).try_acquire_owned() {
            return Ok((destination, Some(permit)));
        }
        best.get_or_insert(destination);
    }
    let best = best.ok_or_else(instance_busy)?;
    let place = Arc::clone(&best.traffic.alone).acquire_owned();
    let waited = tokio::time::timeout(patience, place).await;
    let permit = waited.ok().and_then(Result::ok).ok_or_else(instance_busy)?;
    Ok((best, Some(permit)))
}

fn instance_busy() -> ResolveError {
    let busy = "the program takes one request at a time, and one is under way";
    error(INSTANCE_BUSY, busy, None)
}

fn not_deployed(route: &ProgramRoute) -> ResolveError {
    let message = format!(
        "the program `{}` is neither deployed nor in debug mode for this app",
        route.program.program_id
    );
    error(
        NOT_DEPLOYED,
        message,
        Some("`ringback program deploy`, or open debug mode"),
    )
}

fn no_instance(route: &ProgramRoute) -> ResolveError {
    let message = format!(
        "no instance of the program `{}` is ready",
        route.program.program_id
    );
    error(
        NO_INSTANCE,
        message,
        Some("`ringback program status` says why"),
    )
}

fn no_debug_url() -> ResolveError {
    let message = "debug mode is on, but the program has no receive URL";
    error(
        "zone.no_debug_url",
        message,
        Some("set it with `ringback program debug PROGRAM --to URL`"),
    )
}

fn unreadable() -> ResolveError {
    error(
        "zone.unreadable_body",
        "the kept body is not a frame of the zone",
        None,
    )
}

fn pruned() -> ResolveError {
    error(
        "deliver.body_pruned",
        "the body of the event has been pruned",
        None,
    )
}

pub(crate) fn error(
    code: &'static str,
    message: impl Into<String>,
    hint: Option<&'static str>,
) -> ResolveError {
    ResolveError {
        code: Code::new(code),
        message: message.into(),
        hint,
    }
}
