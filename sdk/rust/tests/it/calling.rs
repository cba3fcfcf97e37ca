//! Calling SDK APIs.

use std::collections::HashSet;

use ringback_zone_sdk::calls::{
    GetProgramTaskResult, KnowledgeBaseList, MsgMode, ProgramAsyncJobCallBack, SpecNotifyApp,
    SyncMsg,
};
use ringback_zone_sdk::{CallError, Error, Reason, ReturnCode, generate_notify_id};
use serde_json::json;

use crate::requests::zone;
use crate::stub::{Answer, KEY_ID, OTHER_ID, Stub, call, connections};

#[tokio::test]
async fn an_api_is_called_for_the_app_of_the_request() {
    let stub = Stub::answering(|one| Answer::Text(one.frame.request.clone())).await;
    let zone = zone(&stub);
    let mut frame = call("invoke_sync_msg", "{}");
    frame.job_info = "sealed job".to_owned();
    let sealed = stub.request(&frame);
    let client = zone.decode(&sealed.headers, &sealed.body).unwrap().client();
    for limit in [1, 2, 3] {
        let request = json!({ "limit": limit }).to_string();
        assert_eq!(client.invoke("sync_msg", &request).await.unwrap(), request);
    }
    let invoked = stub.invoked();
    assert_eq!(connections(&invoked), 1, "a connection is used again");
    let one = &invoked[0];
    assert_eq!(
        (one.api.as_str(), one.key_id.as_str()),
        ("sync_msg", KEY_ID)
    );
    assert_eq!(one.frame.corpid, "wwstub");
    assert_eq!(one.frame.agentid, 1_000_001);
    assert_eq!(one.frame.ability_id, "invoke_sync_msg");
    assert_eq!(one.frame.job_info, "sealed job");
    let wire = String::from_utf8_lossy(&stub.wire()).into_owned();
    assert!(!wire.contains("wwstub") && !wire.contains("sealed job"));
}

#[tokio::test]
async fn what_the_zone_refuses_with_is_the_return_code() {
    let stub = Stub::answering(|one| {
        let code: i32 = one.frame.request.parse().unwrap();
        match one.api.as_str() {
            "unsigned" => Answer::RefuseUnsigned(code),
            _ => Answer::Refuse(code),
        }
    })
    .await;
    let client = zone(&stub).client("wwstub", 1, "a", "");
    for code in ReturnCode::ALL {
        for api in ["sealed", "unsigned"] {
            let refused = client
                .invoke(api, &code.number().to_string())
                .await
                .unwrap_err();
            assert_eq!(refused, Error::Refused { code });
            assert_eq!(refused.code(), code.number());
        }
    }
    let unknown = client.invoke("sealed", "-10007").await.unwrap_err();
    assert_eq!(unknown.code(), -10001);
    let hint = Error::Refused {
        code: ReturnCode::UnknownApi,
    }
    .hint()
    .unwrap();
    assert!(hint.contains("too old"), "{hint}");
}

#[tokio::test]
async fn an_answer_counts_only_for_its_own_request() {
    let stub = Stub::answering(|one| match one.api.as_str() {
        "other" => Answer::Naming(OTHER_ID),
        "unbound" => Answer::Naming(""),
        "swapped" => Answer::AsApi("sync_msg"),
        "tampered" => Answer::Tampered,
        _ => Answer::Status(204),
    })
    .await;
    let client = zone(&stub).client("wwstub", 1, "a", "");
    let cases = [
        ("other", Reason::OtherRequest),
        ("unbound", Reason::Unbound),
        ("swapped", Reason::SignatureMismatch),
        ("tampered", Reason::SignatureMismatch),
    ];
    for (api, reason) in cases {
        let error = client.invoke(api, "{}").await.unwrap_err();
        assert_eq!(error, Error::Unverified { reason }, "{api}");
        assert_eq!(error.code(), -10004);
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_here() {
    let stub = Stub::answering(|_| Answer::Text("not json".to_owned())).await;
    let client = zone(&stub).client("wwstub", 1, "a", "");
    for api in ["", "../open", "Sync_msg", "sync msg", &"x".repeat(65)] {
        assert_eq!(
            client.invoke(api, "{}").await.unwrap_err().code(),
            -10006,
            "{api}"
        );
    }
    assert_eq!(
        client
            .invoke("sync_msg", "{\"a\":")
            .await
            .unwrap_err()
            .code(),
        -10009
    );
    assert!(stub.invoked().is_empty());
    let answered = client.invoke("sync_msg", "{}").await.unwrap_err();
    assert_eq!(answered.code(), -10009);
    assert!(answered.to_string().starts_with("the answer"), "{answered}");
}

#[tokio::test]
async fn a_key_that_was_rotated_away_is_looked_up_and_asked_with_again() {
    let stub = Stub::new().await;
    let client = zone(&stub).client("wwstub", 1, "a", "");
    client.invoke("sync_msg", "{}").await.unwrap();
    stub.take_versions(&[2, 3]);
    let stale = client.invoke("sync_msg", "{}").await.unwrap_err();
    assert_eq!(stale.code(), -10008);
    stub.write_credentials(&[2, 3]);
    client.invoke("sync_msg", "{}").await.unwrap();
    let versions: Vec<u32> = stub.invoked().iter().map(|one| one.version).collect();
    assert_eq!(versions, [1, 3]);
}

#[tokio::test]
async fn typed_calls_leave_out_what_is_absent_and_read_every_documented_member() {
    let stub = Stub::answering(|one| {
        Answer::Text(match one.api.as_str() {
            "sync_msg" => SYNCED.to_owned(),
            "spec_notify_app" => json!({"errcode": 0, "notify_id": "n1"}).to_string(),
            "knowledge_base_list" => {
                json!({"errcode": 0, "kb_info_list": [{"kb_id": "kb1", "kb_name": "FAQ"}]})
                    .to_string()
            }
            "get_program_task_result" => json!({"errcode": 710_642, "errmsg": "wait"}).to_string(),
            _ => json!({"errcode": 790_017, "errmsg": "bad job_info"}).to_string(),
        })
    })
    .await;
    let client = zone(&stub).client("wwstub", 1, "a", "");
    let request = SyncMsg {
        token: Some("token".to_owned()),
        mode: Some(MsgMode::Adaptive),
        ..SyncMsg::default()
    };
    let synced = client.call(&request).await.unwrap();
    assert!(synced.has_more);
    assert_eq!(synced.next_cursor, "next");
    assert_eq!(synced.page_id_list, ["page"]);
    let record = &synced.msg_list[0];
    assert_eq!(record.receiver_list[1].kind, 2);
    assert_eq!(record.extra_info.unwrap().call_duration, 7);
    assert_eq!(
        record.service_encrypt_info.as_ref().unwrap().public_key_ver,
        1
    );
    assert_eq!(
        stub.invoked()[0].frame.request,
        r#"{"token":"token","mode":2}"#
    );

    let notified = client.call(&SpecNotifyApp::default()).await.unwrap();
    assert_eq!(notified.notify_id, "n1");
    let bases = client.call(&KnowledgeBaseList {}).await.unwrap();
    assert_eq!(bases.kb_info_list[0].kb_name, "FAQ");
    let bodies: Vec<String> = stub
        .invoked()
        .into_iter()
        .map(|one| one.frame.request)
        .collect();
    assert_eq!(bodies, ["{}", "{}"]);

    let result = GetProgramTaskResult {
        jobid: "j".to_owned(),
    };
    assert!(client.call(&result).await.unwrap_err().is_pending());
    let report = client.call(&ProgramAsyncJobCallBack::default()).await;
    assert!(matches!(
        report.unwrap_err(),
        CallError::Api {
            errcode: 790_017,
            ..
        }
    ));
}

const SYNCED: &str = r#"{"errcode":0,"errmsg":"ok","has_more":1,"next_cursor":"next","msg_list":[{
"msgid":"m1","sender":{"type":1,"id":"wo1"},"receiver_list":[{"type":1,"id":"wo2"},{"type":2,"id":"wm1"}],
"chatid":"wr1","send_time":166666666,"msgtype":22,"service_encrypt_info":{"encrypted_secret_key":"k","public_key_ver":1},
"extra_info":{"call_duration":7},"member_of_tomorrow":{}}],"page_id_list":["page"]}"#;

#[tokio::test]
async fn threads_that_may_wait_call_too() {
    let stub = Stub::new().await;
    let client = zone(&stub).client("wwstub", 1, "a", "");
    let threads = [0; 4].map(|_| {
        let client = client.clone();
        tokio::task::spawn_blocking(move || client.invoke_blocking("sync_msg", "{}"))
    });
    for thread in threads {
        assert!(thread.await.unwrap().unwrap().contains("errcode"));
    }
    // The zone may be dropped in here: its thread is not waited for.
    drop(client);
}

#[test]
fn notify_ids_are_short_enough_and_never_the_same() {
    let ids: HashSet<String> = (0..1000).map(|_| generate_notify_id()).collect();
    assert_eq!(ids.len(), 1000);
    assert!(ids.iter().all(|id| (1..=64).contains(&id.len())));
}
