//! What the disk holds: neither what was said nor the keys to it.

use serde_json::json;

use crate::stage::{MEMBER, NOW, Stage, message};

const SAID: [&str; 3] = [
    "plainly visible words",
    "一段明文内容",
    "quarterly-figures.xlsx",
];

#[tokio::test]
async fn neither_text_nor_secret_key_is_on_the_disk() {
    let stage = Stage::new().await;
    let file = json!({
        "kind": "message", "msgid": "m3", "send_time": NOW - 5, "msgtype": 8,
        "sender": { "type": 1, "id": MEMBER }, "receiver_list": [{ "type": 1, "id": MEMBER }],
        "content": { "name": SAID[2] },
    });
    let messages = [message("m1", 9, SAID[0]), message("m2", 8, SAID[1]), file];
    stage.imported(&messages).await;
    let answer = stage.sync(json!({})).await;
    let keys = answer["msg_list"].as_array().unwrap().iter().map(|item| {
        let key = &item["service_encrypt_info"]["encrypted_secret_key"];
        stage.keys.decrypt(key.as_str().unwrap())
    });
    let hidden: Vec<String> = keys.chain(SAID.map(str::to_owned)).collect();
    assert_eq!(hidden.len(), 6);

    // While the log holds it, and after it was copied into the file.
    assert_found_nowhere(&stage, &hidden);
    let stage = stage.restart().await;
    assert_found_nowhere(&stage, &hidden);
}

fn assert_found_nowhere(stage: &Stage, hidden: &[String]) {
    let (mut files, mut found_id) = (0, false);
    for entry in std::fs::read_dir(stage.directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        files += 1;
        found_id |= holds(&bytes, MEMBER);
        for text in hidden {
            assert!(!holds(&bytes, text), "`{text}` is on the disk");
        }
    }
    assert!(files >= 2 && found_id, "looked into the right files");
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
