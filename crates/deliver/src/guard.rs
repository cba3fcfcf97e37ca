//! The outbound guard: which addresses may be connected to (design, section 10).
//!
//! It is asked inside the connector, after DNS, about the very address that is then used, so a name
//! that resolves differently the second time gains nothing. Every refusal names its [`Rule`].

mod rule;
mod url;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use arc_swap::ArcSwap;
use ipnet::IpNet;

pub use self::rule::Rule;
pub use self::url::{UrlRefusal, check_url};

/// Below this path our own listeners may be delivered to.
const OWN_RECEIVING_PATH: &str = "/in/";

/// Which addresses may be connected to. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Guard(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    development: bool,
    allow: Vec<IpNet>,
    own: ArcSwap<Vec<SocketAddr>>,
}

impl Guard {
    /// Public addresses only.
    pub fn public() -> Self {
        Self::new(false, Vec::new())
    }

    /// Also loopback, RFC 1918 and unique local addresses; never metadata services.
    pub fn development() -> Self {
        Self::new(true, Vec::new())
    }

    fn new(development: bool, allow: Vec<IpNet>) -> Self {
        Self(Arc::new(Inner {
            development,
            allow,
            own: ArcSwap::default(),
        }))
    }

    /// The same guard that also lets through what lies in these networks, whatever the rule. A metadata
    /// service has to be named by its very address (`/32`, `/128`): a network around it does not open it.
    #[must_use]
    pub fn allowing(self, allow: Vec<IpNet>) -> Self {
        Self::new(self.0.development, allow)
    }

    /// Tells the guard, and all its clones, where this process listens itself.
    pub fn set_own(&self, listeners: Vec<SocketAddr>) {
        self.0.own.store(Arc::new(listeners));
    }

    /// Refuses `address` by the first rule that applies, for a request to `path`.
    pub fn check(&self, address: SocketAddr, path: &str) -> Result<(), Rule> {
        self.check_ip(address.ip())?;
        if path.starts_with(OWN_RECEIVING_PATH) || !self.is_own(address) {
            return Ok(());
        }
        Err(Rule::OwnListener)
    }

    /// The verdict on an address alone, without our own listeners.
    pub fn check_ip(&self, ip: IpAddr) -> Result<(), Rule> {
        let ip = unmapped(ip);
        let Some(rule) = Rule::of(ip) else {
            return Ok(());
        };
        let opens = |network: &IpNet| {
            let exact = network.prefix_len() == network.max_prefix_len();
            network.contains(&ip) && (exact || rule != Rule::Metadata)
        };
        let allowed =
            self.0.allow.iter().any(opens) || (self.0.development && rule.waived_in_development());
        if allowed { Ok(()) } else { Err(rule) }
    }

    fn is_own(&self, address: SocketAddr) -> bool {
        let ip = unmapped(address.ip());
        self.0.own.load().iter().any(|own| {
            own.port() == address.port()
                && (unmapped(own.ip()) == ip || own.ip().is_unspecified() && is_of_this_host(ip))
        })
    }
}

/// A v4-mapped IPv6 address is judged as the IPv4 address that is then reached.
fn unmapped(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

/// Whether this host has `ip`: only then a socket can be bound to it.
fn is_of_this_host(ip: IpAddr) -> bool {
    ip.is_loopback() || std::net::UdpSocket::bind((ip, 0)).is_ok()
}

/// The first 16 bits of an IPv6 address and the 16 after it; most rules look no further.
fn leading(ip: Ipv6Addr) -> (u16, u16) {
    let segments = ip.segments();
    (segments[0], segments[1])
}
