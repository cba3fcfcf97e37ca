//! The figure of the platform's own sample (seed, "fetching conversation records"): new messages →
//! event → program → `spec_notify_app` → `program_notify` → `get_callback_data` → `invoke_sync_msg` →
//! keys decrypted; and what must hold when a part of it breaks.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::{Router, body::Bytes};
use ringback_dialect::wecom::{EncodingAesKey, Receiver, Secrets};
use ringback_dialect::{Incoming, Received};
use ringback_types::{Clock, DeliveryId, Secret};
use ringback_zone::{NewCallback, Trigger, ZoneError};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::program::Running;
use crate::stage::{CORP, PROGRAM, Stage, data, serve};

const TOKEN: &str = "tokentoken";
const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const PUBLIC_KEY: &str = include_str!("public_key.pem");

/// An app's server: answers the URL check, and gives what it is told.
pub(crate) struct AppServer {
    url: String,
    told: mpsc::UnboundedReceiver<String>,
}

#[derive(Clone)]
struct Receiving {
    receiver: Arc<Receiver>,
    tell: mpsc::UnboundedSender<String>,
    /// Answered instead of 200, as long as there are any.
    failures: Arc<std::sync::Mutex<Vec<StatusCode>>>,
}

impl AppServer {
    pub(crate) async fn start(failures: Vec<StatusCode>) -> Self {
        let secrets = Secrets {
            token: Secret::from(TOKEN),
            aes_key: EncodingAesKey::parse(&Secret::from(AES_KEY)).unwrap(),
            receive_id: CORP.to_owned(),
        };
        let (tell, told) = mpsc::unbounded_channel();
        let receiving = Receiving {
            receiver: Arc::new(Receiver::new(secrets)),
            tell,
            failures: Arc::new(std::sync::Mutex::new(failures)),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/callback", listener.local_addr().unwrap());
        serve(
            listener,
            Router::new().fallback(receive).with_state(receiving),
        );
        Self { url, told }
    }

    /// Saves it as the app's data-callback URL; the check is part of that.
    pub(crate) async fn saved(&self, stage: &Stage) {
        let callback = NewCallback {
            url: self.url.clone(),
            token: Some(Secret::from(TOKEN)),
            encoding_aes_key: Some(Secret::from(AES_KEY)),
        };
        let (corpid, agentid) = (&stage.app.corpid, stage.app.agentid);
        stage
            .zone
            .save_callback("ada", corpid, agentid, callback)
            .await
            .unwrap();
    }

    /// The next plain XML.
    pub(crate) async fn told(&mut self) -> String {
        self.told.recv().await.unwrap()
    }

    fn is_quiet(&mut self) -> bool {
        self.told.try_recv().is_err()
    }
}

async fn receive(
    State(receiving): State<Receiving>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Bytes) {
    let received = Received {
        method: &method,
        path: "/callback",
        query: query.as_deref(),
        headers: &headers,
        body: &body,
    };
    match receiving
        .receiver
        .receive(&received, Clock::real().wire())
        .unwrap()
    {
        Incoming::Challenge(reply) => (reply.status, reply.body),
        Incoming::Event(message) | Incoming::Call(message) => {
            if let Some(failure) = receiving.failures.lock().unwrap().pop() {
                return (failure, Bytes::new());
            }
            receiving
                .tell
                .send(String::from_utf8(message.body.to_vec()).unwrap())
                .unwrap();
            (StatusCode::OK, Bytes::new())
        }
    }
}

fn element<'x>(xml: &'x str, name: &str) -> &'x str {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap();
    let (inner, _) = rest.split_once(&format!("</{name}>")).unwrap();
    inner
        .trim_start_matches("<![CDATA[")
        .trim_end_matches("]]>")
}

/// A corp with a public key and a member; a message is `text` from a customer to that member.
pub(crate) async fn with_archive(stage: &Stage) {
    let set = stage.api(
        "set_public_key",
        json!({ "public_key": PUBLIC_KEY, "public_key_ver": 1 }),
    );
    assert_eq!(set.await["errcode"], 0);
    let member = r#"{"kind":"member","userid":"wo1","name":"Ada","edition_list":[1,2,3]}"#;
    stage
        .zone
        .archive()
        .import(CORP, member.as_bytes())
        .await
        .unwrap();
}

pub(crate) async fn import(stage: &Stage, msgid: &str, text: &str) {
    let line = json!({
        "kind": "message", "msgid": msgid, "sender": { "type": 2, "id": "wm1" },
        "receiver_list": [{ "type": 1, "id": "wo1" }],
        "send_time": stage.store.clock().schedule().as_seconds(), "msgtype": 1, "text": text,
    });
    let imported = stage
        .zone
        .archive()
        .import(CORP, line.to_string().as_bytes())
        .await
        .unwrap();
    assert_eq!(imported.messages, 1);
}

/// An event of this type for the app, on its way to the receiving program.
async fn triggered(stage: &Stage, event_type: &str) -> DeliveryId {
    let trigger = json!({ "type": event_type });
    let trigger = serde_json::from_value(trigger).unwrap();
    let made = stage.zone.trigger(&trigger).await.unwrap();
    made[0].delivery.unwrap()
}

async fn receiving(stage: &Stage) {
    let set = stage
        .api("set_receive_callback", json!({ "program_id": PROGRAM }))
        .await;
    assert_eq!(set["errcode"], 0, "{set}");
}

#[tokio::test]
async fn new_messages_reach_the_app_without_leaving_the_zone_in_clear() {
    let stage = Stage::new().await;
    let _running = stage.with_program(Running::sample().await).await;
    let mut app = AppServer::start(Vec::new()).await;
    app.saved(&stage).await;
    receiving(&stage).await;
    with_archive(&stage).await;
    import(&stage, "m1", "the secret word is xyzzy").await;
    stage.advance(2).await;

    let xml = app.told().await;
    assert_eq!(element(&xml, "Event"), "program_notify");
    assert_eq!(element(&xml, "FromUserName"), "sys");
    assert_eq!(
        (element(&xml, "ToUserName"), element(&xml, "NotifyScene")),
        (CORP, "7")
    );
    let notify_id = element(&xml, "NotifyId");

    let event = data(
        &stage
            .call_of(PROGRAM, "get_callback_data", notify_id, json!({}))
            .await,
    );
    assert_eq!(event["event_type"], "conversation_new_message");
    let token = event["conversation_new_message"]["token"].as_str().unwrap();
    let list = data(
        &stage
            .call("invoke_sync_msg", json!({ "token": token, "limit": 200 }))
            .await,
    );
    assert_eq!(
        (list["errcode"].as_i64(), list["has_more"].as_i64()),
        (Some(0), Some(0))
    );
    let message = &list["msg_list"][0];
    assert_eq!(message["msgid"], "m1");
    assert_eq!(message["service_encrypt_info"]["public_key_ver"], 1);
    assert!(
        message["service_encrypt_info"]["encrypted_secret_key"]
            .as_str()
            .unwrap()
            .len()
            > 300
    );

    // Nothing of it lies in clear in the record, in the archive, or in what surrounds them.
    stage.engine.quiet().await;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(stage.directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = if path.is_file() {
            std::fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        for word in ["xyzzy", token] {
            if bytes
                .windows(word.len())
                .any(|window| window == word.as_bytes())
            {
                found.push((path.clone(), word.to_owned()));
            }
        }
    }
    assert_eq!(found, []);
}

#[tokio::test]
async fn imports_close_to_each_other_make_one_event() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    receiving(&stage).await;
    with_archive(&stage).await;
    for number in 0..5 {
        import(&stage, &format!("m{number}"), "hello").await;
    }
    stage.advance(5).await;
    assert_eq!(running.pending(), 1);
    import(&stage, "later", "hello").await;
    stage.advance(5).await;
    assert_eq!(running.pending(), 1);
}

#[tokio::test]
async fn every_event_type_reaches_the_receiving_program_and_only_that() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    let idle = Running::sample().await;
    stage
        .deployed(
            crate::stage::program("progB", crate::stage::abilities()),
            &[idle.url()],
        )
        .await;
    idle.credentials(&stage.zone, "progB", 1).await;
    receiving(&stage).await;
    let mut told = Vec::new();
    for event_type in ringback_zone::EventType::ALL {
        let trigger: Trigger =
            serde_json::from_value(json!({ "type": event_type.as_str() })).unwrap();
        stage.zone.trigger(&trigger).await.unwrap();
        let asked = running.asked().await;
        assert!(asked.is_event());
        let mut event: Value = serde_json::from_str(&asked.data).unwrap();
        event["timestamp"] = "TIME".into();
        for payload in ["conversation_new_message", "hit_keyword"] {
            if event.get(payload).is_some() {
                event[payload]["token"] = "TOKEN".into();
            }
        }
        told.push(format!("{event}\n"));
    }
    insta::assert_snapshot!(told.concat());
    assert_eq!(idle.pending(), 0);
    // The latest counts.
    let set = stage
        .api("set_receive_callback", json!({ "program_id": "progB" }))
        .await;
    assert_eq!(set["errcode"], 0);
    triggered(&stage, "auth_knowledge_base").await;
    idle.asked().await;
    assert_eq!(running.pending(), 0);
}

#[tokio::test]
async fn an_app_that_fails_is_told_again_with_the_same_notify_id() {
    let stage = Stage::new().await;
    let _running = stage.with_program(Running::sample().await).await;
    let mut app = AppServer::start(vec![StatusCode::BAD_GATEWAY, StatusCode::FORBIDDEN]).await;
    app.saved(&stage).await;
    receiving(&stage).await;
    triggered(&stage, "hit_keyword").await;
    stage.engine.quiet().await;
    stage.advance(10).await;
    let xml = app.told().await;
    assert!(app.is_quiet(), "told once in all");
    let event = stage
        .call_of(
            PROGRAM,
            "get_callback_data",
            element(&xml, "NotifyId"),
            json!({}),
        )
        .await;
    assert_eq!(data(&event)["event_type"], "hit_keyword");
}

#[tokio::test]
async fn an_event_outlives_a_program_that_is_down_and_a_restart_of_the_zone() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    receiving(&stage).await;
    let (port, url) = (running.port, running.url());
    drop(running);
    let nowhere = vec!["http://127.0.0.1:1/".parse().unwrap()];
    let host = ringback_zone::Host::Url { urls: nowhere };
    stage.zone.deploy("ada", PROGRAM, Some(host)).await.unwrap();
    let delivery = triggered(&stage, "hit_keyword").await;
    stage.engine.quiet().await;

    let stage = stage.restarted().await;
    let found = stage.delivery(delivery).await;
    assert_eq!(found.state.as_str(), "due");
    let again = Running::sample().await;
    assert_ne!(again.port, port);
    assert_ne!(again.url(), url);
    again.credentials(&stage.zone, PROGRAM, 1).await;
    let host = ringback_zone::Host::Url {
        urls: vec![again.url().parse().unwrap()],
    };
    stage.zone.deploy("ada", PROGRAM, Some(host)).await.unwrap();
    stage.advance(20).await;
    assert_eq!(
        again.asked().await.call_type,
        ringback_zone_sdk::CallType::Event
    );
    let found = stage.delivery(delivery).await;
    assert_eq!(found.state.as_str(), "delivered");
}

#[tokio::test]
async fn a_wrong_rotation_leaves_the_event_pending_until_it_is_mended() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    receiving(&stage).await;
    // The instance uses version 2, and is then given a file with a secret that is not the zone's.
    stage.zone.rotate_program("ada", PROGRAM).await.unwrap();
    let mut wrong = stage.zone.instance_credentials(PROGRAM, 1).await.unwrap();
    for version in &mut wrong.versions {
        version.secret = ringback_types::Secret::from(vec![7; 32]);
    }
    let mended = running.restarted_with(&wrong).await;
    let host = ringback_zone::Host::Url {
        urls: vec![mended.url().parse().unwrap()],
    };
    stage.zone.deploy("ada", PROGRAM, Some(host)).await.unwrap();
    let delivery = triggered(&stage, "hit_keyword").await;
    stage.engine.quiet().await;
    let found = stage.delivery(delivery).await;
    assert_eq!(found.state.as_str(), "due", "{:?}", found.reason);
    assert_eq!(mended.pending(), 0);

    let right = stage.zone.instance_credentials(PROGRAM, 1).await.unwrap();
    let mended = mended.restarted_with(&right).await;
    let host = ringback_zone::Host::Url {
        urls: vec![mended.url().parse().unwrap()],
    };
    stage.zone.deploy("ada", PROGRAM, Some(host)).await.unwrap();
    stage.advance(20).await;
    let found = stage.delivery(delivery).await;
    assert_eq!(found.state.as_str(), "delivered");
}

#[tokio::test]
async fn rotation_goes_on_without_a_gap() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    for round in 0..3 {
        stage.zone.rotate_program("ada", PROGRAM).await.unwrap();
        // The program still has the old file, then the new one, which it reads when it meets it.
        let answer = stage.call("echo", json!({ "text": "old" })).await;
        assert_eq!(answer["errcode"], 0, "round {round}: {answer}");
        running.credentials(&stage.zone, PROGRAM, 1).await;
        let answer = stage.call("echo", json!({ "text": "new" })).await;
        assert_eq!(answer["errcode"], 0, "round {round}: {answer}");
        let file = stage.zone.instance_credentials(PROGRAM, 1).await.unwrap();
        let versions: Vec<_> = file
            .versions
            .iter()
            .map(|version| version.version)
            .collect();
        assert_eq!(
            versions,
            [round + 1, round + 2],
            "the one before is valid no longer"
        );
    }
    // One that was never taken up is replaced: two are valid, whatever happens.
    stage.zone.rotate_program("ada", PROGRAM).await.unwrap();
    stage.zone.rotate_program("ada", PROGRAM).await.unwrap();
    let file = stage.zone.instance_credentials(PROGRAM, 1).await.unwrap();
    let versions: Vec<_> = file
        .versions
        .iter()
        .map(|version| version.version)
        .collect();
    assert_eq!(versions, [4, 6]);
    running.credentials(&stage.zone, PROGRAM, 1).await;
    assert_eq!(stage.call("echo", json!({})).await["errcode"], 0);

    // After a start it is not known which of two the instance uses: neither goes before it has spoken.
    let stage = stage.restarted().await;
    let refused = stage.zone.rotate_program("ada", PROGRAM).await.unwrap_err();
    assert!(
        matches!(&refused, ZoneError::RotationUnsettled(key) if *key == format!("{PROGRAM}/1")),
        "{refused}"
    );
    assert_eq!(stage.call("echo", json!({})).await["errcode"], 0);
    stage.zone.rotate_program("ada", PROGRAM).await.unwrap();
}
