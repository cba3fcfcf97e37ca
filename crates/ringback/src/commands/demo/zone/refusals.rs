//! What is refused, and by which code.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::Full;
use ringback_dialect::zone::{Flow, Keys, Message, PROGRAM_TARGET, header, seal};
use ringback_types::{Clock, Random, Secret};
use serde_json::{Value, json};

use super::super::check::{broken, expect, number, text};
use super::strange_program::{ABILITY, PROGRAM_ID, StrangeProgram, credentials, sdk};
use super::{Scene, platform::ok};
use crate::failure::Failure;

/// A request outside of the input protocol, and an answer outside of the output protocol.
pub(super) async fn protocols(scene: &mut Scene) -> Result<String, Failure> {
    scene.act("deploy a second program; call it with a key that it does not know");
    scene.zone.strange = Some(StrangeProgram::deployed(scene).await?);
    let unknown = json!({ "question": "…", "urgent": true });
    let Called { code: input, sent } = called(scene, &unknown).await?;
    expect(input == 790_016 && !sent, || {
        format!("answered {input}, sent: {sent}")
    })?;
    scene.act("call it rightly; it answers with a key that it did not announce");
    let question = json!({ "question": "…" });
    let Called { code: output, sent } = called(scene, &question).await?;
    expect(output == 790_014 && sent, || {
        format!("answered {output}, sent: {sent}")
    })?;
    Ok(format!("{input}; {output}"))
}

/// How a call was refused.
struct Called {
    code: i64,
    /// Whether the program was asked.
    sent: bool,
}

/// The code that the app gets; the cause is told besides, as `ringback call` shows it.
async fn called(scene: &Scene, data: &Value) -> Result<Called, Failure> {
    let answer = scene
        .zone
        .platform
        .call_of(PROGRAM_ID, ABILITY, data)
        .await?;
    let code = number(&answer, "/errcode");
    scene.tell(format_args!(
        "the app reads {code} {}",
        text(&answer, "/errmsg")
    ));
    let call = json!({
        "corpid": scene.zone.wecom.corpid, "agentid": scene.zone.wecom.agentid,
        "program_id": PROGRAM_ID, "ability_id": ABILITY, "request_data": data.to_string(),
    });
    let shown = scene.post("wecom/call", call).await?;
    scene.tell(format_args!(
        "ringback call says why: {}",
        text(&shown, "/cause")
    ));
    Ok(Called {
        code,
        sent: shown.get("delivery").is_some(),
    })
}

/// A stranger at the door of the deployed program.
pub(super) async fn forged(scene: &mut Scene) -> Result<String, Failure> {
    let program = scene.get(&scene.zone.program_path("")).await?;
    let address = text(&program, "/instances/0/address");
    let url = format!("http://{address}/");
    scene.act(format_args!("curl -d '{{}}' {url}"));
    let (headers, body) = knock(scene, &url, HeaderMap::new(), "{}".into()).await?;
    let plain = refusal(&headers);
    let advice = String::from_utf8_lossy(&body);
    scene.tell(format_args!("{plain}: {}", advice.trim()));
    expect(
        plain == "-10008" && advice.contains("ringback call"),
        || format!("answered {plain}: {advice}"),
    )?;

    scene.act("a request in the program's name, sealed with a key of one's own");
    let key_id = format!("{}/1", scene.zone.wecom.program_id);
    let sealed = seal(
        &Keys::new(&Secret::from(Random::system().secret::<32>().to_vec())),
        &Message {
            flow: Flow::Request,
            target: PROGRAM_TARGET,
            key_id: &key_id,
            version: 1,
            request_id: "forged",
            outcome: None,
            plaintext: b"{}",
        },
        Clock::real().wire(),
        Random::system().secret(),
    );
    let (headers, _) = knock(scene, &url, sealed.headers, sealed.body).await?;
    let forged = refusal(&headers);
    scene.tell(format_args!(
        "{forged}: the signature is wrong; nothing was decrypted"
    ));
    expect(forged == "-10004", || format!("answered {forged}"))?;
    Ok(format!("{plain} with a hint; {forged}"))
}

async fn knock(
    scene: &Scene,
    url: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(HeaderMap, Bytes), Failure> {
    let request = Request::post(url).body(Full::from(body));
    let mut request = request.map_err(Failure::internal)?;
    *request.headers_mut() = headers;
    scene.zone.http.send(request).await
}

fn refusal(headers: &HeaderMap) -> String {
    let code = headers
        .get(header::REFUSAL)
        .and_then(|value| value.to_str().ok());
    code.unwrap_or("nothing").to_owned()
}

/// The sample program's key, and a job that was given to the other program.
pub(super) async fn foreign_job(scene: &mut Scene) -> Result<String, Failure> {
    scene.act(format_args!(
        "async_program_task for {PROGRAM_ID}; the sample program reports it"
    ));
    let call = json!({
        "program_id": PROGRAM_ID, "ability_id": ABILITY, "request_data": r#"{"question":"…"}"#,
    });
    ok(
        "async_program_task",
        scene.zone.platform.ask("async_program_task", &call).await?,
    )?;
    let strange = scene.zone.strange.as_mut();
    let strange = strange.ok_or_else(|| broken("there is no second program"))?;
    let job_info = strange.job_info().await?;

    let wecom = &scene.zone.wecom;
    let key = credentials(scene, &wecom.program_id).await?;
    let client = sdk(&key)?.client(wecom.corpid.as_str(), wecom.agentid, "summarize", job_info);
    let report = json!({ "errcode": 0, "result": "{}" }).to_string();
    let answer = client
        .invoke("program_async_job_call_back", &report)
        .await?;
    let answer: Value = serde_json::from_str(&answer).map_err(Failure::internal)?;
    let code = number(&answer, "/errcode");
    scene.tell(format_args!(
        "the key proves the sample program, so the job is none of its own: {code} {}",
        text(&answer, "/errmsg")
    ));
    expect(code == 790_017, || format!("answered {answer}"))?;
    Ok(code.to_string())
}
