//! The steps of the Feishu story, in order. Each says what it does, and breaks when anything is otherwise.

use std::time::Duration;

use serde_json::{Value, json};

use super::check::{broken, expect, number, text};
use super::scene::{ENDPOINT, SOURCE, Scene};
use super::{Step, took};
use crate::failure::Failure;

/// The message event that is pushed.
const MESSAGE: &str = "im.message.receive_v1";
/// When the attempts of Feishu's ladder are made, in seconds after the first (sheet
/// `feishu-events`, section 5.1).
const OFFSETS_SECONDS: [i64; 5] = [0, 15, 315, 3_915, 25_515];
/// Longer than the whole ladder.
const EIGHT_HOURS: Duration = Duration::from_hours(8);

/// The story.
pub(super) const STEPS: &[Step] = &[
    Step {
        title: "the request URL is challenged",
        expected: "a wrong URL refused with its cause, the right one saved",
        play: |scene| Box::pin(challenge(scene)),
    },
    Step {
        title: "an encrypted, signed push",
        expected: "stored, acknowledged 200, delivered once",
        play: |scene| Box::pin(push(scene)),
    },
    Step {
        title: "a lost acknowledgement",
        expected: "pushed again after 15 s, dropped as duplicate",
        play: |scene| Box::pin(lost_acknowledgement(scene)),
    },
    Step {
        title: "a failing business",
        expected: "acknowledged all the same, kept for a retry",
        play: |scene| Box::pin(failing(scene)),
    },
    Step {
        title: "the ladder, on the virtual clock",
        expected: "tried at 0/15/315/3915/25515 s, then dead",
        play: |scene| Box::pin(ladder(scene)),
    },
    Step {
        title: "the log finds it",
        expected: "one dead delivery with 4 retries",
        play: |scene| Box::pin(search(scene)),
    },
    Step {
        title: "replay",
        expected: "delivered, the same event signed anew",
        play: |scene| Box::pin(replay(scene)),
    },
    Step {
        title: "a wrong signature",
        expected: "the fixed refusal, the reason in the log only",
        play: |scene| Box::pin(wrong_signature(scene)),
    },
    Step {
        title: "a card's button",
        expected: "answered through by the business",
        play: |scene| Box::pin(card(scene)),
    },
];

async fn challenge(scene: &mut Scene) -> Result<String, Failure> {
    let wrong = scene.business.url("/no-such-path");
    scene.act(format_args!("save {wrong}"));
    let Err(refusal) = scene.save_url("request-url", &wrong).await else {
        return Err(broken("a URL that answers no challenge was saved"));
    };
    scene.tell(format_args!(
        "refused: {} [{}]",
        refusal.message, refusal.code
    ));
    expect(refusal.code == "feishu.challenge_status", || {
        format!("refused as {}", refusal.code)
    })?;

    let right = scene.receiving();
    scene.act(format_args!("save {right}"));
    let saved = scene.save_url("request-url", &right).await?;
    let micros = number(&saved, "/timing/total_us").unsigned_abs();
    let answered = took(Duration::from_micros(micros));
    scene.tell(format_args!(
        "saved: the encrypted challenge was answered in {answered} (limit 1 s)"
    ));
    Ok(format!(
        "refused [{}]; saved after {answered}",
        refusal.code
    ))
}

async fn push(scene: &mut Scene) -> Result<String, Failure> {
    scene.act(format_args!("trigger {MESSAGE}"));
    let began = scene.now();
    let made = scene.trigger(MESSAGE).await?;
    let pushed = scene.last_push().await?;
    expect(number(&pushed, "/http_code") == 200, || {
        format!("the push was answered {pushed}")
    })?;
    let got = scene.business.take();
    let [got] = got.as_slice() else {
        return Err(broken(format!("the business got it {} times", got.len())));
    };
    expect(got.taken, || "the business refused it".to_owned())?;
    let arrived = took(got.at.saturating_duration_since(began));
    let cost = number(&pushed, "/cost_ms");
    scene.tell(format_args!(
        "event {} pushed, acknowledged 200 in {cost} ms, after the disk",
        text(&made, "/event_id")
    ));
    scene.tell(format_args!(
        "at the business {arrived} after the trigger, its signature held"
    ));
    Ok(format!(
        "acknowledged in {cost} ms, delivered after {arrived}"
    ))
}

async fn lost_acknowledgement(scene: &mut Scene) -> Result<String, Failure> {
    let before = duplicates(scene).await?;
    scene.act("fault: the next acknowledgement of the receiver is lost");
    let fault = json!({ "place": { "source": SOURCE }, "fault": { "kind": "drop" }, "count": 1 });
    scene.post("faults", fault).await?;
    scene.trigger(MESSAGE).await?;
    let first = scene.last_push().await?;
    expect(text(&first, "/status") == "FAIL", || {
        format!("the first push ended {first}")
    })?;
    let failure = text(&first, "/error/code").to_owned();
    scene.tell(format_args!(
        "the platform saw no answer [{failure}]; the event was on the disk already"
    ));

    scene.act("clock advance 15s");
    scene.advance(Duration::from_secs(15)).await?;
    let page = scene.get(&scene.app_path("events?limit=1")).await?;
    let again = page.pointer("/rows/1").cloned().unwrap_or_default();
    expect(number(&again, "/retry_cnt") == 2, || {
        format!("no second push: {page}")
    })?;
    expect(number(&again, "/http_code") == 200, || {
        format!("the second push ended {again}")
    })?;
    let dropped = duplicates(scene).await? - before;
    expect(dropped == 1, || {
        format!("{dropped} duplicates were dropped")
    })?;
    let times = scene.business.take().len();
    expect(times == 1, || format!("the business got it {times} times"))?;
    scene.tell("pushed again after 15 s, acknowledged 200, dropped as a duplicate");
    Ok("2 pushes, 1 duplicate dropped, delivered once".to_owned())
}

async fn duplicates(scene: &Scene) -> Result<i64, Failure> {
    let source = scene.get(&format!("sources/{SOURCE}")).await?;
    Ok(number(&source, "/counts/duplicates"))
}

async fn failing(scene: &mut Scene) -> Result<String, Failure> {
    scene.act("the business answers 503 from now on");
    scene.business.fail(true);
    scene.trigger(MESSAGE).await?;
    let pushed = scene.last_push().await?;
    expect(number(&pushed, "/http_code") == 200, || {
        format!("the push ended {pushed}")
    })?;
    let delivery = scene.newest_delivery().await?;
    expect(text(&delivery, "/state") == "due", || {
        format!("the delivery is {delivery}")
    })?;
    expect(number(&delivery, "/status") == 503, || {
        format!("the delivery is {delivery}")
    })?;
    let id = text(&delivery, "/delivery").to_owned();
    scene.tell("the platform got its 200: it knows nothing of the business");
    scene.tell(format_args!(
        "{id} is due again at {}",
        text(&delivery, "/due_at")
    ));
    scene.dead = Some(id);
    Ok("platform acknowledged 200, business 503, delivery due".to_owned())
}

async fn ladder(scene: &mut Scene) -> Result<String, Failure> {
    let id = failed_delivery(scene)?;
    scene.act("clock advance 8h");
    let began = scene.now();
    let ran = scene.advance(EIGHT_HOURS).await?;
    let played = took(scene.now().saturating_duration_since(began));
    let entry = scene.get(&format!("log/{id}")).await?;
    let offsets = offsets_seconds(&entry)?;
    let shown = offsets
        .iter()
        .map(i64::to_string)
        .collect::<Vec<_>>()
        .join("/");
    scene.tell(format_args!(
        "attempts at {shown} s; {} attempts played in {played}",
        number(&ran, "/attempts")
    ));
    expect(offsets == OFFSETS_SECONDS, || format!("tried at {shown} s"))?;
    expect(text(&entry, "/state") == "dead", || {
        format!("it is {}", text(&entry, "/state"))
    })?;
    let reason = text(&entry, "/reason").to_owned();
    scene.tell(format_args!("{id} is dead: {reason}"));
    Ok(format!("tried at {shown} s, then dead ({reason})"))
}

fn failed_delivery(scene: &Scene) -> Result<String, Failure> {
    scene
        .dead
        .clone()
        .ok_or_else(|| broken("there is no failed delivery from the step before"))
}

/// When each attempt began, in seconds of schedule time after the first.
fn offsets_seconds(entry: &Value) -> Result<Vec<i64>, Failure> {
    let attempts = entry.pointer("/attempts_made").and_then(Value::as_array);
    let started = |attempt: &Value| {
        let time: jiff::Timestamp = text(attempt, "/started_at").parse().ok()?;
        Some(time.as_millisecond())
    };
    let times: Option<Vec<i64>> = attempts.into_iter().flatten().map(started).collect();
    let times = times.ok_or_else(|| broken("an attempt has no time"))?;
    let first = times.first().copied().unwrap_or_default();
    Ok(times.iter().map(|time| (time - first) / 1000).collect())
}

async fn search(scene: &mut Scene) -> Result<String, Failure> {
    let id = failed_delivery(scene)?;
    let query = format!("log?endpoint={ENDPOINT}&state=dead&type={MESSAGE}&retries_min=4");
    scene.act(format_args!(
        "ringback log --endpoint {ENDPOINT} --state dead --type {MESSAGE} --retries-min 4"
    ));
    let page = scene.get(&query).await?;
    let entries = page.pointer("/entries").and_then(Value::as_array);
    let found = entries.map(Vec::as_slice).unwrap_or_default();
    let [only] = found else {
        return Err(broken(format!("{} rows were found", found.len())));
    };
    expect(text(only, "/delivery") == id, || format!("found {only}"))?;
    let attempts = number(only, "/attempts");
    scene.tell(format_args!(
        "{id}  {}  {attempts} attempts",
        text(only, "/state")
    ));
    Ok(format!("found 1, {} retries", attempts - 1))
}

async fn replay(scene: &mut Scene) -> Result<String, Failure> {
    let id = failed_delivery(scene)?;
    let failed = scene.business.take();
    scene.act("the business is well again, and has another signing key since");
    scene.business.fail(false);
    scene.rotate_key().await?;
    scene.act(format_args!("ringback replay {id}"));
    let answer = scene.post("replay", json!({ "ids": [id] })).await?;
    let new = text(&answer, "/replayed/0/delivery").to_owned();
    scene.advance(Duration::ZERO).await?;
    let entry = scene.get(&format!("log/{new}")).await?;
    expect(text(&entry, "/state") == "delivered", || {
        format!("the replay is {entry}")
    })?;
    let got = scene.business.take();
    let [got] = got.as_slice() else {
        return Err(broken(format!("the business got it {} times", got.len())));
    };
    let same = failed.last().is_some_and(|before| before.id == got.id);
    expect(same, || "it is another event".to_owned())?;
    expect(got.verified, || {
        "its signature does not hold under the new key".to_owned()
    })?;
    scene.tell(format_args!(
        "{new} delivered: `webhook-id` {} as before, signed with the new key",
        got.id
    ));
    Ok("delivered, same id, signed with the new key".to_owned())
}

async fn wrong_signature(scene: &mut Scene) -> Result<String, Failure> {
    scene.act("fault: the platform signs its next push wrongly");
    let app = scene.get(&scene.app()).await?;
    let endpoint = text(&app, "/event_endpoint");
    let fault = json!({
        "place": { "endpoint": endpoint }, "fault": { "kind": "wrong_signature" }, "count": 1,
    });
    scene.post("faults", fault).await?;
    scene.trigger(MESSAGE).await?;
    let pushed = scene.last_push().await?;
    let status = number(&pushed, "/http_code");
    let body = text(&pushed, "/response_body").to_owned();
    scene.tell(format_args!(
        "answered {status} {body}: the same to whatever is not authenticated"
    ));
    expect(status == 401, || format!("answered {status}"))?;
    let refusals = scene.get(&format!("sources/{SOURCE}/refusals")).await?;
    let code = text(&refusals, "/refusals/0/reason").to_owned();
    scene.tell(format_args!(
        "the receiver's own log: {} [{code}]",
        text(&refusals, "/refusals/0/message")
    ));
    expect(code == "feishu.signature_mismatch", || {
        format!("refused as {code}")
    })?;
    let got = scene.business.take().len();
    expect(got == 0, || format!("the business got it {got} times"))?;
    Ok(format!("{status} {body}; log: {code}"))
}

async fn card(scene: &mut Scene) -> Result<String, Failure> {
    let url = scene.receiving();
    scene.act(format_args!("save {url} for callbacks, press a button"));
    scene.save_url("callback-url", &url).await?;
    let press = json!({
        "type": "card.action.trigger",
        "set": { "action.value": { "key": "approved" } },
    });
    let outcome = scene.post(&scene.app_path("callbacks"), press).await?;
    let code = number(&outcome, "/client_code");
    expect(code == 0, || {
        format!("the client would show {code}: {outcome}")
    })?;
    let toast = text(&outcome, "/answer/toast/content").to_owned();
    let cost = number(&outcome, "/cost_ms");
    scene.tell(format_args!(
        "the client shows `{toast}` after {cost} ms (limit 3 s)"
    ));
    expect(toast == "order approved", || {
        format!("the toast says `{toast}`")
    })?;
    Ok(format!("client code {code}, toast `{toast}`, {cost} ms"))
}
