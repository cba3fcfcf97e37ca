//! The Desk story: a user talks to a bot, whose flow asks the shop's interface; then the interface fails,
//! then it is slow, and then Ringback stands before it.

mod shop;

use std::time::Duration;

use serde_json::{Value, json};

use self::shop::Shop;
use super::check::{broken, expect, number, text};
use super::scene::Scene;
use super::{Step, took};
use crate::failure::Failure;
use crate::ready_file::{DeskCredentials, Ready};

/// The seeded flow, and its node that calls.
const FLOW: &str = "order-status";
const CALL_NODE: &str = "node-api-1";
/// The source that receives what the platform half calls and tells.
const SOURCE: &str = "shop";
/// The endpoint that its calls are forwarded to, in plain JSON.
const ORDERS: &str = "shop-orders";
/// The endpoint that its notifications are delivered to.
const TOLD: &str = "shop-told";

/// The story, after WeCom's.
pub(super) const STEPS: &[Step] = &[
    Step {
        title: "desk: a user asks for an order",
        expected: "the number is asked for, the shop is called, the answer fills the reply",
        play: |scene| Box::pin(ask(scene)),
    },
    Step {
        title: "desk: the business is told",
        expected: "every node's step, `Seq` 1 to 6, each with a RequestID",
        play: |scene| Box::pin(told(scene)),
    },
    Step {
        title: "desk: the interface fails",
        expected: "the exception edge, and the call not made again",
        play: |scene| Box::pin(fails(scene)),
    },
    Step {
        title: "desk: the interface is slow",
        expected: "given up after 2 s, the exception edge",
        play: |scene| Box::pin(slow(scene)),
    },
    Step {
        title: "desk: a new version, and back",
        expected: "users meet what is published; a rollback is a publication",
        play: |scene| Box::pin(versions(scene)),
    },
    Step {
        title: "desk: Ringback before the shop",
        expected: "a plain JSON answer mapped; a notification sent twice, delivered once",
        play: |scene| Box::pin(received(scene)),
    },
];

/// What Desk's steps play with.
pub(super) struct Desk {
    app: DeskCredentials,
    url: String,
    shop: Shop,
}

impl Desk {
    /// Starts the shop: the sample's interface, and what takes notifications.
    pub(super) async fn set(ready: &Ready) -> Result<Self, Failure> {
        let app = ready.desk.clone();
        let app = app.ok_or_else(|| Failure::internal("no Desk app is seeded"))?;
        Ok(Self {
            shop: Shop::start(&app).await?,
            url: ready.url.clone(),
            app,
        })
    }

    fn path(&self, rest: &str) -> String {
        format!("desk/apps/{}{rest}", self.app.sdkappid)
    }

    /// The endpoint through which nodes call.
    fn invocation(&self) -> String {
        format!("desk.{}.invocation", self.app.sdkappid)
    }
}

/// Saves the seeded flow with another address in its node, and publishes it.
async fn point_flow_at(scene: &Scene, url: &str) -> Result<i64, Failure> {
    let flow = scene
        .get(&scene.desk.path(&format!("/flows/{FLOW}")))
        .await?;
    let mut document = flow.get("document").cloned().unwrap_or_default();
    let nodes = document.get_mut("nodes").and_then(Value::as_array_mut);
    for node in nodes.into_iter().flatten() {
        if text(node, "/id") == CALL_NODE {
            node["url"] = json!(url);
        }
    }
    let saved = scene
        .post(&scene.desk.path("/flows?publish=true"), document)
        .await?;
    Ok(number(&saved, "/latest"))
}

async fn converse(scene: &Scene) -> Result<String, Failure> {
    let new = json!({ "client_user_id": "user517" });
    let started = scene.post(&scene.desk.path("/conversations"), new).await?;
    Ok(text(&started, "/id").to_owned())
}

/// The user says something; tells both sides, and answers the bot's last words.
async fn say(scene: &Scene, conversation: &str, words: &str) -> Result<String, Failure> {
    let path = format!("desk/conversations/{conversation}/messages");
    let said = scene.post(&path, json!({ "text": words })).await?;
    let messages = said.get("messages").and_then(Value::as_array);
    let mut last = String::new();
    for message in messages.into_iter().flatten() {
        let who = if text(message, "/speaker") == "user" {
            "user"
        } else {
            "bot "
        };
        scene.tell(format_args!("{who}  {}", text(message, "/text")));
        if who != "user" {
            text(message, "/text").clone_into(&mut last);
        }
    }
    Ok(last)
}

/// The newest run of a conversation, with its path.
async fn run_of(scene: &Scene, conversation: &str) -> Result<Value, Failure> {
    let runs = scene
        .get(&format!("desk/conversations/{conversation}/runs?limit=1"))
        .await?;
    scene
        .get(&format!("desk/runs/{}", text(&runs, "/0/id")))
        .await
}

/// What became of the call of a run.
fn call_of(run: &Value) -> Value {
    let path = run.get("path").and_then(Value::as_array);
    let mut steps = path.into_iter().flatten();
    let step = steps.find(|step| text(step, "/node") == CALL_NODE);
    step.and_then(|step| step.get("call"))
        .cloned()
        .unwrap_or_default()
}

async fn ask(scene: &mut Scene) -> Result<String, Failure> {
    let shop = scene.desk.shop.url("/order-status");
    scene.act(format_args!("the flow's node calls {shop}"));
    point_flow_at(scene, &shop).await?;
    let urls = json!({ "urls": { "flow-events": scene.desk.shop.url("/told") } });
    scene.patch(&scene.desk.path(""), urls).await?;
    let conversation = converse(scene).await?;
    say(scene, &conversation, "Where is my order?").await?;
    let answer = say(scene, &conversation, "It is 12345").await?;
    expect(answer.contains("12345 is shipped"), || {
        format!("the bot said `{answer}`")
    })?;
    let call = call_of(&run_of(scene, &conversation).await?);
    let cost = number(&call, "/cost_ms");
    scene.tell(format_args!("the shop answered in {cost} ms (limit 2 s)"));
    Ok(format!("`{answer}`"))
}

async fn told(scene: &mut Scene) -> Result<String, Failure> {
    scene.advance(Duration::ZERO).await?;
    let told = scene.desk.shop.told();
    let steps: Vec<&str> = told
        .iter()
        .map(|told| text(&told.body, "/NodeId"))
        .collect();
    scene.tell(steps.join(" → "));
    let seqs: Vec<i64> = told.iter().map(|told| number(&told.body, "/Seq")).collect();
    expect(seqs == [1, 2, 3, 4, 5, 6], || {
        format!("the steps came as {seqs:?}")
    })?;
    let identified = told.iter().filter(|told| told.request_id.is_some()).count();
    expect(identified == told.len(), || {
        "a notification has no RequestID".to_owned()
    })?;
    Ok(format!("{} steps in order, {identified} ids", told.len()))
}

/// A conversation in which the call fails; answers the bot's words and what became of the call.
async fn failing_conversation(scene: &Scene) -> Result<(String, Value), Failure> {
    let conversation = converse(scene).await?;
    let answer = say(scene, &conversation, "Where is my order 12345?").await?;
    let run = run_of(scene, &conversation).await?;
    let call = call_of(&run);
    let path = run.get("path").and_then(Value::as_array);
    let by_exception = path
        .into_iter()
        .flatten()
        .any(|step| text(step, "/node") == "node-reply-sorry");
    expect(by_exception, || format!("the run went another way: {run}"))?;
    Ok((answer, call))
}

async fn fails(scene: &mut Scene) -> Result<String, Failure> {
    let before = scene.desk.shop.asked();
    scene.act("fault: the shop's next answer is a web page");
    let fault = json!({
        "place": { "endpoint": scene.desk.invocation() },
        "fault": { "kind": "answer", "answer": "html" }, "count": 1,
    });
    scene.post("faults", fault).await?;
    let (_, call) = failing_conversation(scene).await?;
    let failure = text(&call, "/failure").to_owned();
    scene.tell(format_args!(
        "the call failed: {} [{failure}]",
        text(&call, "/detail")
    ));
    expect(failure == "desk.answer_html", || {
        format!("it failed as {failure}")
    })?;
    let attempts = number(&call, "/attempts");
    expect(attempts == 1, || format!("it was made {attempts} times"))?;
    expect(scene.desk.shop.asked() == before, || {
        "the shop was asked".to_owned()
    })?;
    Ok(format!("[{failure}], the exception edge, 1 attempt"))
}

async fn slow(scene: &mut Scene) -> Result<String, Failure> {
    scene.act("the shop takes as long as it likes");
    scene.desk.shop.hang(true);
    let played = failing_conversation(scene).await;
    scene.desk.shop.hang(false);
    let (_, call) = played?;
    let (failure, cost) = (text(&call, "/failure"), number(&call, "/cost_ms"));
    scene.tell(format_args!("given up after {cost} ms [{failure}]"));
    expect(failure == "transport.late", || {
        format!("it failed as {failure}")
    })?;
    expect(cost >= 2_000, || format!("it took {cost} ms"))?;
    let waited = took(Duration::from_millis(cost.unsigned_abs()));
    Ok(format!("given up after {waited}, the exception edge"))
}

async fn versions(scene: &mut Scene) -> Result<String, Failure> {
    let path = scene.desk.path(&format!("/flows/{FLOW}"));
    let flow = scene.get(&path).await?;
    let before = number(&flow, "/flow/published");
    let text_of_document = flow
        .get("document")
        .cloned()
        .unwrap_or_default()
        .to_string();
    let other = text_of_document.replace("Which order is it?", "Which one?");
    let document = serde_json::from_str(&other).map_err(Failure::internal)?;
    scene.act("save a version that asks otherwise, publish it, take it back");
    let saved = scene.post(&scene.desk.path("/flows"), document).await?;
    let latest = number(&saved, "/latest");
    let mut asked = Vec::new();
    for version in [before, latest, before] {
        scene
            .post(&format!("{path}/publish?version={version}"), json!({}))
            .await?;
        let conversation = converse(scene).await?;
        asked.push(say(scene, &conversation, "Where is my order?").await?);
    }
    let held = asked[0] == asked[2] && asked[1].starts_with("Which one?") && asked[0] != asked[1];
    expect(held, || format!("the bot asked {asked:?}"))?;
    Ok(format!("version {before}, {latest}, and {before} again"))
}

async fn received(scene: &mut Scene) -> Result<String, Failure> {
    make_receiver(scene).await?;
    let receiving = format!("{}/in/{SOURCE}", scene.desk.url);
    scene.act(format_args!(
        "the flow calls {receiving}, which asks the shop in plain JSON"
    ));
    point_flow_at(scene, &receiving).await?;
    let urls = json!({ "urls": { "flow-events": receiving } });
    scene.patch(&scene.desk.path(""), urls).await?;
    let conversation = converse(scene).await?;
    let answer = say(scene, &conversation, "Where is my order 77777?").await?;
    expect(answer.contains("77777 is on the van"), || {
        format!("the bot said `{answer}`")
    })?;
    scene.advance(Duration::ZERO).await?;
    scene.desk.shop.told();
    scene.act("fault: the next notification is sent twice");
    let fault = json!({
        "place": { "endpoint": format!("desk.{}.flow-events", scene.desk.app.sdkappid) },
        "fault": { "kind": "duplicate" }, "count": 1,
    });
    scene.post("faults", fault).await?;
    let trigger = json!({ "type": "Chatbot.TaskFlowEventNotify" });
    scene.post(&scene.desk.path("/trigger"), trigger).await?;
    scene.advance(Duration::ZERO).await?;
    let source = scene.get(&format!("sources/{SOURCE}")).await?;
    let duplicates = number(&source, "/counts/duplicates");
    let delivered = scene.desk.shop.told().len();
    scene.tell(format_args!(
        "{duplicates} duplicate dropped, {delivered} delivered"
    ));
    if (duplicates, delivered) != (1, 1) {
        return Err(broken(format!(
            "{duplicates} duplicates, {delivered} deliveries"
        )));
    }
    Ok(format!(
        "`{answer}`; {duplicates} duplicate, {delivered} delivery"
    ))
}

/// A source of dialect `desk`, an endpoint for its calls and one for its notifications.
async fn make_receiver(scene: &Scene) -> Result<(), Failure> {
    let endpoint = |name: &str, path: &str, routed: bool| json!({ "name": name, "url": scene.desk.shop.url(path), "dialect": "raw", "routed": routed });
    scene
        .post("endpoints", endpoint(ORDERS, "/orders", false))
        .await?;
    scene
        .post("endpoints", endpoint(TOLD, "/told", true))
        .await?;
    let source = json!({
        "name": SOURCE,
        "dialect": "desk",
        "secrets": { "sdk_app_id": scene.desk.app.sdkappid, "token": scene.desk.app.token },
        "settings": { "call_endpoint": ORDERS },
    });
    scene.post("sources", source).await?;
    let change = json!({ "sources": [SOURCE] });
    scene.patch(&format!("endpoints/{TOLD}"), change).await?;
    Ok(())
}
