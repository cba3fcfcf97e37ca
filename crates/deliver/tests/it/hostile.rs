//! Endpoints that mean harm, clocks that lie, and one endpoint that hangs on a mountain of work.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use insta::assert_snapshot;
use ringback_deliver::{Arrival, Engine, EngineOptions, Guard, records};
use ringback_store::record::{Event, EventKind, NewDelivery, Record, StoredAttempt};
use ringback_store::{MasterKey, Options, Store};
use ringback_types::{Clock, DeliveryId, EndpointId, Random, RecordId as _, WireTime};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::house::{House, Receiver, Reply, arrival, raw_server, source, standard};

/// What an endpoint reads of an answer in these tests.
const CAP: u64 = 1000;
/// More than the kernel holds for a connection whose other end has stopped reading, and far less than
/// what is announced.
const MOST_TAKEN: usize = 32 << 20;
/// Soon over, for servers whose answer never ends.
const SOON: u64 = 1_000;
/// Never over in a test.
const NEVER: u64 = 60_000;
const YEAR: Duration = Duration::from_hours(365 * 24);

/// What a server sends: a beginning, then the same again and again until nobody takes it any more.
struct Flood {
    name: &'static str,
    deadline_ms: u64,
    beginning: &'static str,
    again: Bytes,
    /// How long it waits before each piece.
    gap: Duration,
}

impl Flood {
    fn new(name: &'static str, beginning: &'static str, again: impl Into<Bytes>) -> Self {
        Self {
            name,
            deadline_ms: NEVER,
            beginning,
            again: again.into(),
            gap: Duration::ZERO,
        }
    }

    fn endless(self) -> Self {
        Self {
            deadline_ms: SOON,
            ..self
        }
    }

    fn dripping(self) -> Self {
        Self {
            gap: Duration::from_millis(10),
            ..self.endless()
        }
    }

    /// Starts the server; it reports how much was taken from it once its connection is closed.
    async fn serve(self, closed: mpsc::UnboundedSender<(&'static str, usize)>) -> SocketAddr {
        let flood = Arc::new(self);
        raw_server(move |stream| {
            let (flood, closed) = (Arc::clone(&flood), closed.clone());
            async move {
                let taken = flood.pour(stream).await;
                closed.send((flood.name, taken)).unwrap();
            }
        })
        .await
    }

    async fn pour(&self, mut stream: TcpStream) -> usize {
        let mut taken = 0;
        let mut piece: &[u8] = self.beginning.as_bytes();
        loop {
            match stream.write(piece).await {
                Ok(0) | Err(_) => return taken,
                Ok(wrote) => {
                    taken += wrote;
                    piece = &piece[wrote..];
                }
            }
            if piece.is_empty() {
                if !self.gap.is_zero() {
                    tokio::time::sleep(self.gap).await;
                }
                piece = &self.again;
            }
        }
    }
}

fn floods() -> Vec<Flood> {
    let ok = "HTTP/1.1 200 OK\r\n";
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let one_chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n";
    let no_chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n";
    let extended = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;";
    let two_lengths = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n";
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let megabyte = vec![b'x'; 1 << 20];
    vec![
        Flood::new("10 GB announced", huge, megabyte.clone()),
        Flood::new(
            "no end announced",
            "HTTP/1.0 200 OK\r\n\r\n",
            megabyte.clone(),
        ),
        Flood::new("endless chunks", chunked, "5\r\nhello\r\n".repeat(1000)),
        Flood::new("one chunk without end", one_chunk, megabyte.clone()),
        Flood::new("a chunk too long to be counted", no_chunk, "x"),
        Flood::new("an endless chunk extension", extended, megabyte.clone()),
        Flood::new("endless headers", ok, "a: b\r\n".repeat(1000)),
        Flood::new("one endless header", "HTTP/1.1 200 OK\r\na: ", megabyte),
        Flood::new("two lengths", two_lengths, "x"),
        Flood::new("an alert of TLS", "\u{15}\u{3}\u{1}\0\u{2}\u{2}F", "\0"),
        Flood::new("endless interim answers", interim, interim.repeat(1000)).endless(),
        Flood::new("a dripping head", ok, "a").dripping(),
        Flood::new("dripping chunks", chunked, "1\r\n.\r\n").dripping(),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flood_is_cut_named_and_disconnected() {
    let house = House::new().await;
    let (closed, mut all_closed) = mpsc::unbounded_channel();
    let mut names = HashMap::new();
    for flood in floods() {
        let (name, deadline_ms) = (flood.name, flood.deadline_ms);
        let address = flood.serve(closed.clone()).await;
        let id = once(&house, name, address, deadline_ms).await;
        names.insert(id, name);
    }
    let healthy = Receiver::new(Reply::Status(200)).await;
    names.insert(
        once(&house, "healthy", healthy.address, NEVER).await,
        "healthy",
    );

    let receipt = house.deliver(arrival("a")).await;
    let mut verdicts = Vec::new();
    for (delivery, endpoint) in receipt.deliveries {
        let attempt = only_attempt(&house, delivery).await;
        verdicts.push(format!("{}: {}", names[&endpoint], verdict(&attempt)));
    }
    assert_snapshot!(verdicts.join("\n"), @r"
    10 GB announced: delivered, cut after 1000 bytes
    no end announced: delivered, cut after 1000 bytes
    endless chunks: delivered, cut after 1000 bytes
    one chunk without end: delivered, cut after 1000 bytes
    a chunk too long to be counted: transport.protocol, the answer breaks the rules of HTTP: invalid chunk size: overflow
    an endless chunk extension: transport.protocol, the answer breaks the rules of HTTP: chunk extensions over limit
    endless headers: transport.protocol, the answer breaks the rules of HTTP: message head is too large
    one endless header: transport.protocol, the answer breaks the rules of HTTP: message head is too large
    two lengths: transport.protocol, the answer breaks the rules of HTTP: invalid content-length parsed
    an alert of TLS: transport.protocol, the answer breaks the rules of HTTP: invalid HTTP version parsed
    endless interim answers: transport.late, the deadline passed while waiting for the head of the answer
    a dripping head: transport.late, the deadline passed while waiting for the head of the answer
    dripping chunks: transport.late, the deadline passed while reading the body of the answer
    healthy: delivered
    ");
    for _ in floods() {
        let (name, taken) = all_closed.recv().await.unwrap();
        // Interim answers are thrown away as they come, until the deadline.
        let bounded = taken < MOST_TAKEN || name == "endless interim answers";
        assert!(bounded, "{name} got rid of {taken} bytes");
    }
}

/// An endpoint that is tried once.
async fn once(house: &House, name: &str, address: SocketAddr, deadline_ms: u64) -> EndpointId {
    let mut new = standard(
        &name.replace(' ', "-").to_lowercase(),
        &format!("http://{address}/"),
    );
    new.policy.ladder_ms = Some(Vec::new());
    new.policy.deadline_ms = Some(deadline_ms);
    new.policy.answer_cap_bytes = Some(CAP);
    house.endpoint(new).await.id
}

async fn only_attempt(house: &House, delivery: DeliveryId) -> StoredAttempt {
    let mut attempts = house.engine.record().attempts(delivery).await.unwrap();
    assert_eq!(attempts.len(), 1);
    attempts.remove(0)
}

fn verdict(attempt: &StoredAttempt) -> String {
    match (&attempt.failure, &attempt.detail) {
        (Some(failure), detail) => format!("{failure}, {}", detail.as_deref().unwrap_or("none")),
        (None, _) if attempt.response_cut => {
            let kept = attempt.response_body.as_ref().map_or(0, Bytes::len);
            format!("delivered, cut after {kept} bytes")
        }
        (None, _) => "delivered".to_owned(),
    }
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_nobodys_answer() {
    let house = House::new().await;
    let address = raw_server(|mut stream| async move {
        let both = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.write_all(both.as_bytes()).await;
        // The connection stays open, so that nothing but the surplus speaks against using it again.
        std::future::pending::<()>().await;
    })
    .await;
    house
        .endpoint(standard("biz", &format!("http://{address}/")))
        .await;
    for _ in 0..20 {
        let receipt = house.deliver(arrival("a")).await;
        let story = house.story(receipt.deliveries[0].0).await;
        assert_eq!(story, "delivered\n1 at 0 s: 200");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_whose_request_was_not_read_is_not_used_again() {
    let house = House::new().await;
    let (address, mut connections) = server_that_answers_unread();
    once(&house, "biz", address, 10_000).await;
    // More than the kernel takes, so that the request is still being written when the answer is there.
    let body = Bytes::from(format!("\"{}\"", "x".repeat(16 << 20)));
    for nth in 1..=3 {
        let arrival = Arrival {
            body: body.clone(),
            ..arrival("a")
        };
        let receipt = house.deliver(arrival).await;
        let attempt = only_attempt(&house, receipt.deliveries[0].0).await;
        assert_eq!(verdict(&attempt), "delivered", "delivery {nth}");
        assert_eq!(*connections.borrow_and_update(), nth);
    }
}

/// Answers 200 on each connection as soon as something arrives, and never reads any of it.
fn server_that_answers_unread() -> (SocketAddr, watch::Receiver<usize>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(16).unwrap();
    let address = listener.local_addr().unwrap();
    let (count, counted) = watch::channel(0);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            count.send_modify(|count| *count += 1);
            // The request has begun; a peek takes nothing of it.
            stream.peek(&mut [0]).await.unwrap();
            stream.write_all(answer).await.unwrap();
            open.push(stream);
        }
    });
    (address, counted)
}

#[tokio::test]
async fn a_clock_that_jumps_a_year_ahead_and_back_loses_nothing() {
    let house = House::new().await;
    let began = house.clock.schedule();
    let receiver = Receiver::new(Reply::Status(500)).await;
    house.endpoint(standard("biz", &receiver.url())).await;
    let keyed = |key: &str| Arrival {
        dedupe_key: Some(key.to_owned()),
        ..arrival("a")
    };
    let early = house.deliver(keyed("early")).await;

    // Nobody tells the engine: its sleeper looks at the clock at least every second.
    receiver.then(Reply::Status(200));
    house.clock.advance_to(began.plus(YEAR)).unwrap();
    receiver.seen(2).await;
    house.engine.quiet().await;
    let told = format!(
        "delivered\n1 at 0 s: 500 answer.status\n2 at {} s: 200",
        YEAR.as_secs()
    );
    assert_eq!(house.story(early.deliveries[0].0).await, told);
    let failed = house.deliver(keyed("failed")).await;
    receiver.then(Reply::Hang);
    let interrupted = house.accept(keyed("interrupted")).await;
    receiver.seen(4).await;
    assert!(interrupted.event > failed.event && failed.event.made_at() >= began.plus(YEAR));

    // The clock was wrong; the process starts again with the right one.
    receiver.usually(Reply::Status(200));
    let house = started_again(
        house,
        Clock::fixed(WireTime::from_millis(began.as_millis())),
    )
    .await;
    let late = house.deliver(keyed("late")).await;
    assert!(late.event > interrupted.event, "an id went backwards");
    assert_eq!(house.delivery(late.deliveries[0].0).await.attempts, 1);
    assert!(house.deliver(keyed("interrupted")).await.duplicate);
    house.advance(2 * YEAR.as_secs()).await;
    for receipt in [failed, interrupted, late] {
        let delivery = house.delivery(receipt.deliveries[0].0).await;
        assert_eq!(delivery.state.as_str(), "delivered");
    }
}

/// The same directory under another clock; what was under way is cut off.
async fn started_again(house: House, clock: Clock) -> House {
    house.engine.shutdown(Duration::ZERO).await;
    house.store.close().await;
    let directory = house.directory;
    let options = Options::new(directory.path());
    let schemas = [records::SCHEMA];
    let store = Store::open(options, clock.clone(), &MasterKey::Beside, &schemas).unwrap();
    let (record, random) = (Record::new(store.clone()), Random::seeded(7));
    let options = EngineOptions::default();
    let engine = Engine::start(options, record, Guard::development(), random);
    House {
        engine: engine.await.unwrap(),
        store,
        clock,
        directory,
    }
}

/// What is due to the endpoint that hangs.
const MOUNTAIN: usize = 100_000;
/// How many attempts it may have under way.
const SLOTS: u32 = 64;
/// What arrives for the healthy endpoint meanwhile.
const TRAFFIC: usize = 500;

ringback_store::statements! {
    COUNT_IN_STATE = "SELECT COUNT(*) FROM delivery WHERE endpoint = $1 AND state = $2";
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_endpoint_with_a_mountain_of_work_holds_its_slots_and_no_more() {
    let house = House::with(EngineOptions::default()).await;
    let hanging = Receiver::new(Reply::Hang).await;
    let healthy = Receiver::new(Reply::Status(200)).await;
    let mut new = standard("hanging", &hanging.url());
    new.types = vec!["hanging".to_owned()];
    new.policy.deadline_ms = Some(NEVER);
    new.policy.concurrency = Some(SLOTS);
    let endpoint = house.endpoint(new).await.id;
    house.engine.pause("tester", endpoint).await.unwrap();
    pile_up(house.engine.record(), endpoint).await;
    let house = house.restarted().await;
    house.engine.resume("tester", endpoint).await.unwrap();
    let mut new = standard("healthy", &healthy.url());
    new.types = vec!["healthy".to_owned()];
    house.endpoint(new).await;
    hanging.seen(SLOTS as usize).await;

    let mut accepting = JoinSet::new();
    for _ in 0..TRAFFIC {
        let engine = house.engine.clone();
        accepting.spawn(async move { engine.accept(arrival("healthy")).await });
    }
    let receipts = accepting.join_all().await;
    healthy.seen(TRAFFIC).await;
    for receipt in receipts {
        let deliveries = receipt.unwrap().deliveries;
        assert_eq!(deliveries.len(), 1);
        settled(&house, deliveries[0].0).await;
    }
    assert_eq!(healthy.got().len(), TRAFFIC);
    assert_eq!(hanging.got().len(), SLOTS as usize);
    assert_eq!(house.engine.health(endpoint).unwrap().in_flight, SLOTS);
    // What is in memory is what is claimed: as many rows as there are slots.
    assert_eq!(count(&house, endpoint, "running").await, SLOTS as usize);
    assert_eq!(
        count(&house, endpoint, "due").await,
        MOUNTAIN - SLOTS as usize
    );
}

/// Writes the mountain as many arrivals at once would.
async fn pile_up(record: &Record, endpoint: EndpointId) {
    let mut writing = JoinSet::new();
    for _ in 0..100 {
        let record = record.clone();
        writing.spawn(async move {
            for _ in 0..MOUNTAIN / 100 {
                let (event, delivery) = piece(&record, endpoint);
                record
                    .accept(event, [delivery].into(), Vec::new())
                    .await
                    .unwrap();
            }
        });
    }
    writing.join_all().await;
}

fn piece(record: &Record, endpoint: EndpointId) -> (Arc<Event>, NewDelivery) {
    let store = record.store();
    let body = Bytes::from_static(b"{}");
    let event = Event {
        id: store.next_id(),
        kind: EventKind::Event,
        source: source(),
        event_type: "hanging".to_owned(),
        app: None,
        dedupe_key: None,
        headers: None,
        body_bytes: body.len() as i64,
        body: Some(body),
        raw: None,
    };
    let delivery = NewDelivery {
        id: store.next_id(),
        endpoint,
        due_at: store.clock().schedule(),
        claimed: false,
        order_key: None,
    };
    (Arc::new(event), delivery)
}

/// Waits until the outcome of a request that has arrived is written.
async fn settled(house: &House, delivery: DeliveryId) {
    loop {
        let story = house.story(delivery).await;
        if !story.starts_with("running") {
            assert_eq!(story, "delivered\n1 at 0 s: 200");
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn count(house: &House, endpoint: EndpointId, state: &str) -> usize {
    assert_eq!(STATEMENTS.len(), 1);
    let rows = house
        .store
        .read(COUNT_IN_STATE, [endpoint.into(), state.into()])
        .await
        .unwrap();
    rows[0].int(0).unwrap() as usize
}
