//! What takes longer than a call: a task over messages, an async call.

use std::time::Duration;

use serde_json::json;

use super::super::check::{expect, number, text, until};
use super::Scene;
use super::platform::{ok, response_data};
use crate::failure::Failure;

/// The result is not there yet.
const WAITING: i64 = 710_642;
/// The first gap of the ladder of events and async calls.
const FIRST_GAP: Duration = Duration::from_secs(1);

/// A program works on what was said; the app gets what it makes of it.
pub(super) async fn task(scene: &mut Scene) -> Result<String, Failure> {
    let zone = &scene.zone;
    scene.act("invoke_create_program_task: `summarize` over the messages, with their opened keys");
    let messages = zone.pulled.iter().map(|message| {
        let key = message.secret_key.expose_str();
        json!({ "msgid": message.msgid, "encrypt_info": { "secret_key": key } })
    });
    let create = json!({
        "program_id": zone.wecom.program_id, "ability_id": "summarize",
        "msg_list": messages.collect::<Vec<_>>(), "escape_type": 1,
    });
    let created = zone.platform.call("invoke_create_program_task", &create);
    let created = ok("create_program_task", created.await?)?;
    let fetch = json!({ "jobid": text(&created, "/jobid") });
    let result = until("the task's result", async || {
        let answer = zone
            .platform
            .call("invoke_get_program_task_result", &fetch)
            .await?;
        if number(&answer, "/errcode") == WAITING {
            return Ok(None);
        }
        response_data("get_program_task_result", answer).map(Some)
    });
    let result = result.await?;
    scene.tell(
        "the zone put the messages in place of `{chat}`, and the program counted who said how much",
    );
    let lines = number(&result, "/lines");
    let summary = text(&result, "/result").to_owned();
    scene.tell(format_args!("the app reads: {summary}"));
    expect(lines == 3 && summary == "3 lines: A 2, B 1", || {
        format!("the result is {result}")
    })?;
    Ok(format!("the app reads `{summary}`"))
}

/// An async call whose first delivery is lost, so that there is something to wait for.
pub(super) async fn async_call(scene: &mut Scene) -> Result<String, Failure> {
    let zone = &scene.zone;
    scene.act("fault: the next request to the program is lost");
    let fault = json!({
        "place": { "endpoint": zone.endpoint() }, "fault": { "kind": "drop" }, "count": 1,
    });
    scene.post("faults", fault).await?;
    scene.act("async_program_task summarize");
    let call = json!({
        "program_id": zone.wecom.program_id, "ability_id": "summarize",
        "request_data": json!({ "chat": "A说：你好\nB说：hi" }).to_string(),
    });
    let begun = ok(
        "async_program_task",
        zone.platform.ask("async_program_task", &call).await?,
    )?;
    let jobid = json!({ "jobid": text(&begun, "/jobid") });
    let early = zone.platform.ask("async_program_result", &jobid).await?;
    let waiting = number(&early, "/errcode");
    scene.tell(format_args!(
        "async_program_result: {waiting} {}",
        text(&early, "/errmsg")
    ));
    expect(waiting == WAITING, || format!("it answered {early}"))?;

    scene.act("clock advance 1s: the zone sends it again, the program takes it and reports");
    scene.advance(FIRST_GAP).await?;
    let result = until("the job's result", async || {
        let answer = zone.platform.ask("async_program_result", &jobid).await?;
        let waits = number(&answer, "/errcode") == WAITING;
        Ok((!waits).then_some(answer))
    });
    let result = response_data("async_program_result", result.await?)?;
    let summary = text(&result, "/result").to_owned();
    scene.tell(format_args!("async_program_result: {summary}"));
    expect(summary == "2 lines: A 1, B 1", || {
        format!("the result is {result}")
    })?;
    Ok(format!("{waiting}, then `{summary}`"))
}
