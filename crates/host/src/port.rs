//! Where an instance listens, and whether it does.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;

/// How often the system is asked for a port that none of our programs has.
const TRIES: u32 = 32;

/// The ports that programs have been told to listen on.
#[derive(Debug, Default)]
pub(crate) struct Ports(Mutex<BTreeSet<u16>>);

/// A port that no other program is told while this lives.
#[derive(Debug)]
pub(crate) struct Lease {
    ports: Arc<Ports>,
    port: u16,
}

impl Ports {
    /// A loopback port that was free a moment ago. Somebody may take it before the program does; then
    /// the program ends, and its next start has another one.
    pub(crate) fn lease(self: &Arc<Self>) -> io::Result<Lease> {
        for _ in 0..TRIES {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let port = listener.local_addr()?.port();
            if self.lock().insert(port) {
                return Ok(Lease {
                    ports: Arc::clone(self),
                    port,
                });
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<u16>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Waits until somebody accepts connections there.
    pub(crate) async fn until_open(&self, interval: Duration) {
        while !accepts(self.address()).await {
            tokio::time::sleep(interval).await;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.ports.lock().remove(&self.port);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "only to a loopback port that this crate has just handed out"
)]
async fn accepts(address: SocketAddr) -> bool {
    let Ok(stream) = TcpStream::connect(address).await else {
        return false;
    };
    // A connection to a free port may get that very port as its own, and so reach itself.
    stream.local_addr().is_ok_and(|own| own != address)
}
