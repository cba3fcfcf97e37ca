//! The bare servers that Ringback is measured against, each in a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::routing::post;
use bytes::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ringback_zone_sdk::{Settings, Zone};
use tokio::net::TcpListener;

use crate::load::Post;

/// A bare axum server that answers with the body it was sent.
pub(crate) fn echo() -> Router {
    Router::new().fallback(post(|body: Bytes| async move { body }))
}

/// A bare axum server that takes anything and counts it.
pub(crate) fn sink(count: &Arc<AtomicUsize>) -> Router {
    let count = Arc::clone(count);
    Router::new().fallback(post(move |_: Bytes| {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::ready(())
    }))
}

/// What a business answers to a call of Desk.
const BUSINESS_ANSWER: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"Body":{"OrderFound":"yes","OrderStatus":"sent"}}"#;

/// A bare axum server that answers whatever it is asked as a business does.
pub(crate) fn business() -> Router {
    Router::new().fallback(post(|_: Bytes| async {
        ([(CONTENT_TYPE, "application/json")], BUSINESS_ANSWER)
    }))
}

/// A business that keeps what it was asked last.
pub(crate) fn remembering(last: &Arc<Mutex<Option<Post>>>) -> Router {
    let last = Arc::clone(last);
    Router::new().fallback(post(async move |uri: Uri, body: Bytes| {
        let path = uri
            .path_and_query()
            .map_or_else(String::new, ToString::to_string);
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Post { path, body });
        BUSINESS_ANSWER
    }))
}

/// A bare axum reverse proxy: each request as it came to one other server, over kept connections, and
/// the answer as it came back.
pub(crate) fn proxy(target: SocketAddr) -> Router {
    let client: Client<HttpConnector, Body> = Client::builder(TokioExecutor::new()).build_http();
    Router::new().fallback(post(move |mut request: Request| {
        let client = client.clone();
        async move {
            let uri = format!("http://{target}/");
            *request.uri_mut() = uri.parse().map_err(|_| StatusCode::BAD_GATEWAY)?;
            let answer = client.request(request).await;
            answer.map_err(|_| StatusCode::BAD_GATEWAY)
        }
    }))
}

/// A zone program that answers with what it was asked.
pub(crate) fn program(credentials: PathBuf) -> Result<Router> {
    let zone = Zone::new(Settings {
        credentials: Some(credentials),
        ..Settings::default()
    })?;
    Ok(zone.router(async |request: ringback_zone_sdk::Request| Ok::<_, String>(request.data)))
}

/// Serves on a free port of the loopback address, in the background.
pub(crate) async fn serve(router: Router) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// The body of a child process: serves, names its port on standard output, runs until it is ended.
#[expect(clippy::print_stdout, reason = "the parent reads the port from here")]
pub(crate) async fn run_child(router: Router) -> Result<()> {
    let address = serve(router).await?;
    println!("{address}");
    std::future::pending().await
}
