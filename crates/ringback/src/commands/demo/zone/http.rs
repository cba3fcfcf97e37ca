//! HTTP as an app's server speaks it, and anybody else.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::failure::Failure;

/// A synchronous call may take 30 s on the platform's side.
const DEADLINE: Duration = Duration::from_secs(40);

/// A client with its connections. Cheap to clone.
#[derive(Clone)]
pub(super) struct Http(Client<HttpConnector, Full<Bytes>>);

impl Http {
    pub(super) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    /// The headers and the body of the answer, whatever its status.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(HeaderMap, Bytes), Failure> {
        let exchange = async {
            let answer = self.0.request(request).await.map_err(Failure::internal)?;
            let (head, body) = answer.into_parts();
            let body = body.collect().await.map_err(Failure::internal)?;
            Ok((head.headers, body.to_bytes()))
        };
        let answered = tokio::time::timeout(DEADLINE, exchange).await;
        answered.map_err(|_| Failure::internal("no answer in time"))?
    }

    /// The JSON that a GET, or a POST of this body, is answered.
    pub(super) async fn json(&self, url: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let request = match body {
            None => Request::get(url).body(Full::default()),
            Some(body) => Request::post(url)
                .header("content-type", "application/json")
                .body(Full::from(body.to_string())),
        };
        let (_, body) = self.send(request.map_err(Failure::internal)?).await?;
        serde_json::from_slice(&body).map_err(Failure::internal)
    }
}
