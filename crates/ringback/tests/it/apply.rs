//! `ringback apply`: the difference is shown, made, and then there is none.

use crate::receiver::{self, Known, serve};
use crate::support::{Dev, Place, settings};

const KNOWN: Known = Known {
    key: "ringback-dev-encrypt-key-0000000",
    token: "ringbackdevverificationtoken0000",
};

fn wanted(url: &str) -> String {
    format!(
        r#"
[endpoint.billing]
url = "http://127.0.0.1:9/hooks"
dialect = "standard"
sources = ["orders"]
types = ["im.message.*", "contact.*"]
policy.ladder_ms = [1000, 5000]

[endpoint.cards]
url = "http://127.0.0.1:9/cards"
dialect = "raw"
routed = false

[source.orders]
dialect = "feishu"
secrets.verification_token = "env:ORDERS_TOKEN"
secrets.encrypt_key = "file:orders.key"
settings.call_endpoint = "cards"
settings.tolerance_seconds = 600

[source.wecom]
dialect = "wecom"
secrets.token = "env:ORDERS_TOKEN"
secrets.encoding_aes_key = "file:wecom.key"
secrets.receive_id = "wx5823bf96d3bd56c7"
settings.acknowledgement = "success"

[source.desk]
dialect = "desk"
secrets.sdk_app_id = "1400000000"
secrets.token = "env:ORDERS_TOKEN"
settings.call_endpoint = "orders-bot"
settings.strict = true

[endpoint.orders-bot]
url = "http://127.0.0.1:9/desk"
dialect = "desk"
routed = false
token = "env:ORDERS_TOKEN"

[feishu.app.cli_a1b2c3d4e5f60718]
name = "Orders"
events = ["im.message.receive_v1"]
settings.event.deadline_ms = 2500
request_url = "{url}"

[feishu.app.cli_0000000000000001]
verification_token = "env:ORDERS_TOKEN"
"#
    )
}

#[test]
fn the_difference_is_shown_and_made() {
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    std::fs::write(place.path("orders.key"), "key of orders\n").unwrap();
    let key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C\n";
    std::fs::write(place.path("wecom.key"), key).unwrap();
    let file = place.path("ringback.toml");
    std::fs::write(&file, wanted(&serve(receiver::right(KNOWN)))).unwrap();
    let apply = |more: &[&str]| {
        let arguments = ["apply", "ringback.toml"]
            .into_iter()
            .chain(more.iter().copied());
        let output = place
            .ringback(arguments)
            .env("ORDERS_TOKEN", "token of orders")
            .output();
        crate::support::Ended::of(output.unwrap())
    };

    let mut told = Vec::new();
    let mut tell = |title: &str, ended: crate::support::Ended| {
        assert_eq!(ended.status, Some(0), "{}", ended.whole());
        told.push(format!("# {title}\n{}{}\n", ended.out, ended.err));
    };
    tell("dry run", apply(&["--dry-run"]));
    assert_eq!(
        dev.json(["endpoint", "show", "feishu.cli_a1b2c3d4e5f60718.events"])["routed"],
        true
    );
    tell("apply", apply(&[]));
    let billing = dev.json(["endpoint", "show", "billing"]);
    assert_eq!(
        (&billing["sources"][0], &billing["routed"]),
        (&"orders".into(), &true.into())
    );
    tell("again", apply(&[]));

    let changed = std::fs::read_to_string(&file).unwrap();
    let changed = changed
        .replace("[1000, 5000]", "[1000]")
        .replace("600", "300");
    let without_cards = changed.replace("settings.call_endpoint = \"cards\"\n", "");
    std::fs::write(&file, without_cards.replace("2500", "2000")).unwrap();
    tell("changed", apply(&[]));
    assert_eq!(
        dev.json(["source", "show", "orders"])["settings"]["tolerance_seconds"],
        300
    );

    std::fs::write(&file, "").unwrap();
    tell("prune, dry run", apply(&["--prune", "--dry-run"]));
    tell("prune", apply(&["--prune"]));
    assert_eq!(dev.json(["app", "list"]), serde_json::json!([]));
    let mut settings = settings();
    settings.add_filter(r"whsec_\S+", "whsec_[key]");
    settings.bind(|| insta::assert_snapshot!("apply", told.concat()));
}

#[test]
fn what_cannot_be_applied_is_refused_before_anything_changes() {
    let place = Place::new();
    let dev = Dev::start(&place, "virtual");
    dev.ask([
        "source",
        "create",
        "orders",
        "--dialect",
        "feishu",
        "--verification-token",
        "t",
    ])
    .held();
    let mut told = Vec::new();
    for toml in [
        "[endpoint.a]\nurl = \"http://127.0.0.1:9/\"\ndialect = \"standard\"\nkey = \"whsec_literal\"",
        "[source.a]\ndialect = \"feishu\"\nsecrets.verification_token = \"env:NOT_SET\"",
        "[source.orders]\ndialect = \"standard\"",
        "[sources.a]\ndialect = \"feishu\"",
        "[endpoint.a]\nurl = \"http://127.0.0.1:9/\"\ndialect = \"loud\"",
        "[endpoint.a]\nurl = \"http://127.0.0.1:9/\"\n\ndialect = \"raw\"\npolicy.deadline = 3",
        "[endpoint.a]\nurl = \"http://127.0.0.1:9/\"\ndialect = \"raw\"\npolicy.deadline_ms = 0",
        "[endpoint.a]\ndialect = \"raw\"\nurl = \"nowhere\"",
        "[endpoint.a]\ndialect = \"raw\"",
        "[endpoint.a]\nurl = \"http://127.0.0.1:9/\"\ndialect = \"raw\"\nsources = [\"ordres\"]",
        "[source.a]\ndialect = \"feishu\"\nsecrets.signing_key = \"file:wrong.toml\"",
        "[source.a]\ndialect = \"wecom\"\nsecrets.token = \"file:wrong.toml\"\nsecrets.receive_id = \"\"",
        "[source.a]\ndialect = \"wecom\"\nsecrets.token = \"t\"",
        "[source.a]\ndialect = \"wecom\"\nsecrets.token = \"file:wrong.toml\"\nsecrets.encoding_aes_key = \"file:wrong.toml\"\nsecrets.receive_id = \"\"",
        "[source.a]\ndialect = \"desk\"\nsecrets.token = \"file:wrong.toml\"",
        "[source.a]\ndialect = \"desk\"\nsecrets.sdk_app_id = \"app\"",
        "[endpoint.a]\nurl = \"http://127.0.0.1:9/\"\ndialect = \"wecom\"",
        "[feishu.app.cli_0000000000000001]\nrequest_url = \"ftp://127.0.0.1/\"",
    ] {
        std::fs::write(place.path("wrong.toml"), toml).unwrap();
        let ended = dev.ask(["apply", "wrong.toml", "--dry-run"]);
        told.push(format!(
            "# {}\n{}\n",
            toml.replace('\n', " "),
            ended.whole()
        ));
    }
    // A source that an endpoint of the same file uses is not pruned; nothing is made halfway in silence.
    let endpoint = "[endpoint.a]\nurl = \"http://127.0.0.1:9/\"\ndialect = \"raw\"";
    let uses = format!("{endpoint}\nsources = [\"orders\"]");
    std::fs::write(place.path("wrong.toml"), uses).unwrap();
    let pruned = dev.ask(["apply", "wrong.toml", "--prune"]);
    told.push(format!("# --prune\n{}\n", pruned.whole()));
    let app = "[feishu.app.cli_a1b2c3d4e5f60718]\nrequest_url = \"http://127.0.0.1:9/\"";
    let later = "[feishu.app.cli_a1b2c3d4e5f60719]\nname = \"Later\"";
    std::fs::write(place.path("wrong.toml"), [endpoint, app, later].join("\n")).unwrap();
    let halfway = dev.ask(["apply", "wrong.toml"]);
    told.push(format!("# halfway\n{}\n", halfway.whole()));
    settings().bind(|| insta::assert_snapshot!("apply_refused", told.concat()));
}
