//! The sockets: which face listens where, and how they stop.

use std::net::SocketAddr;
use std::sync::Arc;

use ringback_http::{Face, Faces, Limits, Serving, Tls};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{options, tls};
use crate::config::Config;
use crate::failure::Failure;

/// Bound sockets, served once there are faces.
#[derive(Debug)]
pub(super) struct Listeners {
    bound: Vec<(Served, SocketAddr)>,
    waiting: Vec<TcpListener>,
    serving: Serving,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// What is served on a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Served {
    /// Everything, or what has no address of its own.
    Common,
    /// One face alone.
    Own(Face),
}

impl Served {
    const fn word(self) -> &'static str {
        match self {
            Self::Common => "all",
            Self::Own(Face::Platform) => "platform",
            Self::Own(Face::Management) => "management",
            Self::Own(Face::Receive) => "receive",
        }
    }

    /// The faces on this socket. The common address does not answer for faces that have their own: two
    /// addresses for one face would be two doors, and each has its own firewall.
    fn faces(self, bound: &[(Self, SocketAddr)]) -> Vec<Face> {
        let is_own = |face: Face| bound.iter().any(|(served, _)| *served == Self::Own(face));
        match self {
            Self::Own(face) => vec![face],
            Self::Common => Face::ALL
                .into_iter()
                .filter(|face| !is_own(*face))
                .collect(),
        }
    }
}

impl Listeners {
    /// Binds every address; a port 0 becomes a free one.
    pub(super) async fn bind(config: &Config) -> Result<Self, Failure> {
        let listen = &config.listen;
        let apart = [listen.platform, listen.management, listen.receive];
        let all_apart = apart.iter().all(|address| address.0.is_some());
        let wanted = [
            // Where every face has its own, nothing is left for the common one.
            (Served::Common, (!all_apart).then_some(listen.address)),
            (Served::Own(Face::Platform), listen.platform.0),
            (Served::Own(Face::Management), listen.management.0),
            (Served::Own(Face::Receive), listen.receive.0),
        ];
        let mut listeners = Self {
            bound: Vec::new(),
            waiting: Vec::new(),
            serving: Serving {
                limits: Arc::new(watch::Sender::new(options::listener_limits(config))),
                tls: tls::load(config)?,
            },
            stop: watch::Sender::new(false),
            tasks: JoinSet::new(),
        };
        for (served, address) in wanted {
            let Some(address) = address else { continue };
            let listener = TcpListener::bind(address)
                .await
                .map_err(|error| taken(address, &error))?;
            listeners
                .bound
                .push((served, listener.local_addr().map_err(Failure::internal)?));
            listeners.waiting.push(listener);
        }
        Ok(listeners)
    }

    /// Serves the faces on the bound sockets.
    pub(super) fn serve(mut self, faces: &Faces) -> Self {
        for ((served, _), listener) in self.bound.iter().zip(self.waiting.drain(..)) {
            let mut stop = self.stop.subscribe();
            // An error means that the sender is gone, which is a stop too.
            let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
            let router = faces.combined(&served.faces(&self.bound));
            self.tasks.spawn(ringback_http::serve(
                listener,
                router,
                self.serving.clone(),
                stopped,
            ));
        }
        self
    }

    /// Where the platform's own paths are served.
    pub(super) fn platform(&self) -> SocketAddr {
        let has = |served: &Served| served.faces(&self.bound).contains(&Face::Platform);
        let found = self.bound.iter().find(|(served, _)| has(served));
        found.map_or_else(
            || SocketAddr::from(([127, 0, 0, 1], 0)),
            |(_, address)| *address,
        )
    }

    /// Each face's name and where it listens; the common one first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        self.bound
            .iter()
            .map(|(served, address)| (served.word(), *address))
    }

    /// Puts limits into force: how many connections at once, the rest for new connections.
    pub(super) fn set_limits(&self, limits: Limits) {
        self.serving.limits.send_replace(limits);
    }

    /// The certificate in force.
    pub(super) fn tls(&self) -> Option<&Tls> {
        self.serving.tls.as_ref()
    }

    /// Takes no more connections and lets requests under way finish.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

fn taken(address: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::failed(
        "listen.address",
        format!("cannot listen on {address}: {error}"),
    )
    .with_hint("choose another address; port 0 picks a free one")
}
