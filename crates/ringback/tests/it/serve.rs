//! `ringback serve`: faces on addresses of their own, TLS, reload, and the stop.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Ended, Place};

/// A running `ringback serve` whose log is read line by line.
struct Serve<'a> {
    place: &'a Place,
    child: Child,
    log: BufReader<ChildStderr>,
    token: String,
    addresses: HashMap<String, String>,
}

impl<'a> Serve<'a> {
    /// Starts with this configuration and returns once `faces` faces listen.
    fn start(place: &'a Place, config: &str, faces: usize) -> Self {
        std::fs::write(place.path("ringback.toml"), config).unwrap();
        let mut command = place.ringback(["serve", "--config", "ringback.toml"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (token, addresses) = (String::new(), HashMap::new());
        let mut serve = Self {
            place,
            child,
            log,
            token,
            addresses,
        };
        while serve.addresses.len() < faces {
            let line = serve.line();
            if let Some((_, token)) = line.split_once("shown this once: ") {
                token.trim().clone_into(&mut serve.token);
            } else if line.contains("\"listening\"") {
                let fields: Value = serde_json::from_str(&line).unwrap();
                let text = |name: &str| fields["fields"][name].as_str().unwrap().to_owned();
                serve.addresses.insert(text("face"), text("address"));
            }
        }
        serve
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "the log ended");
        line
    }

    /// Reads the log up to a line that says this.
    fn until(&mut self, text: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(text) {
                return line;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// `ringback status` at the address of this face; `trusted` is a certificate.
    fn status(&self, scheme: &str, face: &str, trusted: Option<&str>) -> Ended {
        let url = format!("{scheme}://{}", self.addresses[face]);
        let arguments = [
            "status",
            "--format",
            "json",
            "--url",
            &url,
            "--token",
            &self.token,
        ];
        let mut command = self.place.ringback(arguments);
        if let Some(file) = trusted {
            command.env("SSL_CERT_FILE", file);
        }
        Ended::of(command.output().unwrap())
    }
}

impl Drop for Serve<'_> {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SEPARATE: &str = r#"
[listen]
address = "127.0.0.1:0"
management = "127.0.0.1:0"
receive = "127.0.0.1:0"
[store]
directory = "data"
[shutdown]
drain_seconds = 30
[log]
format = "json"
"#;

#[test]
fn each_face_stays_at_its_own_address() {
    let place = Place::new();
    let mut serve = Serve::start(&place, SEPARATE, 3);
    let status = serve.status("http", "management", None);
    assert_eq!(status.status, Some(0), "{}", status.whole());
    for face in ["all", "receive"] {
        let elsewhere = serve.status("http", face, None);
        assert_ne!(elsewhere.status, Some(0), "{face}: {}", elsewhere.whole());
    }

    // Not ready, but still serving while it drains; a second signal ends it at once.
    serve.signal(Signal::TERM);
    serve.until("still serving");
    let draining: Value =
        serde_json::from_str(&serve.status("http", "management", None).held()).unwrap();
    assert_eq!(draining["ready"], false);
    serve.signal(Signal::TERM);
    assert_eq!(serve.child.wait().unwrap().code(), Some(128 + 15));
}

#[test]
fn the_first_token_is_shown_once_and_a_stop_ends_in_order() {
    let place = Place::new();
    let config = SEPARATE.replace("drain_seconds = 30", "drain_seconds = 0");
    let mut serve = Serve::start(&place, &config, 3);
    assert!(serve.token.starts_with("rbk_"), "{}", serve.token);
    let token = serve.token.clone();
    serve.signal(Signal::TERM);
    serve.until("\"stopped\"");
    assert_eq!(serve.child.wait().unwrap().code(), Some(0));

    let mut again = Serve::start(&place, &config, 3);
    assert_eq!(again.token, "");
    again.token = token;
    assert_eq!(again.status("http", "management", None).status, Some(0));
}

#[test]
fn a_reload_replaces_log_level_and_certificate() {
    let place = Place::new();
    let files = |name: &str| {
        for kind in ["pem", "key.pem"] {
            let from = format!("{}/tests/it/tls/{name}.{kind}", env!("CARGO_MANIFEST_DIR"));
            std::fs::copy(from, place.path(&format!("served.{kind}"))).unwrap();
        }
    };
    let trusted = |name: &str| format!("{}/tests/it/tls/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    let config = r#"
[listen]
address = "127.0.0.1:0"
[tls]
enabled = true
certificate_file = "served.pem"
key_file = "served.key.pem"
[store]
directory = "data"
[log]
format = "json"
"#;
    files("first");
    let mut serve = Serve::start(&place, config, 1);
    let (first, second) = (trusted("first"), trusted("second"));
    assert_eq!(serve.status("https", "all", Some(&first)).status, Some(0));
    let plain = serve.status("http", "all", None);
    assert!(
        plain.err.contains("[client.speaks_tls]"),
        "{}",
        plain.whole()
    );
    let url = format!("https://{}", serve.addresses["all"]);
    let trusting = [
        "status",
        "--ca",
        &first,
        "--url",
        &url,
        "--token",
        &serve.token,
    ];
    place.run(trusting).held();
    let http = url.replace("https:", "http:");
    let examined = place.run(["verify", &http, "--as", "feishu", "--local"]);
    assert!(
        examined.out.contains("[tls.spoken]"),
        "{}",
        examined.whole()
    );
    let refused = serve.status("https", "all", Some(&second));
    assert_eq!(refused.status, Some(3), "{}", refused.whole());

    files("second");
    serve.signal(Signal::HUP);
    serve.until("configuration reloaded");
    assert_eq!(serve.status("https", "all", Some(&second)).status, Some(0));

    // A file that is wrong changes nothing.
    let loud = format!("{config}level = \"loud\"");
    std::fs::write(place.path("ringback.toml"), loud).unwrap();
    serve.signal(Signal::HUP);
    let said = serve.until("the old configuration stays");
    assert!(said.contains("config.log_level"), "{said}");
    std::fs::write(place.path("ringback.toml"), "[limits]\nbody_bytes = 1").unwrap();
    serve.signal(Signal::HUP);
    let said = serve.until("the old configuration stays");
    assert!(said.contains("config.range"), "{said}");
    assert_eq!(serve.status("https", "all", Some(&second)).status, Some(0));
}
