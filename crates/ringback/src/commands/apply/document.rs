//! The file as the rooms' own types have it: what is never read is there to be refused where it is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use ringback_deliver::{EndpointDialect, PolicyChange};
use ringback_desk::{Settings as DeskSettings, UrlUse};
use ringback_feishu::Settings as AppSettings;
use ringback_gateway::{SecretsInput, SettingsChange, SourceDialect};
use ringback_zone::{AppKind, Host, Install, LogLevel, ProgramKind, Settings};
use serde::Deserialize;

use crate::commands::program::file::WrittenAbility;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Document {
    source: BTreeMap<String, Source>,
    endpoint: BTreeMap<String, Endpoint>,
    feishu: Feishu,
    pub(super) wecom: Wecom,
    pub(super) desk: Desk,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Feishu {
    app: BTreeMap<String, FeishuApp>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wecom {
    corp: BTreeMap<String, Corp>,
    app: BTreeMap<String, WecomApp>,
    pub(super) program: BTreeMap<String, Program>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Desk {
    app: BTreeMap<String, DeskApp>,
    pub(super) flow: BTreeMap<String, DeskFlow>,
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

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Corp {
    name: String,
    test: bool,
    public_key: String,
    public_key_ver: i64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WecomApp {
    name: String,
    kind: AppKind,
    install: Install,
    zone_permission: bool,
    enabled: bool,
    corpsecret: String,
    programs: BTreeSet<String>,
    receiving_program: String,
    callback_url: String,
    callback_token: String,
    encoding_aes_key: String,
    submitted: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DeskApp {
    name: String,
    token: String,
    model_key: String,
    urls: BTreeMap<UrlUse, String>,
    settings: DeskSettings,
}

/// A flow: the document that describes it, and whether users meet it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DeskFlow {
    pub(super) file: Option<PathBuf>,
    pub(super) published: Option<bool>,
}

/// A program: what describes it, here or in a file of its own, and how it is to be.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Program {
    pub(super) file: Option<PathBuf>,
    pub(super) deployed: Option<bool>,
    pub(super) log_level: Option<LogLevel>,
    pub(super) debug_url: Option<String>,
    pub(super) name: Option<String>,
    pub(super) kind: ProgramKind,
    pub(super) description: String,
    pub(super) host: Option<Host>,
    pub(super) settings: Option<Settings>,
    #[serde(rename = "ability")]
    pub(super) abilities: Vec<WrittenAbility>,
}
