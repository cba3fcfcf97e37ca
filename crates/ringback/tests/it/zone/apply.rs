//! `ringback apply` for corps, programs and WeCom apps.

use super::stage::Stage;
use crate::support::{Ended, Place};

const WANTED: &str = r#"
[wecom.corp.ww0123456789abcdef]
name = "Acme"
public_key = "file:public.pem"
public_key_ver = 1

[wecom.program.progEcho]
file = "programs/echo.toml"
host = { kind = "process", command = "/bin/false", environment = { KEY = "env:KEY" } }
deployed = true
log_level = "debug"

[wecom.program.progModel]
name = "Model"
kind = "model"
debug_url = "http://127.0.0.1:8081"

[[wecom.program.progModel.ability]]
id = "summarize"
input = '{"chat":"{chat}"}'
output = '{"summary":""}'

[wecom.app."ww0123456789abcdef/1000002"]
name = "Orders"
corpsecret = "env:ORDERS_SECRET"
kind = "third_party"
install = "test"
programs = ["progEcho", "progModel"]
receiving_program = "progEcho"

[wecom.app."ww0123456789abcdef/1000003"]
programs = ["progEcho"]
enabled = false
submitted = true
"#;

#[test]
fn the_zone_is_brought_to_what_a_file_says() {
    let place = Place::new();
    let stage = Stage::empty(&place);
    std::fs::create_dir(place.path("programs")).unwrap();
    place.write("programs/echo.toml", super::stage::DESCRIPTION);
    let mut told = Vec::new();
    let mut tell = |title: &str, toml: &str, more: &[&str]| {
        place.write("zone.toml", toml);
        let arguments = [&["apply", "zone.toml"], more].concat();
        let mut command = place.ringback(arguments.iter().copied());
        command
            .env("ORDERS_SECRET", "secret-of-orders")
            .env("KEY", "key");
        let ended = Ended::of(command.output().unwrap());
        assert_eq!(ended.status, Some(0), "{}", ended.whole());
        told.push(format!("# {title}\n{}{}\n", ended.out, ended.err));
    };
    tell("dry run", WANTED, &["--dry-run"]);
    assert_eq!(stage.dev.json(["corp", "list"]), serde_json::json!([]));
    tell("apply", WANTED, &[]);
    tell("again", WANTED, &[]);
    let app = "ww0123456789abcdef/1000002";
    let secret = stage.dev.json(["app", "credentials", app])["corpsecret"].clone();
    assert_eq!(secret, "secret-of-orders");

    let changed = WANTED
        .replace("deployed = true", "deployed = false")
        .replace("\"debug\"", "\"info\"")
        .replace("/bin/false", "/bin/true")
        .replace("[\"progEcho\", \"progModel\"]", "[\"progModel\"]")
        .replace(
            "receiving_program = \"progEcho\"",
            "receiving_program = \"\"",
        )
        .replace("install = \"test\"", "install = \"test\"\nenabled = false")
        .replace("{\"summary\":\"\"}", "{\"summary\":\"\",\"lines\":0}")
        .replace("debug_url = \"http://127.0.0.1:8081\"", "debug_url = \"\"")
        .replace("name = \"Acme\"", "name = \"Acme Ltd\"");
    tell("changed", &changed, &[]);
    tell("again", &changed, &[]);
    tell("prune", "", &["--prune"]);
    assert_eq!(stage.dev.json(["program", "list"]), serde_json::json!([]));
    assert_eq!(stage.dev.json(["corp", "list"]), serde_json::json!([]));
    crate::support::settings().bind(|| insta::assert_snapshot!("zone_apply", told.concat()));
}

#[test]
fn what_cannot_be_is_refused_before_anything_changes() {
    let place = Place::new();
    let mut stage = Stage::with_app(&place);
    stage.dev.ask(["program", "apply", "program.toml"]).held();
    let app = "[wecom.app.\"ww0123456789abcdef/1000002\"]\n";
    for toml in [
        "[wecom.corp.ww0123456789abcdef]\npublic_key = \"file:public.pem\"",
        "[wecom.corp.ww0123456789abcdef]\npublic_key = \"file:public.pem\"\npublic_key_ver = 0",
        "[wecom.corp.ww0123456789abcdef]\ntset = true",
        "[wecom.app.orders]",
        "[wecom.app.\"ww0000000000000001/1\"]",
        &format!("{app}kind = \"own\""),
        &format!("{app}corpsecret = \"secret-itself\""),
        &format!("{app}programs = [\"progNobody\"]"),
        &format!("{app}receiving_program = \"progEcho\""),
        &format!("{app}callback_url = \"ftp://127.0.0.1/\""),
        "[wecom.program.progNew]\ndeployed = true",
        "[wecom.program.progNew]\nfile = \"absent.toml\"",
        "[wecom.program.progNew]\nfile = \"program.toml\"",
        "[wecom.program.progEcho]\nfile = \"program.toml\"\nname = \"Other\"",
        "[wecom.program.progEcho]\nfile = \"program.toml\"\ndeployed = true",
        "[wecom.program.progNew]\nname = \"New\"\n[[wecom.program.progNew.ability]]\nid = \"a\"\ninput = '{'\noutput = '{}'",
    ] {
        place.write("wrong.toml", toml);
        stage.tell(&["apply", "wrong.toml", "--dry-run"]);
    }
    // An app that stays keeps what it uses.
    stage.dev.ask(["app", "use", "progEcho"]).held();
    let corp = "[wecom.corp.ww0123456789abcdef]\n";
    place.write("wrong.toml", &format!("{corp}{app}"));
    stage.tell(&["apply", "wrong.toml", "--prune", "--dry-run"]);
    stage.matches("zone_apply_refused");
}
