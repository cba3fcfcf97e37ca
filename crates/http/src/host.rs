//! The check of `Host` on every face, against DNS rebinding (design, section 10).
//!
//! A page on a foreign name that resolves to this host carries that name in `Host`. Plain addresses
//! and loopback names cannot be rebound, so they always pass; every other name must be listed.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use ringback_gateway::Gateway;
use ringback_types::{Code, Problem};
use tower::{Layer, Service};

use crate::fallback;

/// Which names a face answers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosts {
    /// Any name: for receive faces behind tunnels that rewrite it.
    Any,
    /// Loopback names, plain addresses, and these names (without port).
    Named(Vec<String>),
}

impl Default for Hosts {
    fn default() -> Self {
        Self::Named(Vec::new())
    }
}

impl Hosts {
    fn allows(&self, host: &str) -> bool {
        let name = host.trim_end_matches('.');
        let address = name.trim_start_matches('[').trim_end_matches(']');
        let local = name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok();
        match self {
            // Asked for before a host is even looked for.
            Self::Any => true,
            Self::Named(names) => {
                local
                    || names
                        .iter()
                        .any(|allowed| allowed.eq_ignore_ascii_case(name))
            }
        }
    }
}

/// Refuses requests whose `Host` is not allowed on the face that their path belongs to.
#[derive(Debug, Clone)]
pub(crate) struct HostLayer {
    hosts: Arc<Hosts>,
    receive_hosts: Arc<Hosts>,
    /// Remembers what is refused at receive paths.
    gateway: Gateway,
}

impl HostLayer {
    pub(crate) fn new(hosts: Hosts, receive_hosts: Hosts, gateway: Gateway) -> Self {
        Self {
            gateway,
            hosts: Arc::new(hosts),
            receive_hosts: Arc::new(receive_hosts),
        }
    }

    /// The answer to a request that may not pass.
    fn refusal(&self, request: &Request) -> Option<Response> {
        let path = request.uri().path();
        let receiving = path.starts_with("/in/");
        let hosts = if receiving {
            &self.receive_hosts
        } else {
            &self.hosts
        };
        if **hosts == Hosts::Any {
            return None;
        }
        let host = host_of(request);
        if host.as_ref().is_some_and(|host| hosts.allows(host.host())) {
            return None;
        }
        tracing::debug!(
            host = host.as_ref().map(Authority::as_str),
            path,
            "host refused"
        );
        if receiving {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
            self.gateway.refused_host(peer.map(|peer| peer.0));
        }
        if path.starts_with("/api/") {
            return Some(not_allowed(host.as_ref()).into_response());
        }
        Some(fallback::refused())
    }
}

/// The host that a request names: exactly one, in the target or in the header.
fn host_of(request: &Request) -> Option<Authority> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.clone());
    }
    let mut values = request.headers().get_all(HOST).iter();
    match (values.next(), values.next()) {
        (Some(host), None) => Authority::try_from(host.as_bytes()).ok(),
        _ => None,
    }
}

fn not_allowed(host: Option<&Authority>) -> Problem {
    let message = match host {
        Some(host) => format!("this server does not answer to the name `{}`", host.host()),
        None => "the request names no host, or more than one".to_owned(),
    };
    Problem::new(421, Code::new("http.host_not_allowed"), message).with_hint(
        "use `localhost` or an address, or add the name to `listen.hosts` in the settings",
    )
}

impl<S> Layer<S> for HostLayer {
    type Service = HostCheck<S>;

    fn layer(&self, inner: S) -> HostCheck<S> {
        HostCheck {
            inner,
            hosts: self.clone(),
        }
    }
}

/// A service behind a [`HostLayer`].
#[derive(Debug, Clone)]
pub(crate) struct HostCheck<S> {
    inner: S,
    hosts: HostLayer,
}

impl<S> Service<Request<Body>> for HostCheck<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.hosts.refusal(&request) {
            Some(refusal) => Either::Left(ready(Ok(refusal))),
            None => Either::Right(self.inner.call(request)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    #[test]
    fn only_what_cannot_be_rebound_passes_unlisted() {
        let hosts = Hosts::Named(vec!["hooks.example.com".to_owned()]);
        for (host, allowed) in [
            ("localhost", true),
            ("LOCALHOST.", true),
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("[::1]", true),
            ("hooks.example.com", true),
            ("Hooks.Example.Com.", true),
            ("evil.example.com", false),
            ("localhost.evil.example.com", false),
            ("127.0.0.1.nip.example.com", false),
            ("127.1", false),
            ("", false),
        ] {
            assert_eq!(hosts.allows(host), allowed, "{host}");
        }
    }
}
