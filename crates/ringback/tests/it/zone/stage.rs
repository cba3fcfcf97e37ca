//! A platform with one corp, one app and one program, and what was asked of it.

use serde_json::Value;

use crate::support::{Dev, Place, settings};

pub(crate) const CORP: &str = "ww0123456789abcdef";
pub(crate) const APP: &str = "ww0123456789abcdef/1000002";
pub(crate) const PROGRAM: &str = "progEcho";

/// The RSA key that nobody has the other half of.
pub(crate) const PUBLIC_KEY: &str = include_str!("public.pem");

/// What describes the program.
pub(crate) const DESCRIPTION: &str = r#"
program_id = "progEcho"
name = "Echo"
description = "Says again what it is told"

[[ability]]
id = "echo"
name = "Say it again"
input = '{"text":""}'
output = '{"text":""}'

[[ability]]
id = "wrong"
input = '{"text":""}'
output = '{"told":""}'
"#;

/// How often something is asked for that must come soon; each time takes a process.
const PATIENCE: usize = 2_000;

/// A platform, and all that was asked of it with what came of it.
pub(crate) struct Stage<'a> {
    pub(crate) dev: Dev<'a>,
    place: &'a Place,
    told: Vec<String>,
}

impl<'a> Stage<'a> {
    /// One that has nothing: what it is seeded with is pruned.
    pub(crate) fn empty(place: &'a Place) -> Self {
        let dev = Dev::start(place, "real");
        place.write("nothing.toml", "");
        place.write("public.pem", PUBLIC_KEY);
        place.write("program.toml", DESCRIPTION);
        dev.ask(["apply", "nothing.toml", "--prune"]).held();
        Self {
            dev,
            place,
            told: Vec::new(),
        }
    }

    /// One with a corp that has a key, and an app.
    pub(crate) fn with_app(place: &'a Place) -> Self {
        let stage = Self::empty(place);
        let corp = ["corp", "create", "--corpid", CORP, "--name", "Acme"];
        stage.dev.ask(corp).held();
        let key = ["corp", "public-key", "public.pem", "--version", "1"];
        stage.dev.ask(key).held();
        let app = ["app", "create", "--platform", "wecom", "--name", "Orders"];
        stage.dev.ask(app).held();
        stage
    }

    /// Asks, and keeps what came of it.
    pub(crate) fn tell(&mut self, arguments: &[&str]) {
        let ended = self.dev.ask(arguments.iter().copied());
        let status = match ended.status {
            Some(0) => String::new(),
            Some(other) => format!("exit status: {other}\n"),
            None => "a signal\n".to_owned(),
        };
        let line = arguments.join(" ");
        self.told.push(format!(
            "$ ringback {line}\n{}{}{status}\n",
            ended.out, ended.err
        ));
    }

    /// The same in Chinese.
    pub(crate) fn tell_in_chinese(&mut self, arguments: &[&str]) {
        let mut command = self.place.ringback(arguments.iter().copied());
        let ended = command.env("LANG", "zh_CN.UTF-8").output();
        let ended = crate::support::Ended::of(ended.unwrap());
        let line = arguments.join(" ");
        self.told
            .push(format!("$ ringback {line}\n{}{}\n", ended.out, ended.err));
    }

    /// Asks again and again until the rows of the answer are as they are wanted.
    #[track_caller]
    pub(crate) fn until(
        &self,
        arguments: &[&str],
        wanted: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let mut last = Vec::new();
        for _ in 0..PATIENCE {
            last = match self.dev.json(arguments.iter().copied()) {
                Value::Array(rows) => rows,
                row => vec![row],
            };
            if wanted(&last) {
                return last;
            }
        }
        panic!("it stays so: {last:?}");
    }

    /// Compares all that was told with the snapshot of this name.
    #[track_caller]
    pub(crate) fn matches(&self, name: &str) {
        let mut settings = settings();
        for (pattern, hidden) in [
            (r"\b[0-9A-Za-z]{43}\b", "[secret]"),
            (r"\b[0-9A-Za-z]{64}\b", "[job]"),
            (r"\bdbg_[0-9A-Za-z]{16}_[0-9A-Za-z]{32}\b", "[debug token]"),
            (r#""secret":"[^"]+""#, r#""secret":"[secret]""#),
            (r"/\S+/deps/it-[0-9a-f]+", "[this binary]"),
        ] {
            settings.add_filter(pattern, hidden);
        }
        settings.bind(|| insta::assert_snapshot!(name, self.told.concat()));
    }
}
