//! Corps, programs and WeCom apps, in an order in which each finds what it needs: an app its corp and
//! its programs, and a program that is deployed may be used by any app.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Found, Step, as_kept, program};
use crate::client;
use crate::commands::apply::difference::{changed, describe, differing};
use crate::commands::apply::file::{Members, Wanted};
use crate::commands::apply::step::Kind;
use crate::commands::wecom::AppName;
use crate::failure::Failure;

pub(super) fn steps(wanted: &Wanted, found: &Found) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    for (corpid, members) in &wanted.corps {
        steps.extend(corp(corpid, members, found.corps.get(corpid))?);
    }
    for (id, program) in &wanted.programs {
        steps.extend(program::steps(id, program, found.programs.get(id))?);
    }
    for (name, members) in &wanted.wecom_apps {
        let app = App {
            name,
            wanted: members,
            found: found.wecom_apps.get(name),
        };
        steps.extend(app.steps()?);
    }
    Ok(steps)
}

/// The members of these names that a thing is wanted with.
fn chosen(members: &Members, names: &[&str]) -> Members {
    let chosen = members.iter();
    let chosen = chosen.filter(|(name, _)| names.contains(&name.as_str()));
    chosen
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn corp(corpid: &str, wanted: &Members, found: Option<&Members>) -> Result<Vec<Step>, Failure> {
    let mut members = chosen(wanted, &["name", "test"]);
    let mut difference = Vec::new();
    let first = match found {
        None => {
            describe("", &members, &mut difference);
            members.insert("corpid".to_owned(), corpid.into());
            let body = Value::Object(members);
            Some(Step::create(Kind::Corp, corpid, difference, body))
        }
        Some(found) => {
            let body = differing("", &members, found, &mut difference);
            (!body.is_empty())
                .then(|| Step::change(Kind::Corp, corpid, difference, Value::Object(body)))
        }
    };
    Ok(first
        .into_iter()
        .chain(public_key(corpid, wanted, found)?)
        .collect())
}

/// The server shows the version of a key, not the key.
fn public_key(
    corpid: &str,
    wanted: &Members,
    found: Option<&Members>,
) -> Result<Option<Step>, Failure> {
    let Some(version) = wanted.get("public_key_ver") else {
        return Ok(None);
    };
    let current = found.and_then(|found| found.get("public_key_ver"));
    let current = current.filter(|current| !current.is_null());
    if current == Some(version) {
        return Ok(None);
    }
    if current.and_then(Value::as_i64) > version.as_i64() {
        let message = format!("the corp `{corpid}` has a public key of a greater version already");
        return Err(Failure::usage("apply.cannot_change", message)
            .with_hint("give the new key a greater version"));
    }
    let difference = vec![changed("public_key_ver", current, version)];
    let body = json!({ "public_key": wanted.get("public_key"), "public_key_ver": version });
    let (put, below) = (Method::PUT, "/public-key");
    let step = Step::below(put, Kind::Corp, corpid, below, difference, Some(body));
    Ok(Some(step))
}

/// A WeCom app as it is wanted and as it is.
struct App<'a> {
    name: &'a str,
    wanted: &'a Members,
    found: Option<&'a Members>,
}

impl App<'_> {
    fn steps(&self) -> Result<Vec<Step>, Failure> {
        let mut steps = match self.found {
            None => self.create()?,
            Some(found) => self.change(found),
        };
        steps.extend(self.programs());
        steps.extend(self.callback());
        steps.extend(self.receiving());
        steps.extend(self.submission()?);
        Ok(steps)
    }

    fn found(&self, member: &str) -> Option<&Value> {
        let found = self.found.and_then(|found| found.get(member));
        found.filter(|value| !value.is_null())
    }

    /// An app is made switched on.
    fn create(&self) -> Result<Vec<Step>, Failure> {
        let members = ["name", "kind", "install", "zone_permission"];
        let mut body = chosen(self.wanted, &members);
        let mut difference = Vec::new();
        describe("", &body, &mut difference);
        if let Some(secret) = self.wanted.get("corpsecret") {
            difference.push("corpsecret: (secret)".to_owned());
            body.insert("secret".to_owned(), secret.clone());
        }
        body.extend(AppName::parse(self.name)?.members());
        let body = Value::Object(body);
        let mut steps = vec![Step::create(Kind::WecomApp, self.name, difference, body)];
        if self.wanted.get("enabled") == Some(&Value::Bool(false)) {
            let difference = vec!["enabled: true → false".to_owned()];
            let body = json!({ "enabled": false });
            steps.push(Step::change(Kind::WecomApp, self.name, difference, body));
        }
        Ok(steps)
    }

    fn change(&self, found: &Members) -> Vec<Step> {
        let members = ["name", "kind", "install", "zone_permission", "enabled"];
        let mut difference = Vec::new();
        let wanted = chosen(self.wanted, &members);
        let body = differing("", &wanted, found, &mut difference);
        if body.is_empty() {
            return Vec::new();
        }
        let body = Value::Object(body);
        vec![Step::change(Kind::WecomApp, self.name, difference, body)]
    }

    /// A request below the app's path.
    fn below(&self, method: Method, below: &str, line: String, body: Option<Value>) -> Step {
        Step::below(method, Kind::WecomApp, self.name, below, vec![line], body)
    }

    /// Programs that it may use from now on, and those that it may use no longer.
    fn programs(&self) -> Vec<Step> {
        let Some(Value::Array(wanted)) = self.wanted.get("programs") else {
            return Vec::new();
        };
        let found = self.found("programs").and_then(Value::as_array);
        let found: Vec<&Value> = found
            .into_iter()
            .flatten()
            .filter_map(|association| association.get("program_id"))
            .collect();
        let step = |method: Method, sign: &str, program: &Value| {
            let id = program.as_str().unwrap_or_default();
            let below = format!("/programs/{}", client::encode(id));
            self.below(method, &below, format!("programs: {sign} {id}"), None)
        };
        let gone = found.iter().filter(|program| !wanted.contains(program));
        let new = wanted.iter().filter(|program| !found.contains(program));
        gone.map(|program| step(Method::DELETE, "-", program))
            .chain(new.map(|program| step(Method::PUT, "+", program)))
            .collect()
    }

    /// Its secrets go with the URL: they cannot be compared.
    fn callback(&self) -> Option<Step> {
        let url = as_kept(self.wanted.get("callback_url")?.clone());
        let current = self.found("callback_url");
        if current == Some(&url) {
            return None;
        }
        let difference = vec![changed("callback_url", current, &url)];
        let mut body = Map::from_iter([("url".to_owned(), url)]);
        let secrets = [
            ("callback_token", "token"),
            ("encoding_aes_key", "encoding_aes_key"),
        ];
        for (written, sent) in secrets {
            let secret = self.wanted.get(written);
            body.extend(secret.map(|secret| (sent.to_owned(), secret.clone())));
        }
        Some(Step::save_url(
            Kind::WecomApp,
            self.name,
            "/callback-url",
            difference,
            Value::Object(body),
        ))
    }

    /// An empty text: no program receives its events.
    fn receiving(&self) -> Option<Step> {
        let wanted = self.wanted.get("receiving_program")?;
        let program = Some(wanted).filter(|wanted| **wanted != "");
        let current = self.found("receiving_program");
        if current == program {
            return None;
        }
        let line = changed(
            "receiving_program",
            current,
            program.unwrap_or(&Value::Null),
        );
        let body = json!({ "program_id": program });
        Some(self.below(Method::PUT, "/receiving-program", line, Some(body)))
    }

    fn submission(&self) -> Result<Option<Step>, Failure> {
        let submitted = self
            .found("state")
            .is_some_and(|state| state == "submitted");
        match self.wanted.get("submitted").and_then(Value::as_bool) {
            Some(true) if !submitted => {
                let line = changed("state", self.found("state"), &"submitted".into());
                let body = Some(json!({}));
                Ok(Some(self.below(Method::POST, "/submit", line, body)))
            }
            Some(false) if submitted => {
                Err(super::fixed_member(Kind::WecomApp, self.name, "submitted"))
            }
            _ => Ok(None),
        }
    }
}
