//! Own programs and own models: placeholders from real messages, and in debug mode from `debug_info`.

use ringback_zone::Options;
use serde_json::{Value, json};

use crate::figure::{import, with_archive};
use crate::program::Running;
use crate::stage::{CORP, Stage, abilities, ability, model, program};

/// Programs A and B and a model, all deployed; A asks.
async fn three(stage: &Stage) -> (Running, Running, Running) {
    let a = stage.with_program(Running::sample().await).await;
    let b = Running::sample().await;
    stage
        .deployed(program("progB", abilities()), &[b.url()])
        .await;
    b.credentials(&stage.zone, "progB", 1).await;
    let m = Running::sample().await;
    let asks = ability(
        "ask",
        r#"{"prompt":"{chat}","known":"{knowledge}","tags":"{tagjson}","n":1}"#,
        r#"{"result":""}"#,
    );
    stage.deployed(model("model1", asks), &[m.url()]).await;
    m.credentials(&stage.zone, "model1", 1).await;
    (a, b, m)
}

async fn invoke(running: &Running, stage: &Stage, api: &str, request: Value) -> Value {
    let client = running.speaks().client(CORP, stage.app.agentid, "", "");
    let answer = client.invoke(api, &request.to_string()).await.unwrap();
    serde_json::from_str(&answer).unwrap()
}

/// A message's id with the key that opens it; only the holder of the private key has that.
async fn reference(stage: &Stage, running: &Running, msgid: &str) -> Value {
    let list = invoke(running, stage, "sync_msg", json!({})).await;
    let message = list["msg_list"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["msgid"] == msgid)
        .unwrap();
    let sealed = message["service_encrypt_info"]["encrypted_secret_key"]
        .as_str()
        .unwrap();
    json!({ "msgid": msgid, "encrypt_info": { "secret_key": decrypted(sealed) } })
}

fn decrypted(sealed: &str) -> String {
    use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let pem: String = include_str!("private_key.pem")
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let key = PrivateDecryptingKey::from_pkcs8(&STANDARD.decode(pem).unwrap()).unwrap();
    let key = Pkcs1PrivateDecryptingKey::new(key).unwrap();
    let mut plain = vec![0; key.min_output_size()];
    let text = key
        .decrypt(&STANDARD.decode(sealed).unwrap(), &mut plain)
        .unwrap();
    String::from_utf8(text.to_vec()).unwrap()
}

#[tokio::test]
async fn a_program_asks_another_one_about_real_messages() {
    let stage = Stage::new().await;
    let (a, b, _) = three(&stage).await;
    with_archive(&stage).await;
    import(&stage, "m1", "is the \"blue\" one\nin stock?").await;
    let first = reference(&stage, &a, "m1").await;
    let wrong = json!({ "msgid": "m2", "encrypt_info": { "secret_key": "x" } });
    let create = json!({
        "program_id": "progB", "ability_id": "task", "msg_list": [first, first, wrong],
    });
    let created = invoke(&a, &stage, "create_program_task", create).await;
    assert_eq!(created["errcode"], 0, "{created}");
    assert_eq!(
        created["fail_list"][0]["errcode"], 710_613,
        "the second of the same id"
    );
    assert_eq!(created["fail_list"].as_array().unwrap().len(), 1);
    let jobid = created["jobid"].as_str().unwrap().to_owned();
    let asked = b.asked().await;
    assert!(asked.is_async);
    assert_eq!(
        asked.data,
        r#"{"prompt":"A说：is the  blue  one in stock?","texts":"is the  blue  one in stock?"}"#
    );
    let fetch = json!({ "jobid": jobid });
    assert_eq!(
        invoke(&a, &stage, "get_program_task_result", fetch.clone()).await["errcode"],
        710_642
    );
    let done = json!({ "errcode": 0, "result": r#"{"result":"yes","lines":1}"# }).to_string();
    asked
        .client()
        .invoke("program_async_job_call_back", &done)
        .await
        .unwrap();
    let result = invoke(&a, &stage, "get_program_task_result", fetch.clone()).await;
    assert_eq!(result["response_data"], r#"{"result":"yes","lines":1}"#);
    assert_eq!(result["fail_list"][0]["errcode"], 710_601, "{result}");
    assert!(result.get("status").is_none());
    // B, and the app, cannot fetch what A asked for.
    assert_eq!(
        invoke(&b, &stage, "get_program_task_result", fetch.clone()).await["errcode"],
        40088
    );
    assert_eq!(
        stage.api("async_program_result", fetch).await["errcode"],
        40088
    );
}

#[tokio::test]
async fn a_model_knows_knowledge_and_tags_and_has_its_old_names() {
    let stage = Stage::new().await;
    let (a, _, m) = three(&stage).await;
    with_archive(&stage).await;
    import(&stage, "m1", "how long is the warranty?").await;
    let lines = [
        json!({ "kind": "tag_group", "group_id": "g1", "group_name": "Intent", "tag_list": [{ "tag_id": "t1", "tag_name": "Buys" }] }),
        json!({ "kind": "knowledge_base", "kb_id": "kb1", "kb_name": "Questions" }),
        json!({ "kind": "knowledge", "kb_id": "kb1", "question": "How long is the warranty", "answer": "Two years" }),
    ];
    for line in lines {
        let imported = stage
            .zone
            .archive()
            .import(CORP, line.to_string().as_bytes())
            .await;
        imported.unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    for name in ["knowledge_base_list", "document_list"] {
        let bases = invoke(&a, &stage, name, json!({})).await;
        assert_eq!(
            bases["kb_info_list"],
            json!([{ "kb_id": "kb1", "kb_name": "Questions" }])
        );
    }
    let first = reference(&stage, &a, "m1").await;
    let create = json!({
        "model_id": "model1", "ability_id": "ask", "kb_id": "kb1", "escape_type": 1,
        "tag_group_list": [{ "group_id": "g1" }], "msg_list": [first],
    });
    for name in ["create_model_task", "create_private_task"] {
        let created = invoke(&a, &stage, name, create.clone()).await;
        assert_eq!(created["errcode"], 0, "{created}");
        let asked = m.asked().await;
        let filled: Value = serde_json::from_str(&asked.data).unwrap();
        assert_eq!(filled["prompt"], "A说：how long is the warranty?");
        assert_eq!(
            filled["known"],
            "文档1：How long is the warranty：Two years"
        );
        let tags: Value = serde_json::from_str(filled["tags"].as_str().unwrap()).unwrap();
        assert_eq!(tags["tag_group"][0]["tag_list"][0]["tag_name"], "Buys");
        assert_eq!(filled["n"], 1);
    }
    // A model is not called by apps, and a program is no model.
    let call = stage.call_of("model1", "ask", "", json!({})).await;
    assert_eq!(call["errcode"], 790_020, "{call}");
    let create = json!({ "model_id": "progB", "ability_id": "task", "msg_list": [] });
    assert_eq!(
        invoke(&a, &stage, "create_model_task", create).await["errcode"],
        790_020
    );
}

#[tokio::test]
async fn tasks_are_refused_by_their_codes() {
    let stage = Stage::new().await;
    let (a, b, _) = three(&stage).await;
    with_archive(&stage).await;
    let message = |number: usize| json!({ "msgid": format!("m{number}"), "encrypt_info": { "secret_key": "k" } });
    let many: Vec<_> = (0..1_001).map(message).collect();
    let mut told = Vec::new();
    for (what, request) in [
        (
            "foreign",
            json!({ "program_id": "nobody", "ability_id": "task", "msg_list": [] }),
        ),
        (
            "ability",
            json!({ "program_id": "progB", "ability_id": "nothing", "msg_list": [] }),
        ),
        (
            "too many",
            json!({ "program_id": "progB", "ability_id": "task", "msg_list": many }),
        ),
        (
            "no list",
            json!({ "program_id": "progB", "ability_id": "task" }),
        ),
        (
            "escape",
            json!({ "program_id": "progB", "ability_id": "task", "msg_list": [], "escape_type": 9 }),
        ),
    ] {
        told.push(format!(
            "{what}: {}\n",
            invoke(&a, &stage, "create_program_task", request).await
        ));
    }
    insta::assert_snapshot!(told.concat());
    // Not one message can be used: the job is over before it reaches the program.
    let request = json!({ "program_id": "progB", "ability_id": "task", "msg_list": [message(1)] });
    let created = invoke(&a, &stage, "create_program_task", request).await;
    stage.engine.quiet().await;
    let fetch = json!({ "jobid": created["jobid"] });
    assert_eq!(
        invoke(&a, &stage, "get_program_task_result", fetch).await["errcode"],
        790_041
    );
    assert_eq!(b.pending(), 0);
}

#[tokio::test]
async fn a_corp_makes_so_many_tasks_a_day() {
    let options = Options {
        tasks_per_day: 2,
        ..Options::default()
    };
    let stage = Stage::with(options).await;
    let (a, _b, _) = three(&stage).await;
    let request = json!({ "program_id": "progB", "ability_id": "task", "msg_list": [] });
    let create = async || {
        invoke(&a, &stage, "create_program_task", request.clone()).await["errcode"].clone()
    };
    assert_eq!(
        [create().await, create().await, create().await],
        [0, 0, 45_009]
    );
    stage.advance(24 * 3_600).await;
    assert_eq!(create().await, 0);
}
