//! The door for programs: what is not verified learns a code and no more, and what is counts once.

use std::net::SocketAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use ringback_dialect::zone::{
    Flow, Head, Keys, Message, Outcome, header, open, refusal_code, seal,
};
use ringback_types::{Clock, Random, Secret};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::program::Running;
use crate::stage::{PROGRAM, Stage, abilities, program};

const API: &str = "get_hide_sensitiveinfo_config";

struct Speaking {
    keys: Keys,
    key_id: String,
    url: String,
    agentid: i64,
}

struct Said {
    headers: HeaderMap,
    body: bytes::Bytes,
}

impl Speaking {
    async fn of(stage: &Stage) -> Self {
        let file = stage.zone.instance_credentials(PROGRAM, 1).await.unwrap();
        Self {
            keys: Keys::new(&file.versions[0].secret),
            key_id: file.key_id,
            url: file.zone_url,
            agentid: stage.app.agentid,
        }
    }

    fn sealed(&self, target: &str, flow: Flow, plaintext: &str) -> Said {
        let random = Random::system();
        let message = Message {
            flow,
            target,
            key_id: &self.key_id,
            version: 1,
            request_id: "AAAAAAAAAAAAAAAAAAAAAA",
            outcome: None,
            plaintext: plaintext.as_bytes(),
        };
        let sealed = seal(&self.keys, &message, Clock::real().wire(), random.secret());
        Said {
            headers: sealed.headers,
            body: sealed.body,
        }
    }

    fn frame(&self, request: &str) -> String {
        json!({ "corpid": "wwcorp", "agentid": self.agentid, "ability_id": "", "job_info": "", "request": request })
            .to_string()
    }

    async fn say(&self, api: &str, said: &Said) -> (u16, HeaderMap, Vec<u8>) {
        use http_body_util::{BodyExt as _, Full};
        use hyper_util::client::legacy::Client;
        use hyper_util::rt::TokioExecutor;
        let client: Client<_, Full<bytes::Bytes>> =
            Client::builder(TokioExecutor::new()).build_http();
        let mut request = http::Request::post(format!("{}/zone/invoke/{api}", self.url))
            .body(Full::new(said.body.clone()))
            .unwrap();
        *request.headers_mut() = said.headers.clone();
        let answer = client.request(request).await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, headers, body.to_vec())
    }

    /// What the answer says: a code and whether it is signed, or the opened plaintext.
    async fn told(&self, api: &str, said: &Said) -> String {
        let (status, headers, body) = self.say(api, said).await;
        let code = refusal_code(&headers);
        let Ok(head) = Head::read(&headers, Flow::InvokeReply, Clock::real().wire()) else {
            assert!(body.is_empty());
            return format!("{status} unsigned {code:?}");
        };
        let opened = open(&self.keys, Flow::InvokeReply, api, &head, &body).unwrap();
        if head.outcome == Some(Outcome::Ok) {
            return format!("{status} {}", String::from_utf8(opened).unwrap());
        }
        assert!(opened.is_empty());
        format!("{status} signed {code:?}")
    }
}

fn with(said: &Said, name: &HeaderName, value: &'static str) -> Said {
    let mut headers = said.headers.clone();
    headers.insert(name, HeaderValue::from_static(value));
    Said {
        headers,
        body: said.body.clone(),
    }
}

#[tokio::test]
async fn every_check_has_its_code_and_nothing_else_is_told() {
    let stage = Stage::new().await;
    let _running = stage.with_program(Running::sample().await).await;
    let peer = Speaking::of(&stage).await;
    let frame = peer.frame(r#"{"userid":"u"}"#);
    let fresh = || peer.sealed(API, Flow::Invoke, &frame);
    let other_keys = Speaking {
        keys: Keys::new(&Secret::from(vec![1; 32])),
        key_id: peer.key_id.clone(),
        url: peer.url.clone(),
        agentid: peer.agentid,
    };
    let bytes = |text: &str| bytes::Bytes::from(text.to_owned());
    let mut said = vec![
        ("right", fresh()),
        ("another channel", with(&fresh(), &header::CHANNEL, "2")),
        ("no key id", with(&fresh(), &header::KEY_ID, "nobody/1")),
        ("another version", with(&fresh(), &header::VERSION, "9")),
        (
            "an old time",
            with(&fresh(), &header::TIMESTAMP, "1700000000000"),
        ),
        (
            "another request id",
            with(&fresh(), &header::REQUEST_ID, "BBBBBBBBBBBBBBBBBBBBBA"),
        ),
        (
            "another secret",
            other_keys.sealed(API, Flow::Invoke, &frame),
        ),
        ("another flow", peer.sealed(API, Flow::Request, &frame)),
        ("another api", peer.sealed("sync_msg", Flow::Invoke, &frame)),
        ("no json inside", peer.sealed(API, Flow::Invoke, "nonsense")),
        (
            "no sealed body",
            Said {
                headers: fresh().headers,
                body: bytes("{}"),
            },
        ),
    ];
    said.push((
        "nothing",
        Said {
            headers: HeaderMap::new(),
            body: bytes(""),
        },
    ));
    let mut told = Vec::new();
    for (what, said) in &said {
        told.push(format!("{what}: {}\n", peer.told(API, said).await));
    }
    told.push(format!(
        "the right one again: {}\n",
        peer.told(API, &said[0].1).await
    ));
    let unknown = peer.sealed("no_such_api", Flow::Invoke, &frame);
    told.push(format!(
        "an unknown api: {}\n",
        peer.told("no_such_api", &unknown).await
    ));
    insta::assert_snapshot!(told.concat());
}

#[tokio::test]
async fn a_program_speaks_for_apps_that_may_use_it_and_abilities_of_its_own() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    let stranger = crate::stage::another_app(&stage.zone).await;
    let mut told = Vec::new();
    for (what, corpid, agentid, ability_id) in [
        ("its app", "wwcorp", stage.app.agentid, ""),
        ("its ability", "wwcorp", stage.app.agentid, "echo"),
        ("another ability", "wwcorp", stage.app.agentid, "nothing"),
        ("another app", "wwcorp", stranger.agentid, ""),
        ("no app", "wwcorp", 0, ""),
        ("another corp", "nobody", stage.app.agentid, ""),
    ] {
        let client = running.speaks().client(corpid, agentid, ability_id, "");
        let answer = client.invoke(API, r#"{"userid":"u"}"#).await.unwrap();
        told.push(format!("{what}: {answer}\n"));
    }
    stage.zone.undeploy("ada", PROGRAM).await.unwrap();
    let client = running.speaks().client("wwcorp", stage.app.agentid, "", "");
    told.push(format!(
        "out of service: {}\n",
        client.invoke(API, r#"{"userid":"u"}"#).await.unwrap()
    ));
    insta::assert_snapshot!(told.concat());
}

#[tokio::test]
async fn a_notify_id_is_taken_once_and_belongs_to_whoever_took_it() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    let other = Running::sample().await;
    stage
        .deployed(
            crate::stage::program("progB", crate::stage::abilities()),
            &[other.url()],
        )
        .await;
    other.credentials(&stage.zone, "progB", 1).await;
    let mut app = crate::figure::AppServer::start(Vec::new()).await;
    app.saved(&stage).await;
    let notify = async |running: &Running, request: &str| {
        let client = running.speaks().client("wwcorp", stage.app.agentid, "", "");
        client.invoke("spec_notify_app", request).await.unwrap()
    };
    let mut told = Vec::new();
    for (what, who, request) in [
        (
            "taken",
            &running,
            r#"{"notify_id":"n1","notify_scene":255}"#,
        ),
        (
            "the same again",
            &running,
            r#"{"notify_id":"n1","notify_scene":255}"#,
        ),
        ("by another program", &other, r#"{"notify_id":"n1"}"#),
        (
            "a scene out of range",
            &running,
            r#"{"notify_id":"n2","notify_scene":256}"#,
        ),
        (
            "too long",
            &running,
            &format!(r#"{{"notify_id":"{}"}}"#, "n".repeat(65)),
        ),
        ("a wrong type", &running, r#"{"notify_id":1}"#),
    ] {
        told.push(format!("{what}: {}\n", notify(who, request).await));
    }
    let made = notify(&running, "{}").await;
    assert!(made.contains(r#""errcode":0"#), "{made}");
    insta::assert_snapshot!(told.concat());
    // Three were told, each once; the scene out of range is left out.
    let mut scenes = Vec::new();
    for _ in 0..3 {
        scenes.push(app.told().await.contains("NotifyScene"));
    }
    scenes.sort_unstable();
    assert_eq!(scenes, [false, false, true]);

    let use_of = async |program_id: &str| {
        stage
            .call_of(program_id, "get_callback_data", "n1", json!({}))
            .await["errcode"]
            .clone()
    };
    assert_eq!(
        (use_of(PROGRAM).await, use_of("progB").await),
        (json!(0), json!(710_646))
    );
    stage.advance(601).await;
    assert_eq!(use_of(PROGRAM).await, 710_646);
}

#[tokio::test]
async fn a_call_with_a_notify_id_goes_to_the_instance_that_made_it() {
    let stage = Stage::new().await;
    let (one, two) = (Running::sample().await, Running::sample().await);
    let input = program(PROGRAM, abilities());
    stage.deployed(input, &[one.url(), two.url()]).await;
    one.credentials(&stage.zone, PROGRAM, 1).await;
    two.credentials(&stage.zone, PROGRAM, 2).await;
    for (number, running) in [(1, &one), (2, &two)] {
        let client = running.speaks().client("wwcorp", stage.app.agentid, "", "");
        let request = format!(r#"{{"notify_id":"of{number}"}}"#);
        client.invoke("spec_notify_app", &request).await.unwrap();
        for _ in 0..3 {
            let id = format!("of{number}");
            stage
                .call_of(PROGRAM, "get_callback_data", &id, json!({}))
                .await;
        }
        assert_eq!(running.pending(), 3);
    }
    // Without one they take turns.
    for _ in 0..4 {
        stage.call("echo", json!({})).await;
    }
    assert_eq!((one.pending(), two.pending()), (2, 2));
    // An event goes to one of them.
    let receiving = json!({ "program_id": PROGRAM });
    stage.api("set_receive_callback", receiving).await;
    let trigger = json!({ "type": "hit_keyword", "count": 6 });
    let trigger = serde_json::from_value(trigger).unwrap();
    stage.zone.trigger(&trigger).await.unwrap();
    stage.engine.quiet().await;
    assert_eq!(one.pending() + two.pending(), 6);
}

#[tokio::test]
async fn what_has_had_its_effect_has_none_after_a_restart() {
    let stage = Stage::new().await;
    let _running = stage.with_program(Running::sample().await).await;
    let mut peer = Speaking::of(&stage).await;
    let frame = peer.frame(r#"{"notify_id":"once"}"#);
    let said = peer.sealed("spec_notify_app", Flow::Invoke, &frame);
    let first = peer.told("spec_notify_app", &said).await;
    assert!(first.contains("\"errcode\":0"), "{first}");
    let stage = stage.restarted().await;
    // The id is free again, so nothing but the memory of the request stands against it.
    stage.advance(601).await;
    peer.url = format!("http://{}", stage.address);
    let again = peer.told("spec_notify_app", &said).await;
    assert!(again.contains("\"errcode\":-1"), "{again}");
}

/// A request whose body does not come.
#[expect(clippy::disallowed_methods, reason = "a peer that no client would be")]
async fn without_body(address: SocketAddr, headers: &HeaderMap) -> TcpStream {
    let mut text = format!(
        "POST /zone/invoke/{API} HTTP/1.1\r\nhost: zone\r\nexpect: 100-continue\r\ncontent-length: 9\r\n"
    );
    for (name, value) in headers {
        if name != http::header::CONTENT_LENGTH {
            let value = value.to_str().unwrap();
            text.extend([name.as_str(), ": ", value, "\r\n"]);
        }
    }
    text.push_str("\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    // Asked for the body, so the request has its place.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    stream
}

#[tokio::test]
async fn whoever_only_knows_the_name_of_a_key_keeps_out_nobody_else() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    let b = Running::sample().await;
    stage
        .deployed(program("progB", abilities()), &[b.url()])
        .await;
    b.credentials(&stage.zone, "progB", 1).await;
    let stranger = Speaking {
        keys: Keys::new(&Secret::from(vec![1; 32])),
        ..Speaking::of(&stage).await
    };
    let mut held = Vec::new();
    for _ in 0..256 {
        let headers = stranger.sealed(API, Flow::Invoke, "{}").headers;
        held.push(without_body(stage.address, &headers).await);
    }
    let ask = async |running: &Running| {
        let client = running.speaks().client("wwcorp", stage.app.agentid, "", "");
        client.invoke(API, r#"{"userid":"u"}"#).await
    };
    assert!(ask(&running).await.is_err(), "the key's own room is full");
    assert!(ask(&b).await.unwrap().contains("\"errcode\":0"));
    assert_eq!(stage.call("echo", json!({})).await["errcode"], 0);
    drop(held);
}
