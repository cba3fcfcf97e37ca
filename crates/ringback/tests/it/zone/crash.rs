//! The platform's figure with the zone, the program or the app gone between its steps: new messages still
//! reach the app, and the app still gets to them.

use std::sync::{Arc, Mutex, mpsc};

use ringback_dialect::wecom::{EncodingAesKey, Receiver, Secrets};
use ringback_dialect::{Incoming, Received};
use ringback_types::{Clock, Secret};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::receiver::{self, Request};
use crate::support::{Dev, Place};

const CORP: &str = "wwa1b2c3d4e5f60718";
const APP: &str = "wwa1b2c3d4e5f60718/1000002";
const PROGRAM: &str = "progRingbackSample000000";

/// What the app's server does with a notification.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// Takes it.
    Take,
    /// Says that it came, and answers nothing until the test lets it.
    Hold,
    /// Answers 503 so many times.
    Refuse(u32),
}

/// The app's server; what it is told comes out as notify ids.
struct AppServer {
    url: String,
    told: mpsc::Receiver<String>,
    mode: Arc<Mutex<Mode>>,
    release: mpsc::Sender<()>,
}

impl AppServer {
    fn start() -> Self {
        let secrets = Secrets {
            token: Secret::from("ringbackdevtoken"),
            aes_key: EncodingAesKey::parse(&Secret::from(
                "RingbackDevEncodingAESKey000000000000000000",
            ))
            .unwrap(),
            receive_id: CORP.to_owned(),
        };
        let receiver = Receiver::new(secrets);
        let (tell, told) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let mode = Arc::new(Mutex::new(Mode::Take));
        let (shared, tell, released) = (Arc::clone(&mode), Mutex::new(tell), Mutex::new(released));
        let url = receiver::serve(move |request| match read(&receiver, request) {
            Incoming::Challenge(reply) => answer(200, &reply.body),
            Incoming::Event(message) | Incoming::Call(message) => {
                let xml = String::from_utf8(message.body.to_vec()).unwrap();
                let (_, rest) = xml.split_once("<NotifyId><![CDATA[").unwrap();
                let id = rest.split_once("]]>").unwrap().0.to_owned();
                let now = *shared.lock().unwrap();
                if let Mode::Refuse(left) = now {
                    *shared.lock().unwrap() = if left > 1 {
                        Mode::Refuse(left - 1)
                    } else {
                        Mode::Take
                    };
                    return answer(503, b"");
                }
                tell.lock().unwrap().send(id).unwrap();
                if now == Mode::Hold {
                    released.lock().unwrap().recv().unwrap();
                }
                answer(200, b"")
            }
        });
        Self {
            url,
            told,
            mode,
            release,
        }
    }

    fn behave(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    fn told(&self) -> String {
        self.told
            .recv_timeout(std::time::Duration::from_mins(1))
            .unwrap()
    }
}

fn read(receiver: &Receiver, request: &Request) -> Incoming {
    let request = Received {
        method: &request.method,
        path: "/",
        query: request.query.as_deref(),
        headers: &request.headers,
        body: &request.body,
    };
    receiver.receive(&request, Clock::real().wire()).unwrap()
}

fn answer(status: u16, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A platform whose sample program keeps its events on the disk, and an app that is told.
fn begun<'a>(place: &'a Place, app: &AppServer) -> Dev<'a> {
    let dev = Dev::start(place, "virtual");
    let own = env!("CARGO_BIN_EXE_ringback");
    let seeded = up(&dev);
    let deploy = ["program", "deploy", PROGRAM, "--process", own];
    let arguments = ["--arg=sample-program", "--arg=--events-dir", "--arg=events"];
    dev.ask(deploy.into_iter().chain(arguments)).held();
    // The process that it takes the place of may still be shown as ready.
    let deployed = (0..2_000).any(|_| up(&dev) != seeded);
    assert!(deployed, "the seeded process was not replaced");
    dev.ask(["app", "callback-url", APP, &app.url]).held();
    dev
}

/// Waits until the program takes calls; answers its process.
fn up(dev: &Dev<'_>) -> i32 {
    for _ in 0..2_000 {
        let shown = dev.json(["program", "status", PROGRAM]);
        let found = instance(&shown);
        if let Some(found) = found.filter(|found| found["state"] == "ready") {
            return found["pid"].as_i64().unwrap() as i32;
        }
    }
    panic!("the program did not come up");
}

/// The one instance, wherever it stands in the answer.
fn instance(shown: &Value) -> Option<&Value> {
    match shown {
        Value::Object(members) if members.contains_key("pid") => Some(shown),
        Value::Object(members) => members.values().find_map(instance),
        Value::Array(values) => values.iter().find_map(instance),
        _ => None,
    }
}

/// One new message, on the disk once this returns.
fn import(dev: &Dev<'_>, place: &Place, msgid: &str) {
    let member =
        json!({ "kind": "member", "userid": "wo1", "name": "Ada", "edition_list": [1, 2, 3] });
    let message = json!({
        "kind": "message", "msgid": msgid, "sender": { "type": 2, "id": "wm1" },
        "receiver_list": [{ "type": 1, "id": "wo1" }],
        "send_time": Clock::real().wire().as_seconds(), "msgtype": 1, "text": "hello",
    });
    let file = place.path("messages.ndjson");
    std::fs::write(&file, format!("{member}\n{message}\n")).unwrap();
    dev.ask(["archive", "import", file.to_str().unwrap(), "--corp", CORP])
        .held();
}

fn advance(dev: &Dev<'_>, by: &str) {
    dev.ask(["clock", "advance", by]).held();
}

fn killed<'a>(dev: Dev<'_>, place: &'a Place) -> Dev<'a> {
    dev.signal(Signal::KILL);
    drop(dev);
    let dev = Dev::start(place, "virtual");
    up(&dev);
    dev
}

/// The app takes the last steps: event data by the notify id, then the messages by its token.
fn fetched(dev: &Dev<'_>, notify_id: &str, msgid: &str) {
    let named = format!("--notify-id={notify_id}");
    let event = dev.json(["call", PROGRAM, "get_callback_data", "{}", &named]);
    assert_eq!(event["event_type"], "conversation_new_message", "{event}");
    let token = event["conversation_new_message"]["token"].as_str().unwrap();
    let request = json!({ "token": token, "limit": 1_000 }).to_string();
    let list = dev.json(["call", PROGRAM, "invoke_sync_msg", &request]);
    let messages = list["msg_list"].as_array().unwrap();
    let count = messages
        .iter()
        .filter(|message| message["msgid"] == msgid)
        .count();
    assert_eq!(count, 1, "{msgid} among {}", messages.len());
}

#[test]
fn the_zone_is_killed_before_it_tells_the_program() {
    let (place, app) = (Place::new(), AppServer::start());
    let dev = begun(&place, &app);
    import(&dev, &place, "before");
    let dev = killed(dev, &place);
    advance(&dev, "1m");
    fetched(&dev, &app.told(), "before");
}

#[test]
fn the_zone_is_killed_while_it_tells_the_app_and_before_the_app_fetches() {
    let (place, app) = (Place::new(), AppServer::start());
    let dev = begun(&place, &app);
    app.behave(Mode::Hold);
    import(&dev, &place, "held");
    // Nothing ends while the app holds its answer, so the clock's answer is not waited for.
    let mut clock = place.ringback(["clock", "advance", "2s"]).spawn().unwrap();
    let first = app.told();
    app.behave(Mode::Take);
    let dev = killed(dev, &place);
    app.release.send(()).unwrap();
    drop(clock.wait());
    advance(&dev, "1m");
    // The program may have been killed before its acknowledgement was: then it is told again, and tells
    // the app of the same event under another id.
    let mut told = vec![app.told()];
    told.extend(app.told.try_iter());
    assert!(told.contains(&first), "not under the same id: {told:?}");
    let dev = killed(dev, &place);
    for notify_id in &told {
        fetched(&dev, notify_id, "held");
    }
}

#[test]
fn the_program_is_killed_before_it_is_told() {
    let (place, app) = (Place::new(), AppServer::start());
    let dev = begun(&place, &app);
    import(&dev, &place, "program");
    kill_process(Pid::from_raw(up(&dev)).unwrap(), Signal::KILL).unwrap();
    advance(&dev, "1s");
    up(&dev);
    advance(&dev, "2m");
    fetched(&dev, &app.told(), "program");
}

#[test]
fn the_app_is_away_for_a_while() {
    let (place, app) = (Place::new(), AppServer::start());
    let dev = begun(&place, &app);
    app.behave(Mode::Refuse(3));
    import(&dev, &place, "app");
    advance(&dev, "1m");
    fetched(&dev, &app.told(), "app");
    assert!(app.told.try_recv().is_err());
}
