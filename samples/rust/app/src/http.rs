//! JSON over HTTP to the platform.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// A sync call may take 30 s on the platform's side.
const DEADLINE: Duration = Duration::from_secs(40);
/// The largest answer that is read.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// A client with its pool.
#[derive(Debug, Clone)]
pub(crate) struct Http(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Http {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self(client))
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, url: &Url) -> anyhow::Result<T> {
        let request = Request::get(url.as_str()).body(Full::default())?;
        self.exchange(request).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        url: &Url,
        body: &Value,
    ) -> anyhow::Result<T> {
        let request = Request::post(url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_string()))?;
        self.exchange(request).await
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        request: Request<Full<Bytes>>,
    ) -> anyhow::Result<T> {
        let body = tokio::time::timeout(DEADLINE, self.body(request)).await;
        let body = body
            .context("no answer in time")
            .flatten()
            .context(Unreachable)?;
        serde_json::from_slice(&body).context("the platform's answer is not the JSON expected")
    }

    async fn body(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Bytes> {
        let response = self.0.request(request).await?;
        let status = response.status();
        ensure!(status == StatusCode::OK, "HTTP status {status}");
        let body = Limited::new(response.into_body(), MOST_BYTES)
            .collect()
            .await;
        let body = body.map_err(|error| anyhow::anyhow!("it did not arrive whole: {error}"))?;
        Ok(body.to_bytes())
    }
}

/// The platform gave no answer: worth another try.
#[derive(Debug)]
pub(crate) struct Unreachable;

impl fmt::Display for Unreachable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the platform does not answer")
    }
}
