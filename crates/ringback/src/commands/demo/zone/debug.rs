//! Debug mode: calls and events of this app go to a developer's machine, and back.

use serde_json::{Value, json};

use super::super::check::{expect, number, text, until};
use super::debug_program::DebugProgram;
use super::figure::KEPT;
use super::platform::ok;
use super::{Scene, log_lines};
use crate::failure::Failure;

/// What the sample program logs of a call that it passed on to `sync_msg`.
const LISTED: &str = "sync_msg: 0";
/// `debug_mode_status`: off, and on.
const OFF: i64 = 1;
const ON: i64 = 2;

/// Opens debug mode, plays a call and an event, and closes it.
pub(super) async fn debug(scene: &mut Scene) -> Result<String, Failure> {
    let before = reach_deployment(scene).await?;
    let mut program = open(scene).await?;
    play(scene, &mut program).await?;
    close(scene, &program).await?;
    // The deployed program's lines come in order: what came before this one reached it meanwhile.
    list(scene).await?;
    let of_deployment = until("the deployed program's log line", async || {
        let lines = log_lines(scene, before).await?;
        let lines = lines.iter().map(|line| text(line, "/text").to_owned());
        let of_steps = lines.filter(|line| line == LISTED || line.starts_with(KEPT));
        let of_steps: Vec<String> = of_steps.collect();
        Ok((!of_steps.is_empty()).then_some(of_steps))
    });
    let of_deployment = of_deployment.await?;
    expect(of_deployment == [LISTED], || {
        format!("the deployed program logged {of_deployment:?}")
    })?;
    scene.tell("closed: the next call reached the deployed program, and nothing did meanwhile");
    Ok("2 there, 0 at the deployment; closed: 1 at the deployment".to_owned())
}

/// Has the deployed program log a line that no other step makes, and answers its number: everything
/// from before stands before it.
async fn reach_deployment(scene: &Scene) -> Result<i64, Failure> {
    const LOGGED: &str = "get_msg_list_by_page_id: 0";
    let call = json!({
        "program_id": scene.zone.wecom.program_id, "ability_id": "invoke_get_msg_list_by_page_id",
        "request_data": r#"{"page_id":"none"}"#,
    });
    scene.zone.platform.ask("sync_call_program", &call).await?;
    until("the deployed program's log line", async || {
        let lines = log_lines(scene, 0).await?;
        let found = lines
            .iter()
            .rev()
            .find(|line| text(line, "/text") == LOGGED);
        Ok(found.map(|line| number(line, "/number")))
    })
    .await
}

/// Both halves: the program's, and the app's.
async fn open(scene: &Scene) -> Result<DebugProgram, Failure> {
    let zone = &scene.zone;
    scene.act("start the sample program once more, with the debug token and an access token");
    let access_token = zone.platform.token().await?;
    let program = DebugProgram::start(&zone.url, &zone.wecom.debug_token, &access_token).await?;
    let path = zone.program_path("/debug-url");
    scene.put(&path, json!({ "url": program.url })).await?;
    scene.tell(format_args!(
        "it listens at {}; its SDK has opened its half",
        program.url
    ));
    expect(status(scene).await? == OFF, || {
        "one half turned debug mode on".to_owned()
    })?;
    scene.act("open_debug_mode, from the app");
    let body = json!({
        "program_id": zone.wecom.program_id, "debug_token": zone.wecom.debug_token,
    });
    ok(
        "open_debug_mode",
        zone.platform.ask("open_debug_mode", &body).await?,
    )?;
    expect(status(scene).await? == ON, || {
        "debug mode is not on".to_owned()
    })?;
    Ok(program)
}

/// A call and an event, both at the developer's.
async fn play(scene: &mut Scene, program: &mut DebugProgram) -> Result<(), Failure> {
    scene.act("a call, and an event: ringback trigger zone hit_keyword");
    list(scene).await?;
    program.line(LISTED).await?;
    let trigger = json!({
        "corpid": scene.zone.wecom.corpid, "agentid": scene.zone.wecom.agentid, "type": "hit_keyword",
    });
    scene.post("wecom/trigger", trigger).await?;
    let id = scene.zone.app.notice().await?.notify_id;
    program.line(&format!("{KEPT}{id}")).await?;
    let event = scene.zone.platform.event(&id).await?;
    expect(text(&event, "/event_type") == "hit_keyword", || {
        format!("the debug program has {event}")
    })?;
    scene.tell("both are in its log; the app was told, and fetched the event from there");
    Ok(())
}

async fn close(scene: &Scene, program: &DebugProgram) -> Result<(), Failure> {
    let zone = &scene.zone;
    scene.act("close_debug_mode, from the app");
    let body = json!({ "program_id": zone.wecom.program_id });
    ok(
        "close_debug_mode",
        zone.platform.ask("close_debug_mode", &body).await?,
    )?;
    expect(status(scene).await? == OFF, || {
        format!("{} is still in debug mode", program.url)
    })?;
    scene
        .put(&zone.program_path("/debug-url"), json!({ "url": null }))
        .await?;
    Ok(())
}

async fn status(scene: &Scene) -> Result<i64, Failure> {
    let body = json!({ "program_id": scene.zone.wecom.program_id });
    let answer = scene.zone.platform.ask("check_debug_mode", &body).await?;
    Ok(number(
        &ok("check_debug_mode", answer)?,
        "/debug_mode_status",
    ))
}

/// A call that leaves a line in the log of whoever takes it.
async fn list(scene: &Scene) -> Result<Value, Failure> {
    let data = json!({ "limit": 1 });
    let list = scene.zone.platform.call("invoke_sync_msg", &data).await?;
    ok("sync_msg", list)
}
