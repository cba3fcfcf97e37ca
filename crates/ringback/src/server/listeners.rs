//! The sockets: which face listens where, and how they stop.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use ringback_http::{Faces, Limits, Serving, Tls};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{options, tls};
use crate::config::Config;
use crate::failure::Failure;

/// Bound sockets, served once there are faces.
#[derive(Debug)]
pub(super) struct Listeners {
    bound: Vec<(Face, SocketAddr)>,
    waiting: Vec<TcpListener>,
    serving: Serving,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// What is served on a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    /// Everything, or what has no address of its own.
    All,
    Platform,
    Management,
    Receive,
}

impl Face {
    const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Platform => "platform",
            Self::Management => "management",
            Self::Receive => "receive",
        }
    }

    /// The routes of this face. The common address also answers for faces that have their own: two
    /// addresses for one face are two doors, and each has its own firewall.
    fn router(self, faces: &Faces, own: &[Self]) -> Router {
        match self {
            Self::Platform => faces.platform(),
            Self::Management => faces.management(),
            Self::Receive => faces.receive(),
            Self::All => rest(faces, own),
        }
    }
}

/// What the common address serves: every face that has no address of its own.
fn rest(faces: &Faces, own: &[Face]) -> Router {
    if own.is_empty() {
        return faces.router();
    }
    let left = |face| !own.contains(&face);
    match (
        left(Face::Platform),
        left(Face::Management),
        left(Face::Receive),
    ) {
        (true, false, false) => faces.platform(),
        (false, true, false) => faces.management(),
        (false, false, true) => faces.receive(),
        (false, false, false) => Router::new(),
        _ => faces.router(),
    }
}

impl Listeners {
    /// Binds every address; a port 0 becomes a free one.
    pub(super) async fn bind(config: &Config) -> Result<Self, Failure> {
        let listen = &config.listen;
        let wanted = [
            (Face::All, Some(listen.address)),
            (Face::Platform, listen.platform.0),
            (Face::Management, listen.management.0),
            (Face::Receive, listen.receive.0),
        ];
        let mut listeners = Self {
            bound: Vec::new(),
            waiting: Vec::new(),
            serving: Serving {
                limits: Arc::new(ArcSwap::from_pointee(options::listener_limits(config))),
                tls: tls::load(config)?,
            },
            stop: watch::Sender::new(false),
            tasks: JoinSet::new(),
        };
        for (face, address) in wanted {
            let Some(address) = address else { continue };
            let listener = TcpListener::bind(address)
                .await
                .map_err(|error| taken(address, &error))?;
            listeners
                .bound
                .push((face, listener.local_addr().map_err(Failure::internal)?));
            listeners.waiting.push(listener);
        }
        Ok(listeners)
    }

    /// Serves the faces on the bound sockets.
    pub(super) fn serve(mut self, faces: &Faces) -> Self {
        let own: Vec<Face> = self
            .bound
            .iter()
            .map(|(face, _)| *face)
            .filter(|face| *face != Face::All)
            .collect();
        for ((face, _), listener) in self.bound.iter().zip(self.waiting.drain(..)) {
            let mut stop = self.stop.subscribe();
            // An error means that the sender is gone, which is a stop too.
            let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
            let router = face.router(faces, &own);
            self.tasks.spawn(ringback_http::serve(
                listener,
                router,
                self.serving.clone(),
                stopped,
            ));
        }
        self
    }

    /// Each face's name and where it listens; the common one first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        self.bound
            .iter()
            .map(|(face, address)| (face.word(), *address))
    }

    /// Puts limits into force for new connections.
    pub(super) fn set_limits(&self, limits: Limits) {
        self.serving.limits.store(Arc::new(limits));
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
