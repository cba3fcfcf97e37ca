//! The text of the file: what the rooms' own types say of it, and where something stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ringback_deliver::{EndpointDialect, PolicyChange};
use ringback_feishu::Settings as AppSettings;
use ringback_gateway::{SecretsInput, SettingsChange, SourceDialect};
use serde::Deserialize;

use crate::failure::{Exit, Failure};

/// A file and what stands in it.
#[derive(Debug, Default)]
pub(super) struct Text {
    name: String,
    text: String,
}

impl Text {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::file("read", path, &error).exiting(Exit::Usage))?;
        let name = path.display().to_string();
        Ok(Self { name, text })
    }

    /// The document, in the shape that is asked for.
    pub(super) fn parse<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Failure> {
        toml::from_str(&self.text).map_err(|error| self.malformed(&error))
    }

    /// Refuses members, words and types that the server does not know. The values are not looked at
    /// here.
    pub(super) fn check_members(&self) -> Result<(), Failure> {
        self.parse::<Document>().map(drop)
    }

    /// Names the line and the object, not the text of the line: it may be a secret in a wrong place.
    fn malformed(&self, error: &toml::de::Error) -> Failure {
        let offset = error.span().map_or(0, |span| span.start);
        let before = self.text.get(..offset).unwrap_or_default();
        let line = before.lines().count().max(1) + usize::from(before.ends_with('\n'));
        let upto: Vec<&str> = self.text.lines().take(line).collect();
        let header = upto.into_iter().rev().find_map(header);
        let object = header.map_or_else(String::new, |header| format!(", `{header}`"));
        let message = format!(
            "`{}`, line {line}{object}: {}",
            self.name,
            error.message().trim_end().replace('\n', ", ")
        );
        Failure::usage("apply.malformed", message)
            .with_hint("`ringback apply --help` shows an example")
    }

    /// What is wrong with a member of an object, with the place in the file before it.
    pub(super) fn wrong(&self, object: &str, member: &str, failure: Failure) -> Failure {
        let line = self.line(object, member);
        let line = line.map_or_else(String::new, |line| format!(", line {line}"));
        let place = if member.is_empty() {
            object.to_owned()
        } else {
            format!("{object}.{member}")
        };
        let message = format!("`{}`{line}, `{place}`: {}", self.name, failure.message);
        Failure { message, ..failure }.exiting(Exit::Usage)
    }

    /// The line of a member, or else of its object's table.
    fn line(&self, object: &str, member: &str) -> Option<usize> {
        let lines = || self.text.lines().enumerate();
        let (start, _) = lines().find(|(_, line)| header(line).as_deref() == Some(object))?;
        let members = lines().skip(start + 1);
        let mut members = members.take_while(|(_, line)| header(line).is_none());
        let found = members.find(|(_, line)| !member.is_empty() && is_member(line, member));
        Some(found.map_or(start, |(line, _)| line) + 1)
    }
}

/// `endpoint.billing` of `[endpoint.billing]`, quotes and spaces left out.
fn header(line: &str) -> Option<String> {
    let inner = line.trim().strip_prefix('[')?.split(']').next()?;
    Some(inner.replace(['"', '\'', ' '], ""))
}

fn is_member(line: &str, member: &str) -> bool {
    let rest = line.trim_start().strip_prefix(member);
    rest.is_some_and(|rest| rest.starts_with([' ', '=', '.']))
}

/// The file as the rooms' types have it: what is never read is there to be refused where it is wrong.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    source: BTreeMap<String, Source>,
    endpoint: BTreeMap<String, Endpoint>,
    feishu: Platform,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Platform {
    app: BTreeMap<String, FeishuApp>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Source {
    dialect: Option<SourceDialect>,
    secrets: SecretsInput,
    settings: SettingsChange,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Endpoint {
    url: String,
    dialect: Option<EndpointDialect>,
    sources: Vec<String>,
    types: Vec<String>,
    routed: bool,
    policy: PolicyChange,
    key: String,
    token: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FeishuApp {
    name: String,
    tenant_key: String,
    app_secret: String,
    verification_token: String,
    encrypt_key: String,
    events: BTreeSet<String>,
    callbacks: BTreeSet<String>,
    settings: AppSettings,
    request_url: String,
    callback_url: String,
}
