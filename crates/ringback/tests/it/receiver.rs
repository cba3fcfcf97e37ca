//! A request URL's server: right, or wrong in a chosen way.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use ringback_dialect::feishu::{Receiver, Secrets};
use ringback_dialect::{Incoming, Received};
use ringback_types::{Clock, Secret};

/// A request as the server reads it.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What the server does with a request: the whole answer, head included.
pub(crate) type Answer = dyn Fn(&Request) -> Vec<u8> + Send + Sync;

/// Listens on a free port of loopback for as long as the test runs; answers its URL.
pub(crate) fn serve(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/feishu", listener.local_addr().unwrap());
    let answer: Arc<Answer> = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, answer) = (stream.unwrap(), Arc::clone(&answer));
            std::thread::spawn(move || exchange(stream, &*answer));
        }
    });
    url
}

/// Requests on one connection, one after another, until the peer is gone.
fn exchange(mut stream: TcpStream, answer: &Answer) {
    while let Some(request) = read(&mut stream) {
        // A peer that has hung up meanwhile needs no answer.
        if stream.write_all(&answer(&request)).is_err() {
            return;
        }
    }
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        if head.is_empty() && !byte[0].is_ascii_uppercase() {
            // Whatever this is, it is not HTTP: hang up, as servers do.
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let mut line = head.lines().next()?.split(' ');
    let method = line.next()?.parse().ok()?;
    let query = line
        .next()?
        .split_once('?')
        .map(|(_, query)| query.to_owned());
    let mut headers = HeaderMap::new();
    for line in head.lines().skip(1) {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value).ok()?);
    }
    let length = headers.get("content-length");
    let length = length.map_or(Some(0), |length| length.to_str().ok()?.parse().ok())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Request {
        method,
        query,
        headers,
        body: body.into(),
    })
}

/// An answer of this status, content type and body.
pub(crate) fn reply(status: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}")
        .into()
}

/// 200 with this JSON.
pub(crate) fn json(body: &str) -> Vec<u8> {
    reply("200 OK", "application/json", body)
}

/// What an app and its server both know; an empty key is none.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) key: &'static str,
    pub(crate) token: &'static str,
}

/// The receiver of a right server.
pub(crate) fn receiver(known: Known) -> Receiver {
    let key = Secret::from(known.key);
    Receiver::new(Secrets::new(Some(&key), Secret::from(known.token)))
}

/// What a request is to a receiver.
pub(crate) fn receive(
    receiver: &Receiver,
    request: &Request,
) -> Result<Incoming, ringback_dialect::Refusal> {
    let incoming = Received {
        method: &Method::POST,
        path: "/feishu",
        query: None,
        headers: &request.headers,
        body: &request.body,
    };
    receiver.receive(&incoming, Clock::real().wire())
}

/// A server that does everything right: challenge answered, events checked.
pub(crate) fn right(known: Known) -> impl Fn(&Request) -> Vec<u8> + Send + Sync {
    let receiver = receiver(known);
    move |request| match receive(&receiver, request) {
        Ok(Incoming::Challenge(reply)) => json(std::str::from_utf8(&reply.body).unwrap()),
        Ok(Incoming::Event(_) | Incoming::Call(_)) => json("{}"),
        Err(refusal) => {
            let body = format!(r#"{{"msg":"{refusal}"}}"#);
            reply("500 Internal Server Error", "application/json", &body)
        }
    }
}
