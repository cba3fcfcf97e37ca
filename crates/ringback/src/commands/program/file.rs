//! The file that describes a program.

use std::path::Path;

use ringback_dialect::zone::Protocol;
use ringback_zone::{AbilityInput, Host, ProgramInput, ProgramKind, Settings};
use serde::Deserialize;
use toml::Spanned;

use crate::commands::secret;
use crate::commands::toml_file::{TomlFile, Words};
use crate::failure::Failure;

/// What stands under `ringback program apply --help`.
pub(super) const EXAMPLE: &str = "\
`input` and `output` are samples: every request and every answer must be a part of them. Values of
the environment may be named: `env:NAME` or `file:PATH`. Where no `program_id` is given, the
program of this name is meant, or a new one.

Example:
  name = \"Summaries\"

  [host]
  kind = \"process\"
  command = \"/srv/summaries\"
  environment.MODEL_KEY = \"env:MODEL_KEY\"

  [settings]
  call_deadline_ms = 10000

  [[ability]]
  id = \"summarize\"
  input = '{\"chat\":\"{chat}\"}'
  output = '{\"errcode\":0,\"errmsg\":\"ok\",\"result\":\"\"}'";

const WORDS: Words = Words {
    code: "program.malformed",
    hint: "`ringback program apply --help` shows an example",
};

/// Reads the description of a program and checks what can be known without the server.
pub(in crate::commands) fn read(path: &Path) -> Result<ProgramInput, Failure> {
    let file = TomlFile::read(path, WORDS)?;
    file.parse::<Written>()?.checked(&file, "")
}

/// A program as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands) struct Written {
    #[serde(default)]
    pub(in crate::commands) program_id: Option<String>,
    pub(in crate::commands) name: String,
    #[serde(default)]
    pub(in crate::commands) kind: ProgramKind,
    #[serde(default)]
    pub(in crate::commands) description: String,
    #[serde(default)]
    pub(in crate::commands) host: Option<Host>,
    #[serde(default)]
    pub(in crate::commands) settings: Settings,
    #[serde(default, rename = "ability")]
    pub(in crate::commands) abilities: Vec<WrittenAbility>,
}

/// An ability with the places of its texts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands) struct WrittenAbility {
    id: Spanned<String>,
    #[serde(default)]
    name: String,
    input: Spanned<String>,
    output: Spanned<String>,
    #[serde(default)]
    strict: bool,
}

impl Written {
    /// The description, its references resolved; `table` stands before the names of places.
    pub(in crate::commands) fn checked(
        self,
        file: &TomlFile,
        table: &str,
    ) -> Result<ProgramInput, Failure> {
        let mut abilities: Vec<AbilityInput> = Vec::new();
        for written in self.abilities {
            if abilities
                .iter()
                .any(|other| other.id == *written.id.get_ref())
            {
                let message = format!("two abilities have the id `{}`", written.id.get_ref());
                let failure = Failure::usage("program.ability_twice", message);
                return Err(file.wrong_at(&written.id.span(), &format!("{table}ability"), failure));
            }
            abilities.push(written.checked(file, table)?);
        }
        let mut host = self.host;
        if let Some(host) = &mut host {
            resolve(file, table, host)?;
        }
        Ok(ProgramInput {
            program_id: self.program_id,
            name: self.name,
            kind: self.kind,
            description: self.description,
            host,
            settings: self.settings,
            abilities,
        })
    }
}

impl WrittenAbility {
    fn checked(self, file: &TomlFile, table: &str) -> Result<AbilityInput, Failure> {
        let id = self.id.into_inner();
        for (which, sample) in [("input", &self.input), ("output", &self.output)] {
            Protocol::parse(sample.get_ref(), self.strict).map_err(|error| {
                let place = format!("{table}ability.{id}.{which}");
                file.wrong_at(&sample.span(), &place, error.into())
            })?;
        }
        Ok(AbilityInput {
            id,
            name: self.name,
            input: self.input.into_inner(),
            output: self.output.into_inner(),
            strict: self.strict,
        })
    }
}

/// Puts what the environment names in the place of its references.
pub(in crate::commands) fn resolve(
    file: &TomlFile,
    table: &str,
    host: &mut Host,
) -> Result<(), Failure> {
    let Host::Process { environment, .. } = host else {
        return Ok(());
    };
    for (name, value) in environment {
        if let Some(named) = secret::reference(value) {
            let object = format!("{table}host.environment");
            *value = named.map_err(|failure| file.wrong(&object, name, failure))?;
        }
    }
    Ok(())
}
