//! Corps, apps and programs as a person manages them.

use ringback_dialect::wecom::{EncodingAesKey, Receiver, Secrets};
use ringback_dialect::{Incoming, Received};
use ringback_types::Clock;

use super::stage::{APP, CORP, PROGRAM, Stage};
use crate::receiver::{reply, serve};
use crate::support::Place;

const TOKEN: &str = "QDG6eK";
const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

/// A server that passes the check of a data-callback URL.
fn callback_server() -> String {
    let receiver = Receiver::new(Secrets {
        token: TOKEN.into(),
        aes_key: EncodingAesKey::parse(&KEY.into()).unwrap(),
        receive_id: CORP.to_owned(),
    });
    serve(move |request| {
        let incoming = Received {
            method: &request.method,
            path: "/wecom",
            query: request.query.as_deref(),
            headers: &request.headers,
            body: &request.body,
        };
        match receiver.receive(&incoming, Clock::real().wire()) {
            Ok(Incoming::Challenge(answer)) => {
                let text = std::str::from_utf8(&answer.body).unwrap();
                reply("200 OK", "text/plain", text)
            }
            _ => reply("200 OK", "text/plain", ""),
        }
    })
}

#[test]
fn corps_and_apps_are_managed() {
    let place = Place::new();
    let mut stage = Stage::empty(&place);
    stage.tell(&["app", "show", "--platform", "wecom"]);
    stage.tell(&[
        "corp", "create", "--corpid", CORP, "--name", "Acme", "--test",
    ]);
    stage.tell(&["corp", "public-key", "program.toml", "--version", "1"]);
    stage.tell(&["corp", "public-key", "public.pem", "--version", "1"]);
    stage.tell(&["corp", "public-key", "public.pem", "--version", "1"]);
    stage.tell(&["corp", "set", "--test", "false"]);
    stage.tell(&["corp", "set"]);
    place.write(
        "editions.json",
        r#"[{"edition":1,"status":3,"msg_duration_days":30}]"#,
    );
    stage.tell(&["corp", "editions", "editions.json"]);
    stage.tell(&["corp", "list"]);

    stage.tell(&["app", "create", "--corp", CORP]);
    stage.tell(&["app", "create", "--platform", "wecom", "--name", "Orders"]);
    stage.tell(&["app", "set", "--install", "test", "--kind", "third_party"]);
    stage.tell(&["app", "set"]);
    let rotate = ["app", "rotate", APP, "--value", "env:NOT_SET"];
    stage.tell(&rotate);
    stage.tell(&["app", "rotate", APP, "--value", "another secret"]);
    stage.tell(&["app", "rotate", APP, "--value", "another-secret"]);
    stage.tell(&["app", "rotate", APP, "--secret", "encrypt_key"]);
    stage.tell(&["app", "credentials", APP]);
    stage.tell(&["app", "show", "ww0123456789abcdef/x"]);
    stage.tell(&["app", "show", "ww0123456789abcdef/7"]);
    stage.tell(&["corp", "delete", CORP]);

    stage.tell(&["app", "use", PROGRAM]);
    stage.dev.ask(["program", "apply", "program.toml"]).held();
    stage.tell(&["app", "use", PROGRAM]);
    stage.tell(&["app", "receive", APP, PROGRAM]);
    let url = callback_server();
    let save = ["app", "callback-url", &url, "--callback-token", TOKEN];
    stage.tell(&save);
    stage.tell(&[&save[..], &["--encoding-aes-key", KEY]].concat());
    stage.tell(&["app", "list", "--platform", "wecom"]);
    stage.tell(&["app", "submit"]);
    stage.tell(&["program", "delete", PROGRAM]);
    stage.tell(&["app", "receive", "--none"]);
    stage.tell(&["app", "unuse", APP, PROGRAM]);
    stage.tell(&["app", "callback-url", "--clear"]);
    stage.tell(&["app", "delete", APP, "--dry-run"]);
    stage.tell(&["app", "delete", APP]);
    stage.tell(&["corp", "delete", CORP]);
    stage.matches("zone_objects");
}

#[test]
fn what_is_left_out_must_be_clear() {
    let place = Place::new();
    let mut stage = Stage::with_app(&place);
    for name in ["one", "two"] {
        let description =
            format!("name = \"{name}\"\n[[ability]]\nid = \"a\"\ninput = \"0\"\noutput = \"0\"");
        place.write("made.toml", &description);
        let id = format!("prog_{name}");
        stage
            .dev
            .ask(["program", "apply", "made.toml", "--id", &id])
            .held();
    }
    // The file of a name means the program of that name; it is not made twice.
    let again = stage.dev.json(["program", "apply", "made.toml"]);
    assert_eq!(again["program_id"], "prog_two");
    place.write(
        "namesake.toml",
        "name = \"two\"\n[[ability]]\nid = \"a\"\ninput = \"0\"\noutput = \"0\"",
    );
    let namesake = ["program", "apply", "namesake.toml", "--id", "prog_three"];
    stage.dev.ask(namesake).held();
    stage.tell(&["program", "apply", "made.toml"]);
    stage.tell(&["program", "submit"]);
    stage.dev.ask(["corp", "create", "--name", "Other"]).held();
    stage.tell(&["archive", "generate"]);
    stage
        .dev
        .ask(["app", "create", "--platform", "wecom", "--corp", CORP])
        .held();
    stage.tell(&["app", "credentials", "--platform", "wecom"]);
    stage.tell(&["trigger", "zone", "hit_keyword"]);
    stage.tell_in_chinese(&["app", "use", "prog_one"]);
    stage.tell_in_chinese(&["trigger", "zone", "hit_keyword"]);
    stage.matches("zone_which");
}

#[test]
fn a_description_is_refused_where_it_is_wrong() {
    let place = Place::new();
    let mut stage = Stage::empty(&place);
    let ability = "[[ability]]\nid = \"a\"\ninput = '{}'\noutput = '{}'\n";
    for (name, toml) in [
        (
            "unknown.toml",
            format!("name = \"x\"\n{ability}strikt = true\n"),
        ),
        (
            "protocol.toml",
            format!(
                "name = \"x\"\n{ability}\n[[ability]]\nid = \"b\"\ninput = '''\n{{\"a\":1,\n\"b\"}}'''\noutput = '{{}}'\n"
            ),
        ),
        (
            "duplicate.toml",
            format!(
                "name = \"x\"\n{}",
                ability.replace("output = '{}'", "output = '{\"a\":1,\"a\":2}'")
            ),
        ),
        ("twice.toml", format!("name = \"x\"\n{ability}{ability}")),
        (
            "environment.toml",
            format!(
                "name = \"x\"\nhost.kind = \"process\"\nhost.command = \"/bin/true\"\nhost.environment.KEY = \"env:NOT_SET\"\n{ability}"
            ),
        ),
        (
            "host.toml",
            format!("name = \"x\"\nhost.kind = \"elsewhere\"\n{ability}"),
        ),
        (
            "relative.toml",
            format!("name = \"x\"\nhost.kind = \"process\"\nhost.command = \"true\"\n{ability}"),
        ),
        ("none.toml", "name = \"x\"\n".to_owned()),
    ] {
        place.write(name, &toml);
        stage.tell(&["program", "apply", name]);
    }
    stage.tell(&["program", "apply", "absent.toml"]);
    stage.tell_in_chinese(&["program", "apply", "protocol.toml"]);
    assert_eq!(stage.dev.json(["program", "list"]), serde_json::json!([]));
    stage.matches("zone_description_refused");
}
