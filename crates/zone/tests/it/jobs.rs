//! Async calls: every state with its code, and at most one report.

use ringback_zone::Options;
use serde_json::{Value, json};
use std::time::Duration;

use crate::program::Running;
use crate::stage::{PROGRAM, Stage, abilities, another_app, program, quick};

async fn begun(stage: &Stage) -> String {
    let body =
        json!({ "program_id": PROGRAM, "ability_id": "late", "request_data": r#"{"text":"do"}"# });
    let answer = stage.api("async_program_task", body).await;
    assert_eq!(answer["errcode"], 0, "{answer}");
    answer["jobid"].as_str().unwrap().to_owned()
}

async fn result(stage: &Stage, jobid: &str) -> Value {
    stage
        .api("async_program_result", json!({ "jobid": jobid }))
        .await
}

async fn report(request: &ringback_zone_sdk::Request, report: Value) -> i64 {
    let answer = request
        .client()
        .invoke("program_async_job_call_back", &report.to_string())
        .await;
    let answer: Value = serde_json::from_str(&answer.unwrap()).unwrap();
    answer["errcode"].as_i64().unwrap()
}

#[tokio::test]
async fn a_job_is_acknowledged_reported_once_and_fetched() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    let jobid = begun(&stage).await;
    assert_eq!(jobid.len(), 64);
    let asked = running.asked().await;
    assert!(asked.is_async);
    assert_eq!(result(&stage, &jobid).await["errcode"], 710_642);

    // What does not match may be reported again, mended; what does counts once.
    let mut codes = Vec::new();
    for made in [
        json!({ "errcode": 0, "result": "no json" }),
        json!({ "errcode": 0, "result": r#"{"another":1}"# }),
        json!({ "errcode": 0, "result": r#"{"text":"done"}"# }),
        json!({ "errcode": 0, "result": r#"{"text":"twice"}"# }),
    ] {
        codes.push(report(&asked, made).await);
    }
    assert_eq!(codes, [790_013, 790_014, 0, 790_010]);
    let fetched = result(&stage, &jobid).await;
    assert_eq!(
        fetched,
        json!({ "errcode": 0, "errmsg": "ok", "response_errcode": 0, "response_data": r#"{"text":"done"}"# })
    );
    stage.advance(24 * 3600 + 1).await;
    assert_eq!(result(&stage, &jobid).await["errcode"], 40089);
    stage.advance(72 * 3600).await;
    stage.zone.prune().await.unwrap();
    assert_eq!(result(&stage, &jobid).await["errcode"], 40088);
}

#[tokio::test]
async fn a_failed_job_carries_the_programs_own_code() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    let jobid = begun(&stage).await;
    let asked = running.asked().await;
    assert_eq!(report(&asked, json!({ "errcode": 12345 })).await, 0);
    let fetched = result(&stage, &jobid).await;
    assert_eq!(
        (
            fetched["errcode"].as_i64(),
            fetched["response_errcode"].as_i64()
        ),
        (Some(0), Some(12345))
    );
    assert_eq!(fetched["response_data"], "");
}

#[tokio::test]
async fn a_job_is_its_owners_alone() {
    let stage = Stage::new().await;
    let running = stage.with_program(Running::sample().await).await;
    let other = Running::sample().await;
    stage
        .deployed(program("progB", abilities()), &[other.url()])
        .await;
    other.credentials(&stage.zone, "progB", 1).await;
    let jobid = begun(&stage).await;
    let asked = running.asked().await;

    // Program B with A's job_info, A with a job_info of its own making, A for another app.
    let done = json!({ "errcode": 0, "result": "{}" }).to_string();
    let client = |sdk: &ringback_zone_sdk::Zone, agentid, job_info: &str| {
        sdk.client(asked.corpid.as_str(), agentid, "late", job_info)
    };
    let foreign = crate::stage::another_app(&stage.zone).await;
    let mut codes = Vec::new();
    for made in [
        client(&other.speaks(), asked.agentid, &asked.job_info),
        client(&running.speaks(), asked.agentid, "forged"),
        client(&running.speaks(), foreign.agentid, &asked.job_info),
        client(&running.speaks(), 0, &asked.job_info),
    ] {
        let answer = made
            .invoke("program_async_job_call_back", &done)
            .await
            .unwrap();
        codes.push(
            serde_json::from_str::<Value>(&answer).unwrap()["errcode"]
                .as_i64()
                .unwrap(),
        );
    }
    // Agent id 0 is allowed here and only here.
    assert_eq!(codes, [790_017, 790_017, 790_017, 0]);
    let app = another_app(&stage.zone).await;
    let token = stage.token_of(&app).await;
    let path = format!("/cgi-bin/chatdata/async_program_result?access_token={token}");
    let (_, answer) = stage
        .fetch(&path, Some(&json!({ "jobid": jobid }).to_string()))
        .await;
    assert!(answer.contains("40088"), "{answer}");
}

#[tokio::test]
async fn a_job_that_nobody_takes_or_reports_is_over_at_last() {
    let stage = Stage::with(Options {
        job_life: Duration::from_hours(1),
        ..Options::default()
    })
    .await;
    let mut input = program(PROGRAM, abilities());
    input.settings = quick(200);
    stage
        .deployed(input, &["http://127.0.0.1:1/".to_owned()])
        .await;
    let jobid = begun(&stage).await;
    stage.engine.quiet().await;
    assert_eq!(
        result(&stage, &jobid).await["errcode"],
        710_642,
        "the ladder goes on"
    );
    stage.advance(700).await;
    assert_eq!(
        result(&stage, &jobid).await["errcode"],
        710_638,
        "the ladder is over"
    );

    let running = Running::sample().await;
    running.credentials(&stage.zone, PROGRAM, 1).await;
    let host = ringback_zone::Host::Url {
        urls: vec![running.url().parse().unwrap()],
    };
    stage.zone.deploy("ada", PROGRAM, Some(host)).await.unwrap();
    let jobid = begun(&stage).await;
    let asked = running.asked().await;
    stage.advance(3_601).await;
    assert_eq!(result(&stage, &jobid).await["errcode"], 710_638);
    assert_eq!(
        report(&asked, json!({ "errcode": 0, "result": "{}" })).await,
        790_010
    );
}

#[tokio::test]
async fn a_job_outlives_a_crash_of_the_zone_between_its_steps() {
    let stage = Stage::new().await;
    stage
        .deployed(
            program(PROGRAM, abilities()),
            &["http://127.0.0.1:1/".to_owned()],
        )
        .await;
    let jobid = begun(&stage).await;
    let stage = stage.restarted().await;
    let running = Running::sample().await;
    running.credentials(&stage.zone, PROGRAM, 1).await;
    let host = ringback_zone::Host::Url {
        urls: vec![running.url().parse().unwrap()],
    };
    stage.zone.deploy("ada", PROGRAM, Some(host)).await.unwrap();
    stage.advance(20).await;
    let asked = running.asked().await;
    let stage = stage.restarted().await;
    // The zone has another address now; the program is told by its file.
    running.credentials(&stage.zone, PROGRAM, 1).await;
    let running = running
        .restarted_with(&stage.zone.instance_credentials(PROGRAM, 1).await.unwrap())
        .await;
    let client = running.speaks().client(
        asked.corpid.as_str(),
        asked.agentid,
        "late",
        asked.job_info.as_str(),
    );
    let done = json!({ "errcode": 0, "result": r#"{"text":"late"}"# }).to_string();
    let answer = client
        .invoke("program_async_job_call_back", &done)
        .await
        .unwrap();
    assert!(answer.contains("\"errcode\":0"), "{answer}");
    assert_eq!(
        result(&stage, &jobid).await["response_data"],
        r#"{"text":"late"}"#
    );
    // One report, also across restarts.
    let again = client
        .invoke("program_async_job_call_back", &done)
        .await
        .unwrap();
    assert!(again.contains("790010"), "{again}");
}
