//! Debug mode from the program's side.

use ringback_dialect::zone::Outcome;
use ringback_types::ScheduleTime;
use ringback_zone_sdk::{Clock, Error, Settings, WireTime, Zone};

use crate::stub::{Answer, DEBUG_KEY_ID, KEY_ID, Stub, call};

const TOKEN: &str = "dbg_session1_s3cr3t_with_underscores";
const ACCESS_TOKEN: &str = "the-app's-access-token";
const START: WireTime = WireTime::from_millis(1_800_000_000_000);

async fn stub(clock: &Clock) -> Stub {
    let play = |_| Box::pin(async { Answer::Text("{}".to_owned()) }) as _;
    let stub = Stub::playing(clock.clone(), play).await;
    stub.allow_debug(TOKEN, ACCESS_TOKEN, START.as_seconds() + 7200);
    stub
}

fn zone(stub: &Stub, clock: &Clock) -> Zone {
    Zone::new(Settings {
        zone_url: stub.url.clone(),
        clock: clock.clone(),
        ..Settings::default()
    })
    .unwrap()
}

#[tokio::test]
async fn an_opened_session_takes_requests_and_calls_apis_until_it_ends() {
    let clock = Clock::fixed(START);
    let stub = stub(&clock).await;
    let zone = zone(&stub, &clock);
    let frame = call("a", "{}");
    let client = zone.client("wwstub", 1, "a", "");
    assert_eq!(
        client.invoke("sync_msg", "{}").await.unwrap_err(),
        Error::NoKey
    );

    let session = zone.open_debug(TOKEN, ACCESS_TOKEN).await.unwrap();
    assert!(zone.is_debug());
    assert_eq!(session.key_id, DEBUG_KEY_ID);
    assert_eq!(session.expires_at, START.plus_millis(7_200_000));
    let sealed = stub.request_at(&frame, DEBUG_KEY_ID, clock.wire());
    let reply = zone
        .decode(&sealed.headers, &sealed.body)
        .unwrap()
        .reply("{}")
        .unwrap();
    assert_eq!(
        stub.read_reply(&sealed, &reply.headers, &reply.body).0,
        Outcome::Ok
    );
    client.invoke("sync_msg", "{}").await.unwrap();
    assert_eq!(stub.invoked()[0].key_id, DEBUG_KEY_ID);
    let wire = String::from_utf8_lossy(&stub.wire()).into_owned();
    assert!(!wire.contains(ACCESS_TOKEN) && !wire.contains("s3cr3t"));

    clock
        .advance_to(ScheduleTime::from_millis(START.as_millis() + 7_200_000))
        .unwrap();
    let over = client.invoke("sync_msg", "{}").await.unwrap_err();
    assert_eq!((over.code(), &over), (-10008, &Error::SessionOver));
    assert!(over.hint().unwrap().contains("access_token has expired"));
    let sealed = stub.request_at(&frame, DEBUG_KEY_ID, clock.wire());
    let refused = zone.decode(&sealed.headers, &sealed.body).unwrap_err();
    assert_eq!(refused.error, Error::SessionOver);
    assert!(refused.reply.body.is_empty());
    assert!(stub.invoked().is_empty());

    stub.allow_debug(TOKEN, "a new one", clock.wire().as_seconds() + 60);
    zone.open_debug(TOKEN, "a new one").await.unwrap();
    client.invoke("sync_msg", "{}").await.unwrap();
}

#[tokio::test]
async fn wrong_tokens_open_nothing() {
    let clock = Clock::fixed(START);
    let stub = stub(&clock).await;
    let zone = zone(&stub, &clock);
    for token in [
        "",
        "dbg_",
        "dbg_only",
        "dbg__x",
        "dbg_id_",
        "session1_secret",
        "dbg_a b_c",
    ] {
        assert_eq!(
            zone.open_debug(token, ACCESS_TOKEN).await.unwrap_err(),
            Error::DebugToken
        );
    }
    let expired = zone.open_debug(TOKEN, "an expired one").await.unwrap_err();
    assert_eq!(expired.code(), -10008);
    assert!(expired.hint().unwrap().contains("access_token"));
    let unknown = zone
        .open_debug("dbg_nobody_x", ACCESS_TOKEN)
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), -10008);
    assert!(!zone.is_debug());
    let shown = format!(
        "{zone:?} {:?}",
        zone.open_debug("dbg_nobody_x", ACCESS_TOKEN).await
    );
    assert!(!shown.contains(ACCESS_TOKEN));
}

#[tokio::test]
async fn plain_http_goes_to_loopback_only_unless_it_is_allowed() {
    let open = async |url: &str, allow_http| {
        let settings = Settings {
            zone_url: url.to_owned(),
            allow_http,
            connect_timeout: std::time::Duration::from_millis(20),
            timeout: std::time::Duration::from_millis(20),
            ..Settings::default()
        };
        let zone = Zone::new(settings).unwrap();
        zone.open_debug(TOKEN, ACCESS_TOKEN).await.unwrap_err()
    };
    // 127.0.0.0/8 without a listener: what is let through fails at the network.
    for url in [
        "http://127.0.0.1:1",
        "http://127.9.9.9:1",
        "http://[::1]:1",
        "http://localhost:1",
    ] {
        assert_eq!(open(url, false).await.code(), -10002, "{url}");
    }
    let urls = [
        "http://zone.invalid",
        "http://127.0.0.1.zone.invalid",
        "http://localhost.zone.invalid",
        "http://127.0.0.1@zone.invalid",
        "ftp://127.0.0.1",
        "127.0.0.1:7300",
        "",
    ];
    for url in urls {
        let error = open(url, false).await;
        assert!(matches!(error, Error::Address { .. }), "{url}: {error}");
    }
    assert_eq!(open("http://127.0.0.1:1", true).await.code(), -10002);
    assert!(matches!(
        open("ftp://127.0.0.1", true).await,
        Error::Address { .. }
    ));
}

#[tokio::test]
async fn a_debug_session_goes_before_the_credentials_file() {
    let clock = Clock::fixed(START);
    let stub = stub(&clock).await;
    let zone = Zone::new(Settings {
        credentials: Some(stub.credentials()),
        zone_url: stub.url.clone(),
        clock: clock.clone(),
        ..Settings::default()
    })
    .unwrap();
    let client = zone.client("wwstub", 1, "a", "");
    client.invoke("sync_msg", "{}").await.unwrap();
    zone.open_debug(TOKEN, ACCESS_TOKEN).await.unwrap();
    client.invoke("sync_msg", "{}").await.unwrap();
    let spoke: Vec<String> = stub.invoked().into_iter().map(|one| one.key_id).collect();
    assert_eq!(spoke, [KEY_ID, DEBUG_KEY_ID]);
    for key_id in [KEY_ID, DEBUG_KEY_ID] {
        let sealed = stub.request_at(&call("a", "{}"), key_id, clock.wire());
        let reply = zone
            .decode(&sealed.headers, &sealed.body)
            .unwrap()
            .reply("{}")
            .unwrap();
        assert_eq!(
            reply.headers["ww-key-id"], key_id,
            "a reply uses the addressed key"
        );
    }
}
