//! `program.toml`: what the program really answers fits its protocols.

use std::collections::HashMap;

use ringback_dialect::zone::{Mismatch, Protocol};
use serde::Deserialize;

const PROGRAM: &str = include_str!("../../program.toml");

#[derive(Deserialize)]
struct Described {
    ability: Vec<Ability>,
}

#[derive(Deserialize)]
struct Ability {
    id: String,
    input: String,
    output: String,
}

fn abilities() -> HashMap<String, (Protocol, Protocol)> {
    let described: Described = toml::from_str(PROGRAM).unwrap();
    let parse = |sample: &str| Protocol::parse(sample, false).unwrap();
    let pairs = described.ability.into_iter();
    pairs
        .map(|one| (one.id, (parse(&one.input), parse(&one.output))))
        .collect()
}

const SEED: [(&str, &str, &str); 4] = [
    (
        "invoke_sync_msg",
        include_str!("../../protocols/seed/invoke_sync_msg.input.json"),
        include_str!("../../protocols/seed/invoke_sync_msg.output.json"),
    ),
    (
        "get_callback_data",
        include_str!("../../protocols/seed/get_callback_data.input.json"),
        include_str!("../../protocols/seed/get_callback_data.output.json"),
    ),
    (
        "python_sync_msg",
        include_str!("../../protocols/seed/python_sync_msg.input.json"),
        include_str!("../../protocols/seed/python_sync_msg.output.json"),
    ),
    (
        "python_do_async_job",
        include_str!("../../protocols/seed/python_do_async_job.input.json"),
        include_str!("../../protocols/seed/python_do_async_job.output.json"),
    ),
];

#[test]
fn the_seed_protocols_are_part_of_ours() {
    let abilities = abilities();
    for (id, input, output) in SEED {
        let (ours_in, ours_out) = &abilities[id];
        ours_in.check(input.as_bytes()).unwrap();
        ours_out.check(output.as_bytes()).unwrap();
    }
}

/// What the platform documents but its own sample does not register.
#[test]
fn the_seed_protocols_refuse_what_the_platform_really_sends() {
    let abilities = abilities();
    let learned = r#"{"event_type":"knowledge_base_learn_done","timestamp":1,"knowledge_base_learn_done":{"knowledge_base_id":"k","knowledge_base_name":"n","doc_id":1,"learn_status":0}}"#;
    let cases = [
        (
            "invoke_sync_msg",
            "$.page_id_list",
            r#"{"errcode":0,"page_id_list":["p1","p2"]}"#,
        ),
        (
            "invoke_sync_msg",
            "$.msg_list[0].extra_info",
            r#"{"msg_list":[{"msgid":"m","extra_info":{"call_duration":3}}]}"#,
        ),
        ("get_callback_data", "$.knowledge_base_learn_done", learned),
        (
            "get_callback_data",
            "$.unauth_knowledge_base",
            r#"{"unauth_knowledge_base":{"knowledge_base_id":"k"}}"#,
        ),
        (
            "python_do_async_job",
            "$.knowledge_base_learn_done",
            learned,
        ),
    ];
    for (id, path, answer) in cases {
        let (_, output) = &abilities[id];
        output.check(answer.as_bytes()).unwrap();
        let (_, _, seed) = SEED.iter().find(|(seed, ..)| *seed == id).unwrap();
        let refused = Protocol::parse(seed, false)
            .unwrap()
            .check(answer.as_bytes());
        let Err(Mismatch::UnknownKey { path: at }) = refused else {
            panic!("{id}: {refused:?}");
        };
        assert_eq!(at, path);
    }
    let (input, _) = &abilities["invoke_sync_msg"];
    let wish = br#"{"mode":2,"begin_time":1700000000}"#;
    input.check(wish).unwrap();
    let (_, seed, _) = SEED[0];
    assert!(Protocol::parse(seed, false).unwrap().check(wish).is_err());
}

#[test]
fn only_what_takes_anything_is_open() {
    for (id, (input, output)) in abilities() {
        assert!(
            output.warnings().is_empty(),
            "{id}: {:?}",
            output.warnings()
        );
        // An empty sample object takes anything; so the platform's own sample has it.
        let open = [
            "get_callback_data",
            "python_do_async_job",
            "invoke_knowledge_base_list",
        ];
        assert_eq!(
            !input.warnings().is_empty(),
            open.contains(&id.as_str()),
            "{id}"
        );
    }
}
