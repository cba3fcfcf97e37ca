//! The load: prepared requests over plain connections, as cheap as a client can be, so that what is
//! measured is the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What one run of load gave.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Requests answered 200.
    pub(crate) answered: usize,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// Latencies, sorted.
    pub(crate) latencies: Vec<Duration>,
}

impl Outcome {
    /// Answers per second.
    pub(crate) fn rate(&self) -> f64 {
        self.answered as f64 / self.took.as_secs_f64()
    }

    /// The latency below which this share of the requests stayed.
    pub(crate) fn percentile(&self, share: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies
            .get((last as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
    }
}

/// One connection that sends a request and waits for its answer.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .context("connect to the server")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// Sends one request; the status of its answer.
    async fn exchange(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some((status, end)) = answer_end(&self.buffer)?
                && self.buffer.len() >= end
            {
                return Ok(status);
            }
        }
    }
}

/// Status and total length of the answer, once its head is there.
fn answer_end(buffer: &[u8]) -> Result<Option<(u16, usize)>> {
    let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&buffer[..head])?;
    let status = text.get(9..12).context("a status line")?.parse()?;
    let length: usize = text
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse().ok())?
        })
        .unwrap_or(0);
    Ok(Some((status, head + 4 + length)))
}

/// As fast as `connections` connections go, one request after the other on each.
pub(crate) async fn closed_loop(
    address: SocketAddr,
    requests: &Arc<Vec<Bytes>>,
    connections: usize,
) -> Result<Outcome> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::with_capacity(connections);
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(address).await?);
    }
    let began = Instant::now();
    for mut connection in open {
        let (requests, next) = (Arc::clone(requests), Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::with_capacity(requests.len() / connections + 16);
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(index) else {
                    return Ok(latencies);
                };
                let sent = Instant::now();
                let status = connection.exchange(request).await?;
                if status != 200 {
                    bail!("request {index} was answered {status}");
                }
                latencies.push(sent.elapsed());
            }
        }));
    }
    gather(tasks, began).await
}

/// What a bare client posts.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    /// Path and query.
    pub(crate) path: String,
    pub(crate) body: Bytes,
}

/// A bare hyper client with a pool: `total` posts, `at_once` under way; answers how many a second.
pub(crate) async fn hyper_client(
    address: SocketAddr,
    post: &Post,
    total: usize,
    at_once: usize,
) -> Result<f64> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let uri: http::Uri = format!("http://{address}{}", post.path).parse()?;
    let body = post.body.clone();
    many(total, at_once, move || {
        let (client, uri, body) = (client.clone(), uri.clone(), body.clone());
        async move {
            let request = http::Request::post(uri)
                .header("content-type", "application/json")
                .body(Full::new(body))?;
            client.request(request).await?.into_body().collect().await?;
            Ok(())
        }
    })
    .await
}

/// Does something `total` times in this process, `at_once` under way; answers how often a second.
pub(crate) async fn many<Work, Done>(total: usize, at_once: usize, work: Work) -> Result<f64>
where
    Work: Fn() -> Done + Clone + Send + 'static,
    Done: Future<Output = Result<()>> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut tasks = Vec::with_capacity(at_once);
    for _ in 0..at_once {
        let (work, next) = (work.clone(), Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < total {
                work().await?;
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(total as f64 / began.elapsed().as_secs_f64())
}

/// `rate` requests a second, whatever the answers do; latency counts from the time a request was due.
pub(crate) async fn open_loop(
    address: SocketAddr,
    requests: &Arc<Vec<Bytes>>,
    connections: usize,
    rate: f64,
) -> Result<Outcome> {
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now() + Duration::from_millis(20);
    let mut tasks = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut connection = Connection::open(address).await?;
        let (requests, next) = (Arc::clone(requests), Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(index) else {
                    return Ok(latencies);
                };
                let due = began + Duration::from_secs_f64(index as f64 / rate);
                tokio::time::sleep_until(due.into()).await;
                let status = connection.exchange(request).await?;
                if status != 200 {
                    bail!("request {index} was answered {status}");
                }
                latencies.push(due.elapsed());
            }
        }));
    }
    gather(tasks, began).await
}

async fn gather(
    tasks: Vec<tokio::task::JoinHandle<Result<Vec<Duration>>>>,
    began: Instant,
) -> Result<Outcome> {
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    let took = began.elapsed();
    latencies.sort_unstable();
    Ok(Outcome {
        answered: latencies.len(),
        took,
        latencies,
    })
}
