//! Requests that were made outside of this repository's code, taken and refused for their reasons.

use std::path::Path;

use ringback_zone_sdk::{Clock, Error, Refused, Request, Settings, WireTime, Zone};
use serde_json::Value;

use crate::stub::replace;

fn vectors() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/dialect/vectors/zone.json");
    let mut file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let Value::Array(vectors) = file["vectors"].take() else {
        panic!("`vectors` is a list");
    };
    vectors
}

/// The zone of the vector's keys, at its time.
fn zone(vector: &Value, room: u64) -> Zone {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("credentials.json");
    let mut credentials = vector["ring"].clone();
    credentials["zone_url"] = "http://127.0.0.1:7300".into();
    replace(&path, credentials.to_string().as_bytes(), 0o400);
    Zone::new(Settings {
        credentials: Some(path),
        remembered_nonces: usize::try_from(room).unwrap(),
        clock: Clock::fixed(WireTime::from_millis(vector["now"].as_i64().unwrap())),
        ..Settings::default()
    })
    .unwrap()
}

/// What the zone makes of the vector's request; a replay is decoded twice.
fn decode(vector: &Value) -> Result<Request, Refused> {
    let headers: Vec<(String, String)> =
        serde_json::from_value(vector["request"]["headers"].clone()).unwrap();
    let body = vector["request"]["body"].as_str().unwrap().as_bytes();
    let capacity = vector["capacity"].as_u64().unwrap();
    if vector["refused"] == "nonce_seen" {
        let zone = zone(vector, capacity);
        let _ = zone.decode(&headers, body);
        return zone.decode(&headers, body);
    }
    let seen = vector["seen"].as_array().unwrap().len() as u64;
    zone(vector, capacity - seen).decode(&headers, body)
}

#[test]
fn every_request_is_taken_or_refused_for_its_reason() {
    let mut taken = 0;
    let mut refused = 0;
    let requests = |one: &&Value| one["half"] == "open" && one["flow"] == "request";
    for vector in vectors().iter().filter(requests) {
        let name = vector["name"].as_str().unwrap();
        let expected = vector["refused"].as_str();
        match (decode(vector).map_err(|refused| refused.error), expected) {
            (Ok(request), None) => {
                let plaintext = vector["expect"]["plaintext"].as_str().unwrap();
                let expected: Value = serde_json::from_str(plaintext).unwrap();
                assert_eq!(request.data, expected["data"], "{name}");
                assert_eq!(request.agentid, expected["agentid"], "{name}");
                taken += 1;
            }
            // The SDK has a code of its own for a body that is not there.
            (Err(Error::BodyNotSet), Some(_)) => assert_eq!(vector["request"]["body"], ""),
            (Err(Error::Unverified { reason }), Some(expected)) => {
                assert_eq!(reason.as_str(), expected, "{name}");
                assert_eq!(i64::from(reason.code()), vector["code"], "{name}");
                refused += 1;
            }
            (other, expected) => panic!("{name}: {other:?} instead of {expected:?}"),
        }
    }
    assert!(taken >= 5, "{taken} taken");
    assert!(refused >= 60, "{refused} refused");
}
