//! A synchronous call of a zone program, against a bare axum reverse proxy before the same work: what
//! lies between the app and the program, in rate and in added time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Bench, scratch};
use crate::load::{Outcome, closed_loop};
use crate::management::Management;
use crate::process::{Bare, Program, Ringback};
use crate::report::{Rounds, ms};

const CORP: &str = "wwbench";
const PROGRAM: &str = "progbench";
/// About a kilobyte, as most requests are.
const TEXT_BYTES: usize = 1_000;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<()> {
    let arguments = bench.arguments;
    let echo = Bare::start("echo").await?;
    let proxy = Bare::proxy(echo.address).await?;
    let directory = tempfile::tempdir_in(scratch()?)?;
    let ringback = Ringback::start(&arguments.binary, directory.path(), &[]).await?;
    let program = Program::start(directory.path()).await?;
    let zone = Zone::prepare(&ringback, &program).await?;

    let (mut bare, mut ours) = (Rounds::default(), Rounds::default());
    let (mut bare_calm, mut our_calm) = (Rounds::default(), Rounds::default());
    let mut processor = Rounds::default();
    for _ in 0..arguments.rounds {
        let load = Zone::load(proxy.address, "/", arguments.events);
        bare.push(
            closed_loop(proxy.address, &load, arguments.connections)
                .await?
                .rate(),
        );
        let load = Zone::load(ringback.address, &zone.path, arguments.events);
        let before = ringback.processor_time()?;
        ours.push(
            closed_loop(ringback.address, &load, arguments.connections)
                .await?
                .rate(),
        );
        let used = ringback.processor_time()?.saturating_sub(before);
        processor.push(used.as_secs_f64() * 1e6 / arguments.events as f64);

        // One connection: what is added, without queues.
        let count = 2_000;
        let load = Zone::load(proxy.address, "/", count);
        let outcome = closed_loop(proxy.address, &load, 1).await?;
        bare_calm.push(p50(&outcome).as_secs_f64());
        let load = Zone::load(ringback.address, &zone.path, count);
        let outcome = closed_loop(ringback.address, &load, 1).await?;
        our_calm.push(p50(&outcome).as_secs_f64());
    }
    ringback.stop().await?;
    let report = &mut bench.report;
    report.ratio(
        "zone: sync call of an SDK program / bare axum reverse proxy before an echo",
        &ours,
        &bare,
        "≥ 0.35",
    );
    let seconds = Duration::from_secs_f64;
    let added = our_calm.median() - bare_calm.median();
    let figure = format!(
        "{:.0} µs (p50 {} against {})",
        added * 1e6,
        ms(seconds(our_calm.median())),
        ms(seconds(bare_calm.median()))
    );
    report.line("zone: time that a sync call adds", figure, "p50 ≤ 150 µs");
    let figure = format!("{:.0} µs", processor.median());
    report.line("zone: Ringback's processor time per sync call", figure, "");
    Ok(())
}

fn p50(outcome: &Outcome) -> Duration {
    outcome.percentile(0.5)
}

/// An app that may call the program.
struct Zone {
    path: String,
}

impl Zone {
    async fn prepare(ringback: &Ringback, program: &Program) -> Result<Self> {
        let management = Management::new(ringback);
        let at = |path: &str| format!("/api/v1/wecom/{path}");
        let send = |method: &'static str, path: String, body: Value| {
            let management = &management;
            async move { management.send(method, &path, Some(body)).await }
        };
        send("POST", at("corps"), json!({ "corpid": CORP, "test": true })).await?;
        let app = send(
            "POST",
            at("apps"),
            json!({ "corpid": CORP, "kind": "self_built" }),
        )
        .await?;
        let ability =
            json!({ "id": "echo", "input": r#"{"text":""}"#, "output": r#"{"text":""}"# });
        let described = json!({ "program_id": PROGRAM, "name": "bench", "ability": [ability] });
        send("PUT", at("programs"), described).await?;
        send("POST", at(&format!("programs/{PROGRAM}/submit")), json!({})).await?;
        let host =
            json!({ "host": { "kind": "url", "urls": [format!("http://{}/", program.address)] } });
        send("POST", at(&format!("programs/{PROGRAM}/deploy")), host).await?;
        let file = at(&format!("programs/{PROGRAM}/instances/1/credentials"));
        let file = management.send("GET", &file, None).await?;
        program.give(&file)?;
        let app = format!("apps/{CORP}/{}", app["agentid"]);
        send("PUT", at(&format!("{app}/programs/{PROGRAM}")), json!({})).await?;
        let credentials = management
            .send("GET", &at(&format!("{app}/credentials")), None)
            .await?;
        let secret = credentials["corpsecret"]
            .as_str()
            .context("the app's secret")?;
        let path = format!("/cgi-bin/gettoken?corpid={CORP}&corpsecret={secret}");
        let token = management.send("GET", &path, None).await?;
        let token = token["access_token"].as_str().context("a token")?;
        Ok(Self {
            path: format!("/cgi-bin/chatdata/sync_call_program?access_token={token}"),
        })
    }

    fn load(address: std::net::SocketAddr, path: &str, count: usize) -> Arc<Vec<Bytes>> {
        let data = json!({ "text": "x".repeat(TEXT_BYTES) }).to_string();
        let body = json!({ "program_id": PROGRAM, "ability_id": "echo", "request_data": data });
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Arc::new(vec![Bytes::from(request); count])
    }
}
