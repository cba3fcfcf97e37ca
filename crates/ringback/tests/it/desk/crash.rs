//! The platform is killed in the middle of a run: nothing that was told is lost, no call is made twice, and
//! every notification arrives in its order.

use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::shop::flow;
use crate::receiver;
use crate::support::{Dev, Place};

/// A shop that says when it is asked and never answers, and keeps what it is told of runs.
struct SlowShop {
    url: String,
    asked: mpsc::Receiver<()>,
    calls: Arc<AtomicUsize>,
    told: Arc<Mutex<Vec<Value>>>,
}

impl SlowShop {
    fn open() -> Self {
        let (say, asked) = mpsc::channel();
        let (calls, told) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(Mutex::new(Vec::new())),
        );
        let (counted, kept, say) = (Arc::clone(&calls), Arc::clone(&told), Mutex::new(say));
        let url = receiver::serve(move |request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            if body["CallbackCommand"] == "Chatbot.InterfaceInvocation" {
                counted.fetch_add(1, Ordering::SeqCst);
                say.lock().unwrap().send(()).unwrap();
                loop {
                    std::thread::park();
                }
            }
            kept.lock().unwrap().push(body);
            receiver::json(
                &json!({ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "" }).to_string(),
            )
        });
        Self {
            url,
            asked,
            calls,
            told,
        }
    }

    /// `Seq` and `NodeId` of what was told, each step once however often it was sent.
    fn steps(&self) -> Vec<(i64, String)> {
        let told = self.told.lock().unwrap();
        let mut steps: Vec<(i64, String)> = told
            .iter()
            .map(|body| {
                let node = body["NodeId"].as_str().unwrap().to_owned();
                (body["Seq"].as_i64().unwrap(), node)
            })
            .collect();
        steps.dedup();
        steps
    }
}

#[test]
fn a_run_goes_on_after_the_platform_was_killed_while_it_called() {
    let (place, shop) = (Place::new(), SlowShop::open());
    let dev = Dev::start(&place, "virtual");
    place.write(
        "flow.json",
        &flow(&shop.url).replace("\"api_call\",", "\"api_call\", \"deadline_ms\": 60000,"),
    );
    dev.ask(["flow", "save", "flow.json", "--publish"]).held();
    dev.ask(["app", "set-url", "flow-events", &shop.url]).held();
    let begun = dev.ask(["desk", "chat"]);
    let id = super::shop::conversation(&begun);
    let mut asking = place
        .ringback(["desk", "say", &id, "where is my order 12345"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    shop.asked
        .recv_timeout(std::time::Duration::from_mins(1))
        .unwrap();
    dev.signal(Signal::KILL);
    assert_eq!(dev.wait(), None, "killed");
    assert!(
        !asking.wait().unwrap().success(),
        "the user was told nothing"
    );

    let dev = Dev::start(&place, "virtual");
    let messages = |whole: &Value| -> Vec<String> {
        let messages = whole["messages"].as_array().unwrap();
        messages
            .iter()
            .map(|message| message["text"].as_str().unwrap().to_owned())
            .collect()
    };
    // It goes on by itself; a look at it waits for nothing, so look until it has.
    let whole = loop {
        let whole = dev.json(["desk", "show", &id]);
        if messages(&whole).len() == 2 {
            break whole;
        }
        std::thread::yield_now();
    };
    assert_eq!(
        messages(&whole),
        [
            "where is my order 12345",
            "The shop's system does not answer at the moment; please ask again a little later.",
        ]
    );
    assert_eq!(
        shop.calls.load(Ordering::SeqCst),
        1,
        "it is not called again"
    );
    dev.ask(["clock", "advance", "1m"]).held();
    let nodes = [
        "node-start-1",
        "node-collect-1",
        "node-api-1",
        "node-reply-sorry",
        "node-end-1",
    ];
    let expected: Vec<(i64, String)> = (1..).zip(nodes.map(str::to_owned)).collect();
    assert_eq!(shop.steps(), expected);
}
