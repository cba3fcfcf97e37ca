//! The probe: every stage reported.

use std::time::Duration;

use ringback_deliver::guard::{Rule, check_url};
use ringback_deliver::{Guard, Limits, Probe, Stage, TransportFailure};
use ringback_dialect::WireRequest;
use ringback_types::{Clock, Deadline};

use crate::house::{House, Receiver, Reply};

fn limits(deadline: Duration) -> Limits {
    Limits {
        deadline: Deadline::after(deadline),
        connect: deadline,
        answer_cap_bytes: 1000,
    }
}

fn request() -> WireRequest {
    WireRequest {
        query: None,
        headers: http::HeaderMap::new(),
        body: "{}".into(),
    }
}

#[tokio::test]
async fn a_probe_reports_each_stage_and_the_answer() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::With(200, Vec::new(), "hello".into())).await;
    let url = check_url(&receiver.url()).unwrap();
    let limits = limits(Duration::from_secs(10));
    let report = house
        .engine
        .probe()
        .exchange(&url, request(), &limits)
        .await;
    assert_eq!(report.outcome.unwrap().body, "hello");
    let stages: Vec<Stage> = report.stages.iter().map(|timing| timing.stage).collect();
    assert_eq!(
        stages,
        [Stage::Dns, Stage::Connect, Stage::Head, Stage::Body]
    );
    assert_eq!(report.connected, Some(receiver.address.ip()));
    assert_eq!(report.addresses[0].refused_by, None);
}

#[tokio::test]
async fn a_probe_can_get_with_a_query_behind_the_urls_own() {
    let house = House::new().await;
    let receiver = Receiver::new(Reply::Status(200)).await;
    for own in ["", "?", "?a=b%20c"] {
        let url = check_url(&format!("{}{own}", receiver.url())).unwrap();
        let request = WireRequest {
            query: Some("echostr=x%2B".to_owned()),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        let plenty = limits(Duration::from_secs(10));
        let report = house.engine.probe().get(&url, request, &plenty).await;
        assert_eq!(report.outcome.unwrap().status, 200);
    }
    let got = receiver.got();
    assert!(got.iter().all(|got| got.method == http::Method::GET));
    let queries: Vec<_> = got.iter().filter_map(|got| got.query.as_deref()).collect();
    assert_eq!(
        queries,
        ["echostr=x%2B", "echostr=x%2B", "a=b%20c&echostr=x%2B"]
    );
}

#[tokio::test]
async fn a_probe_says_which_address_is_refused_and_which_stage_is_late() {
    let house = House::new().await;
    let metadata = check_url("http://169.254.169.254/latest").unwrap();
    let plenty = limits(Duration::from_secs(10));
    let report = house
        .engine
        .probe()
        .exchange(&metadata, request(), &plenty)
        .await;
    assert_eq!(report.addresses[0].refused_by, Some(Rule::Metadata));
    assert!(matches!(
        report.outcome,
        Err(TransportFailure::RefusedByGuard { .. })
    ));

    let hanging = Receiver::new(Reply::Hang).await;
    let url = check_url(&hanging.url()).unwrap();
    let little = limits(Duration::from_millis(100));
    let report = house
        .engine
        .probe()
        .exchange(&url, request(), &little)
        .await;
    assert_eq!(
        report.outcome.unwrap_err(),
        TransportFailure::Late { stage: Stage::Head }
    );
}

#[tokio::test]
async fn a_probe_of_its_own_can_be_held_to_ipv4() {
    let probe = Probe::new(Guard::development(), Clock::real(), Vec::new()).ipv4_only();
    let receiver = Receiver::new(Reply::Status(200)).await;
    let plenty = limits(Duration::from_secs(10));
    let url = check_url(&receiver.url()).unwrap();
    let report = probe.exchange(&url, request(), &plenty).await;
    assert_eq!(report.outcome.unwrap().status, 200);

    let url = check_url("http://[::1]:1/").unwrap();
    let report = probe.exchange(&url, request(), &plenty).await;
    assert_eq!(report.addresses.len(), 1, "shown all the same");
    assert!(matches!(report.outcome, Err(TransportFailure::Dns { .. })));
}
