//! A business end that fails now and then and remembers what it was given.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::Value;

/// Every so many requests one is refused, so that outcomes of both kinds are on the disk.
const REFUSE_EVERY: usize = 9;

/// What arrived, by the platform's own event id.
#[derive(Debug, Clone, Default)]
struct Arrived(Arc<Mutex<(usize, BTreeSet<String>)>>);

impl Arrived {
    /// Notes one arrival and says how it is answered.
    fn take(&self, body: &[u8]) -> u16 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += 1;
        if state.0.is_multiple_of(REFUSE_EVERY) {
            return 500;
        }
        if let Some(id) = event_id(body) {
            state.1.insert(id);
        }
        200
    }
}

/// The running sink; its threads end with the process.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    arrived: Arrived,
}

impl Sink {
    /// Listens on a free loopback port.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let arrived = Arrived::default();
        let shared = arrived.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let arrived = shared.clone();
                // A connection that breaks is the other side's business.
                thread::spawn(move || serve(stream, &arrived).ok());
            }
        });
        Ok(Self { address, arrived })
    }

    /// Whether this event was taken.
    pub(crate) fn has(&self, event: &str) -> bool {
        self.arrived
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .contains(event)
    }
}

fn event_id(body: &[u8]) -> Option<String> {
    let event: Value = serde_json::from_slice(body).ok()?;
    Some(event["header"]["event_id"].as_str()?.to_owned())
}

fn serve(stream: TcpStream, arrived: &Arrived) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let lower = line.trim_end().to_ascii_lowercase();
            if lower.is_empty() {
                break;
            }
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let status = arrived.take(&body);
        write!(writer, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n")?;
    }
}
