//! The OpenAPI document is a promise: it changes only on purpose.

use std::collections::BTreeSet;

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use serde_json::Value;

use crate::stage::Stage;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[tokio::test]
async fn the_document_is_the_committed_one_and_needs_no_token() {
    let stage = Stage::new().await;
    let served = stage.request(
        Method::GET,
        "/api/v1/openapi.json",
        HeaderMap::new(),
        Bytes::new(),
    );
    let served = served.await.unwrap().json();
    let paths = served["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    insta::assert_snapshot!(operations.collect::<Vec<_>>().join("\n"));
    let mut ids = BTreeSet::new();
    for (path, item) in served["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "two operations are called {id}");
            let named = operation["summary"]
                .as_str()
                .or_else(|| operation["description"].as_str());
            assert!(
                named.is_some_and(|text| !text.is_empty()),
                "{method} {path} says nothing of itself"
            );
        }
    }

    let text = format!("{}\n", serde_json::to_string_pretty(&served).unwrap());
    let committed = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let fresh = concat!(env!("CARGO_TARGET_TMPDIR"), "/openapi.json");
    if serde_json::from_str::<Value>(&committed).ok().as_ref() != Some(&served) {
        std::fs::write(fresh, text).unwrap();
        panic!("the management API has changed; if on purpose: cp {fresh} {GOLDEN}");
    }
}
