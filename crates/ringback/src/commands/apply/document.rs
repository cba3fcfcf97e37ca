//! The file as the rooms' own types have it: what is never read is there to be refused where it is wrong.

use std::collections::{BTreeMap, BTreeSet};

use ringback_deliver::{EndpointDialect, PolicyChange};
use ringback_feishu::Settings as AppSettings;
use ringback_gateway::{SecretsInput, SettingsChange, SourceDialect};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Document {
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
