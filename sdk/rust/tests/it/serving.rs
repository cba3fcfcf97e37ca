//! The HTTP server around a handler, over real sockets.

#![expect(
    clippy::disallowed_methods,
    reason = "what a peer reads is seen from a bare socket"
)]

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use ringback_dialect::zone::{Outcome, header};
use ringback_zone_sdk::{Request, Settings, Zone};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::requests::zone;
use crate::stub::{Stub, call, send};

struct Program {
    address: SocketAddr,
    url: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn start<F>(
    zone: Zone,
    handler: impl Fn(Request) -> F + Clone + Send + Sync + 'static,
) -> Program
where
    F: Future<Output = Result<String, String>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let stopped = async move { drop(stopped.await) };
        zone.serve_on(listener, handler, stopped).await.unwrap();
    });
    Program {
        address,
        url: format!("http://{address}/"),
        stop,
        task,
    }
}

async fn answer(request: Request) -> Result<String, String> {
    match request.ability_id.as_str() {
        "fails" => Err("it cannot be done".to_owned()),
        "panics" => panic!("on purpose"),
        _ => Ok(request.data),
    }
}

/// What a bare peer reads until the connection is closed.
async fn exchange(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_handler_answers_and_its_errors_are_exceptional_replies() {
    let stub = Stub::new().await;
    let program = start(zone(&stub), answer).await;
    let done = stub.ask(&program.url, &call("echo", r#"{"a":1}"#)).await;
    assert_eq!(done, (Outcome::Ok, r#"{"a":1}"#.to_owned()));
    for ability in ["fails", "panics"] {
        let failed = stub.ask(&program.url, &call(ability, "{}")).await;
        assert_eq!(failed, (Outcome::Error, String::new()), "{ability}");
    }
    let replayed = stub.request(&call("echo", "{}"));
    for expected in [Outcome::Ok, Outcome::Error] {
        let (status, headers, body) =
            send(&program.url, &replayed.headers, replayed.body.clone()).await;
        assert_eq!(status, 200);
        assert_eq!(stub.read_reply(&replayed, &headers, &body).0, expected);
    }
}

#[tokio::test]
async fn curl_reads_a_hint_and_only_the_root_takes_requests() {
    let stub = Stub::new().await;
    let program = start(zone(&stub), answer).await;
    let ask = async |line: &str| {
        let text = format!(
            "{line} HTTP/1.1\r\nHost: x\r\nUser-Agent: curl/8\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        exchange(program.address, &text).await
    };
    let curl = ask("POST /").await;
    assert!(curl.starts_with("HTTP/1.1 200"), "{curl}");
    assert!(
        curl.contains("ringback call PROGRAM ABILITY JSON"),
        "{curl}"
    );
    assert!(!curl.contains("ww-key-id"), "{curl}");
    assert!(ask("GET /healthz").await.ends_with("ok\n"));
    assert!(ask("GET /").await.starts_with("HTTP/1.1 405"));
    assert!(ask("POST /other").await.starts_with("HTTP/1.1 404"));
    // A peer of HTTP/1.0 is answered too, and its connection is closed.
    let old = exchange(
        program.address,
        "POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    assert!(old.contains("ringback call"), "{old}");
}

#[tokio::test]
async fn headers_that_do_not_hold_are_refused_before_the_body_comes() {
    let stub = Stub::new().await;
    let program = start(zone(&stub), answer).await;
    let sealed = stub.request(&call("echo", "{}"));
    let mut head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n".to_owned();
    for (name, value) in &sealed.headers {
        let value = if name == header::VERSION {
            "9"
        } else {
            value.to_str().unwrap()
        };
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    let mut stream = TcpStream::connect(program.address).await.unwrap();
    stream
        .write_all(format!("{head}\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_body_above_the_cap_is_refused() {
    let stub = Stub::new().await;
    let settings = Settings {
        credentials: Some(stub.credentials()),
        max_body_bytes: 1000,
        ..Settings::default()
    };
    let program = start(Zone::new(settings).unwrap(), answer).await;
    let small = stub.ask(&program.url, &call("echo", "{}")).await;
    assert_eq!(small.0, Outcome::Ok);
    let sealed = stub.request(&call("echo", &"x".repeat(2000)));
    let (_, headers, body) = send(&program.url, &sealed.headers, sealed.body.clone()).await;
    assert_eq!(stub.read_reply(&sealed, &headers, &body).0, Outcome::Error);
    assert_eq!(headers[header::REFUSAL], "-10001");
}

#[tokio::test]
async fn a_stop_lets_the_request_under_way_finish() {
    let stub = Stub::new().await;
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (entered, leave) = (Arc::clone(&entered), Arc::clone(&leave));
        move |request: Request| {
            let (entered, leave) = (Arc::clone(&entered), Arc::clone(&leave));
            async move {
                entered.notify_one();
                leave.notified().await;
                Ok(request.data)
            }
        }
    };
    let program = start(zone(&stub), slow).await;
    let mut idle = TcpStream::connect(program.address).await.unwrap();
    let url = program.url.clone();
    let asked = tokio::spawn(async move { stub.ask(&url, &call("slow", "{}")).await });
    entered.notified().await;
    program.stop.send(()).unwrap();
    assert_eq!(
        idle.read(&mut [0]).await.unwrap(),
        0,
        "an idle connection is closed at once"
    );
    leave.notify_one();
    assert_eq!(asked.await.unwrap().0, Outcome::Ok);
    program.task.await.unwrap();
    assert!(TcpStream::connect(program.address).await.is_err());
}
