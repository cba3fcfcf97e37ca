//! The file that `ringback apply` reads.

mod desk;

use std::collections::BTreeMap;
use std::path::Path;

use ringback_zone::ProgramInput;
use serde::Deserialize;
use serde_json::{Map, Value};

pub(super) use self::desk::{WantedFlow, parts};
use super::document;
use crate::commands::program::file::Written;
use crate::commands::toml_file::{TomlFile, Words};
use crate::commands::{program, secret};
use crate::failure::Failure;

/// What stands under `ringback apply --help`.
pub(super) const EXAMPLE: &str = "\
Secrets are never written into the file, but named: `env:NAME` or `file:PATH`. What the server
already has is compared without secrets; a source, endpoint or app gets its secrets when it is
made. A program stands in a file of its own, found from the directory of this one, or here with
the same members; a flow always in its own. What is left out stays as it is, but the description
of a program and the document of a flow count whole.

Example:
  [endpoint.billing]
  url = \"https://billing.example.com/hooks\"
  dialect = \"standard\"
  types = [\"im.message.*\"]
  key = \"env:BILLING_KEY\"

  [source.feishu-prod]
  dialect = \"feishu\"
  secrets.verification_token = \"env:FEISHU_TOKEN\"
  secrets.encrypt_key = \"file:/run/secrets/feishu-encrypt-key\"
  settings.tolerance_seconds = 300

  [source.wecom-prod]
  dialect = \"wecom\"
  secrets.token = \"env:WECOM_TOKEN\"
  secrets.encoding_aes_key = \"env:WECOM_AES_KEY\"
  secrets.receive_id = \"ww1234567890abcdef\"

  [source.desk-prod]
  dialect = \"desk\"
  secrets.sdk_app_id = \"1400000000\"
  secrets.token = \"env:DESK_TOKEN\"

  [feishu.app.cli_a1b2c3d4e5f60718]
  name = \"Orders\"
  app_secret = \"env:FEISHU_APP_SECRET\"
  events = [\"im.message.receive_v1\"]
  request_url = \"http://127.0.0.1:3000/feishu\"

  [wecom.corp.ww0123456789abcdef]
  test = true
  public_key = \"file:public.pem\"
  public_key_ver = 1

  [wecom.program.progOrders]
  file = \"orders/program.toml\"
  host = { kind = \"url\", urls = [\"http://127.0.0.1:8080/\"] }
  deployed = true

  [wecom.app.\"ww0123456789abcdef/1000002\"]
  corpsecret = \"env:ORDERS_SECRET\"
  programs = [\"progOrders\"]
  receiving_program = \"progOrders\"
  callback_url = \"http://127.0.0.1:3000/wecom\"
  callback_token = \"env:ORDERS_TOKEN\"
  encoding_aes_key = \"env:ORDERS_AES_KEY\"

  [desk.app.1400000000]
  token = \"env:DESK_TOKEN\"
  urls.flow-events = \"http://127.0.0.1:8090/notifications\"
  settings.language = \"en\"

  [desk.flow.\"1400000000/order-status\"]
  file = \"order-status.flow.json\"
  published = true";

const WORDS: Words = Words {
    code: "apply.malformed",
    hint: "`ringback apply --help` shows an example",
};

/// One wanted thing: its members as the management API takes them.
pub(super) type Members = Map<String, Value>;

/// What a file wants, by name.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) text: TomlFile,
    pub(super) sources: BTreeMap<String, Members>,
    pub(super) endpoints: BTreeMap<String, Members>,
    pub(super) apps: BTreeMap<String, Members>,
    pub(super) corps: BTreeMap<String, Members>,
    pub(super) programs: BTreeMap<String, WantedProgram>,
    pub(super) wecom_apps: BTreeMap<String, Members>,
    pub(super) desk_apps: BTreeMap<String, Members>,
    /// By `SDKAPPID/NAME`.
    pub(super) flows: BTreeMap<String, WantedFlow>,
}

/// A wanted program.
#[derive(Debug)]
pub(super) struct WantedProgram {
    pub(super) input: ProgramInput,
    pub(super) deployed: Option<bool>,
    pub(super) log_level: Option<Value>,
    /// Empty: none.
    pub(super) debug_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    source: BTreeMap<String, Members>,
    #[serde(default)]
    endpoint: BTreeMap<String, Members>,
    #[serde(default)]
    feishu: Feishu,
    #[serde(default)]
    wecom: Wecom,
    #[serde(default)]
    desk: Desk,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Feishu {
    #[serde(default)]
    app: BTreeMap<String, Members>,
}

/// Its programs are read by their types alone.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wecom {
    corp: BTreeMap<String, Members>,
    app: BTreeMap<String, Members>,
}

/// Its flows are read by their types alone.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Desk {
    app: BTreeMap<String, Members>,
}

/// Members that hold a secret and must be references.
pub(super) const SECRETS: [&str; 10] = [
    "app_secret",
    "encoding_aes_key",
    "encrypt_key",
    "verification_token",
    "signing_key",
    "key",
    "token",
    "corpsecret",
    "callback_token",
    "model_key",
];

impl Wanted {
    /// Reads a file and the secrets that it names.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = TomlFile::read(path, WORDS)?;
        let document: Document = text.parse()?;
        // Refuses members, words and types that the server does not know.
        let typed: document::Document = text.parse()?;
        let programs = typed.wecom.program.into_iter();
        let programs = programs.map(|(id, program)| described(&text, id, program));
        let flows = typed.desk.flow.into_iter();
        let flows = flows.map(|flow| desk::read(&text, flow));
        Ok(Self {
            programs: programs.collect::<Result<_, _>>()?,
            corps: resolved("wecom.corp", document.wecom.corp)?,
            wecom_apps: resolved("wecom.app", document.wecom.app)?,
            flows: flows.collect::<Result<_, _>>()?,
            desk_apps: resolved("desk.app", document.desk.app)?,
            text,
            sources: resolved("source", document.source)?,
            endpoints: resolved("endpoint", document.endpoint)?,
            apps: resolved("feishu.app", document.feishu.app)?,
        })
    }
}

/// A program with its description, from its own file or from here.
fn described(
    text: &TomlFile,
    id: String,
    program: document::Program,
) -> Result<(String, WantedProgram), Failure> {
    let (deployed, debug_url) = (program.deployed, program.debug_url.clone());
    let log_level = program.log_level.map(|level| level.as_str().into());
    let mut input = match program.file.clone() {
        Some(file) => in_its_file(text, &id, &file, program)?,
        None => here(text, &id, program)?,
    };
    input.program_id = Some(id.clone());
    let wanted = WantedProgram {
        input,
        deployed,
        log_level,
        debug_url,
    };
    Ok((id, wanted))
}

/// Only where it runs may be said here besides.
fn in_its_file(
    text: &TomlFile,
    id: &str,
    file: &Path,
    program: document::Program,
) -> Result<ProgramInput, Failure> {
    let object = format!("wecom.program.{id}");
    let mut input = program::file::read(&text.beside(file))?;
    let refuse = |problem: &str| {
        let failure = Failure::usage("apply.program_file", problem);
        Err(text.wrong(&object, "file", failure))
    };
    if input.program_id.as_ref().is_some_and(|own| own != id) {
        return refuse("the file describes a program of another id");
    }
    let here = (&program.name, &program.settings, &program.description);
    if here != (&None, &None, &String::new()) || !program.abilities.is_empty() {
        return refuse("the program is described both here and in its file");
    }
    if let Some(mut host) = program.host {
        program::file::resolve(text, &format!("{object}."), &mut host)?;
        input.host = Some(host);
    }
    Ok(input)
}

fn here(text: &TomlFile, id: &str, program: document::Program) -> Result<ProgramInput, Failure> {
    let object = format!("wecom.program.{id}");
    let Some(name) = program.name else {
        let failure =
            Failure::usage("apply.missing", "`file` or `name` is missing").with_hint(WORDS.hint);
        return Err(text.wrong(&object, "", failure));
    };
    let written = Written {
        program_id: None,
        name,
        kind: program.kind,
        description: program.description,
        host: program.host,
        settings: program.settings.unwrap_or_default(),
        abilities: program.abilities,
    };
    written.checked(text, &format!("{object}."))
}

fn resolved(
    table: &str,
    things: BTreeMap<String, Members>,
) -> Result<BTreeMap<String, Members>, Failure> {
    let resolve_one = |(name, mut members): (String, Members)| {
        resolve(&format!("{table}.{name}"), &mut members)?;
        Ok((name, members))
    };
    things.into_iter().map(resolve_one).collect()
}

/// Puts every secret in the place of its reference, at any depth.
fn resolve(place: &str, members: &mut Members) -> Result<(), Failure> {
    for (name, value) in members.iter_mut() {
        let place = format!("{place}.{name}");
        match value {
            Value::Object(inner) => resolve(&place, inner)?,
            Value::String(text) if SECRETS.contains(&name.as_str()) => {
                *value = secret::reference(text)
                    .unwrap_or_else(|| Err(literal(&place)))?
                    .into();
            }
            // No secret, but too long to stand in the file.
            Value::String(text) if name == "public_key" => *value = secret::given(text)?.into(),
            _ => {}
        }
    }
    Ok(())
}

fn literal(place: &str) -> Failure {
    Failure::usage(
        "apply.literal_secret",
        format!("`{place}` holds a secret itself"),
    )
    .with_hint("name it: `env:NAME` or `file:PATH`")
}
