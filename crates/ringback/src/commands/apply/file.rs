//! The file that `ringback apply` reads.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::document;
use crate::commands::secret;
use crate::commands::toml_file::{TomlFile, Words};
use crate::failure::Failure;

/// What stands under `ringback apply --help`.
pub(super) const EXAMPLE: &str = "\
Secrets are never written into the file, but named: `env:NAME` or `file:PATH`. What the server
already has is compared without secrets; a source or endpoint gets its secrets when it is made.

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

  [feishu.app.cli_a1b2c3d4e5f60718]
  name = \"Orders\"
  app_secret = \"env:FEISHU_APP_SECRET\"
  events = [\"im.message.receive_v1\"]
  request_url = \"http://127.0.0.1:3000/feishu\"";

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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    source: BTreeMap<String, Members>,
    #[serde(default)]
    endpoint: BTreeMap<String, Members>,
    #[serde(default)]
    feishu: Platform,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Platform {
    #[serde(default)]
    app: BTreeMap<String, Members>,
}

/// Members that hold a secret and must be references.
pub(super) const SECRETS: [&str; 7] = [
    "app_secret",
    "encoding_aes_key",
    "encrypt_key",
    "verification_token",
    "signing_key",
    "key",
    "token",
];

impl Wanted {
    /// Reads a file and the secrets that it names.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = TomlFile::read(path, WORDS)?;
        let document: Document = text.parse()?;
        // Refuses members, words and types that the server does not know.
        let _: document::Document = text.parse()?;
        Ok(Self {
            text,
            sources: resolved("source", document.source)?,
            endpoints: resolved("endpoint", document.endpoint)?,
            apps: resolved("feishu.app", document.feishu.app)?,
        })
    }
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
