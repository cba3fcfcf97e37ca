//! What a dry run already refuses: everything that can be known before the server is asked to change.

mod desk;
mod wecom;

use std::collections::BTreeMap;

use ringback_deliver::guard::check_url;
use ringback_deliver::{EndpointDialect, EndpointError, Policy, PolicyChange, TypeFilter};
use ringback_dialect::standard::SigningKey;
use ringback_dialect::wecom::EncodingAesKey;
use ringback_gateway::check_sdk_app_id;
use ringback_types::Secret;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::file::{Members, Wanted};
use super::plan::{Found, Things};
use crate::failure::Failure;

/// Checks every wanted thing, alone and against the others.
pub(super) fn check(wanted: &Wanted, found: &Found, prune: bool) -> Result<(), Failure> {
    let checker = Checker {
        wanted,
        found,
        prune,
    };
    for (name, members) in &wanted.endpoints {
        checker.endpoint(name, members)?;
    }
    for (name, members) in &wanted.sources {
        checker.source(name, members)?;
    }
    for (name, members) in &wanted.apps {
        let object = format!("feishu.app.{name}");
        for member in ["request_url", "callback_url"] {
            checker.url(&object, member, members)?;
        }
    }
    checker.wecom()?;
    checker.desk()
}

struct Checker<'a> {
    wanted: &'a Wanted,
    found: &'a Found,
    prune: bool,
}

impl Checker<'_> {
    fn endpoint(&self, name: &str, members: &Members) -> Result<(), Failure> {
        let object = format!("endpoint.{name}");
        let found = self.found.endpoints.get(name);
        if found.is_none() {
            self.needs(&object, members, &["url", "dialect"])?;
        }
        self.url(&object, "url", members)?;
        let types: Vec<String> = read(members.get("types"));
        let wrong = |member: &str, failure| self.wanted.text.wrong(&object, member, failure);
        TypeFilter::new(types).map_err(|error| wrong("types", error.into()))?;
        let dialect = members.get("dialect").filter(|_| found.is_none());
        of_no_room(dialect).map_err(|error| wrong("dialect", error.into()))?;
        policy(dialect, members, found).map_err(|failure| wrong("policy", failure))?;
        if let (Some("standard"), Some(Value::String(key))) =
            (dialect.and_then(Value::as_str), members.get("key"))
        {
            SigningKey::parse(&Secret::from(key.as_str()))
                .map_err(|error| wrong("key", error.into()))?;
        }
        let sources: Vec<String> = read(members.get("sources"));
        let (there, kept) = (&self.found.sources, &self.wanted.sources);
        sources.iter().try_for_each(|source| {
            self.there("source", source, there, kept)
                .map_err(|failure| wrong("sources", failure))
        })
    }

    fn source(&self, name: &str, members: &Members) -> Result<(), Failure> {
        let object = format!("source.{name}");
        if !self.found.sources.contains_key(name) {
            self.needs(&object, members, &["dialect", "secrets"])?;
            self.secrets(&object, members)?;
        }
        let endpoint = members
            .get("settings")
            .and_then(|it| it.get("call_endpoint"));
        let endpoint = endpoint.and_then(Value::as_str).unwrap_or_default();
        if endpoint.is_empty() {
            return Ok(());
        }
        let (there, kept) = (&self.found.endpoints, &self.wanted.endpoints);
        self.there("endpoint", endpoint, there, kept)
            .map_err(|failure| self.wanted.text.wrong(&object, "settings", failure))
    }

    /// The secrets of a source that is to be made: all that its dialect needs and none besides.
    fn secrets(&self, object: &str, members: &Members) -> Result<(), Failure> {
        let wrong = |failure| Err(self.wanted.text.wrong(object, "secrets", failure));
        let secrets = members.get("secrets").and_then(Value::as_object);
        let there = |name: &str| secrets.is_some_and(|secrets| secrets.contains_key(name));
        let (needed, known) = secrets_of(members.get("dialect"));
        let foreign = secrets.and_then(|it| it.keys().find(|it| !known.contains(&it.as_str())));
        if let Some(foreign) = foreign {
            let message = format!("this dialect has no secret `{foreign}`");
            return wrong(Failure::usage("apply.foreign_secret", message));
        }
        if let Some(needed) = needed.iter().find(|name| !there(name)) {
            return Err(self.missing(object, &format!("secrets.{needed}")));
        }
        let text = |name: &str| secrets.and_then(|secrets| secrets.get(name)?.as_str());
        if let Some(Err(error)) = text("sdk_app_id").map(check_sdk_app_id) {
            return wrong(error.into());
        }
        let key = text("encoding_aes_key");
        match key.map(|key| EncodingAesKey::parse(&Secret::from(key))) {
            Some(Err(error)) => wrong(error.into()),
            _ => Ok(()),
        }
    }

    fn needs(&self, object: &str, members: &Members, names: &[&str]) -> Result<(), Failure> {
        let missing = names.iter().find(|name| !members.contains_key(**name));
        missing.map_or(Ok(()), |name| Err(self.missing(object, name)))
    }

    fn missing(&self, object: &str, member: &str) -> Failure {
        let message = format!("`{member}` is missing");
        let failure = Failure::usage("apply.missing", message)
            .with_hint("`ringback apply --help` shows an example");
        self.wanted.text.wrong(object, "", failure)
    }

    fn url(&self, object: &str, member: &str, members: &Members) -> Result<(), Failure> {
        let Some(url) = members.get(member).and_then(Value::as_str) else {
            return Ok(());
        };
        let checked = check_url(url).map(drop);
        checked.map_err(|error| self.wanted.text.wrong(object, member, error.into()))
    }

    /// Whether what is named is in the file, or on the server and stays there.
    fn there<T>(
        &self,
        kind: &str,
        named: &str,
        there: &Things,
        kept: &BTreeMap<String, T>,
    ) -> Result<(), Failure> {
        if kept.contains_key(named) {
            return Ok(());
        }
        let by_id = |members: &Members| members.get("id").is_some_and(|id| id == named);
        let found = there
            .iter()
            .find(|(name, members)| *name == named || by_id(members));
        match found {
            Some((name, _)) if self.prune && !kept.contains_key(name) => {
                let message =
                    format!("`--prune` would delete the {kind} `{named}`, which this uses");
                Err(Failure::usage("apply.prune_in_use", message)
                    .with_hint("name it in the file too, or leave `--prune` out"))
            }
            Some(_) => Ok(()),
            None => {
                let message = format!("there is no {kind} `{named}`, in the file or on the server");
                Err(Failure::usage("apply.unknown_name", message))
            }
        }
    }
}

/// Refuses a dialect that only a room's own endpoints speak.
fn of_no_room(dialect: Option<&Value>) -> Result<(), EndpointError> {
    match dialect
        .and_then(Value::as_str)
        .and_then(EndpointDialect::parse)
    {
        Some(dialect @ (EndpointDialect::Wecom | EndpointDialect::Zone)) => {
            Err(EndpointError::DialectOfRoom {
                dialect: dialect.as_str(),
            })
        }
        _ => Ok(()),
    }
}

/// What secrets a source of this dialect needs, and what it may have.
fn secrets_of(dialect: Option<&Value>) -> (&'static [&'static str], &'static [&'static str]) {
    const WECOM: &[&str] = &["token", "encoding_aes_key", "receive_id"];
    match dialect.and_then(Value::as_str) {
        Some("desk") => (&["sdk_app_id"], &["sdk_app_id", "token"]),
        Some("standard") => (&["signing_key"], &["signing_key"]),
        Some("wecom") => (WECOM, WECOM),
        _ => (
            &["verification_token"],
            &["verification_token", "encrypt_key"],
        ),
    }
}

/// Checks the policy that would come about: the one there is, or the dialect's, with what is wanted.
fn policy(
    dialect: Option<&Value>,
    members: &Members,
    found: Option<&Members>,
) -> Result<(), Failure> {
    let change: PolicyChange = read(members.get("policy"));
    let current = found.and_then(|found| found.get("policy"));
    let current = current.and_then(|it| serde_json::from_value::<Policy>(it.clone()).ok());
    let dialect = dialect.and_then(|it| serde_json::from_value::<EndpointDialect>(it.clone()).ok());
    let policy = current.unwrap_or_else(|| match dialect {
        Some(EndpointDialect::Desk) => Policy::desk_own(),
        Some(EndpointDialect::Feishu) => Policy::feishu_event(),
        Some(EndpointDialect::Raw) => Policy::raw(),
        _ => Policy::standard(),
    });
    Ok(policy.with(change).check()?)
}

/// A value of a shape that the members of the file have been found to have.
fn read<T: DeserializeOwned + Default>(value: Option<&Value>) -> T {
    let read = value.and_then(|value| serde_json::from_value(value.clone()).ok());
    read.unwrap_or_default()
}
