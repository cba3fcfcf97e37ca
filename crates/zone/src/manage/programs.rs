//! Programs: what a TOML file describes, the way to deployment, the log level.

use std::collections::BTreeSet;
use std::sync::Arc;

use ringback_dialect::zone::Protocol;
use ringback_store::Statement;
use serde_json::json;

use super::apps::wrong_state;
use super::{check_id, check_name, check_text, made_id};
use crate::error::ZoneError;
use crate::program::{
    Ability, AbilityInput, DebugPage, LogLevel, Program, ProgramInput, ProgramState,
};
use crate::records;
use crate::zone::Zone;

/// More than any program has.
const MOST_ABILITIES: usize = 200;
/// More calls at once than one process serves.
const MOST_CALLS: u32 = 65_536;
/// The longest sample of a protocol.
const PROTOCOL_BYTES: usize = 256 << 10;

impl AbilityInput {
    /// The ability with its protocols compiled.
    pub(crate) fn compile(self) -> Result<Ability, ZoneError> {
        check_id("ability id", &self.id)?;
        let parse = |which: &'static str, sample: &str| {
            if sample.len() > PROTOCOL_BYTES {
                return Err(ZoneError::Text {
                    member: "protocol",
                    rule: "at most 262144 bytes",
                });
            }
            Protocol::parse(sample, self.strict)
                .map(Arc::new)
                .map_err(|source| ZoneError::Protocol {
                    ability: self.id.clone(),
                    which,
                    source,
                })
        };
        let name = if self.name.is_empty() {
            &self.id
        } else {
            &self.name
        };
        check_name("ability name", name)?;
        Ok(Ability {
            input: parse("input", &self.input)?,
            output: parse("output", &self.output)?,
            id: self.id.clone(),
            name: name.clone(),
            written: self,
        })
    }
}

impl Ability {
    /// What a protocol accepts that whoever wrote it may not have meant.
    pub fn warnings(&self) -> Vec<String> {
        let open = |which: &str, protocol: &Protocol| -> Vec<String> {
            let path = |path: &String| {
                format!(
                    "ability `{}`: {which} accepts anything at `{path}`",
                    self.id
                )
            };
            protocol.warnings().iter().map(path).collect()
        };
        let mut warnings = open("input", &self.input);
        warnings.extend(open("output", &self.output));
        warnings
    }
}

impl Zone {
    /// Every program, by its id.
    pub fn programs(&self) -> Vec<Arc<Program>> {
        self.snapshot().programs().cloned().collect()
    }

    /// The program of this id.
    pub fn program(&self, program_id: &str) -> Result<Arc<Program>, ZoneError> {
        self.snapshot().program(program_id)
    }

    /// Makes a program, or brings the one of its id to what is described. A change of the abilities or of
    /// the host of a program that is deployed holds at once.
    pub async fn put_program(
        &self,
        caller: &str,
        input: ProgramInput,
    ) -> Result<Arc<Program>, ZoneError> {
        let turn = self.turn().await;
        let program_id = input.program_id.clone();
        let program_id = program_id.unwrap_or_else(|| made_id("prog", self.random()));
        check_id("program_id", &program_id)?;
        let known = self.snapshot().find_program(&program_id).cloned();
        let program = self.described(program_id.clone(), input, known.as_deref())?;
        let mut statements = vec![records::programs::save(&program)];
        statements.extend(self.endpoints_of(&program));
        statements.extend(self.instance_secrets(&program));
        let abilities: Vec<_> = program
            .abilities
            .iter()
            .map(|ability| &ability.id)
            .collect();
        let detail = json!({ "name": program.name, "kind": program.kind, "abilities": abilities });
        let action = if known.is_some() {
            "zone_program.update"
        } else {
            "zone_program.create"
        };
        self.change(
            &turn,
            caller,
            action,
            program_id.clone(),
            detail,
            statements,
        )
        .await?;
        self.run(&program_id);
        self.program(&program_id)
    }

    fn described(
        &self,
        program_id: String,
        input: ProgramInput,
        known: Option<&Program>,
    ) -> Result<Program, ZoneError> {
        check_name("name", &input.name)?;
        check_text("description", &input.description)?;
        let host = input
            .host
            .or_else(|| known.and_then(|program| program.host.clone()));
        if let Some(host) = &host {
            self.check_host(host)?;
        }
        let policy = input.settings.event_policy();
        policy.check()?;
        input.settings.call_policy().check()?;
        if !(1..=MOST_CALLS).contains(&input.settings.concurrent_calls) {
            return Err(ZoneError::Text {
                member: "settings.concurrent_calls",
                rule: "1 to 65536",
            });
        }
        let ids: BTreeSet<_> = input.abilities.iter().map(|ability| &ability.id).collect();
        if input.abilities.is_empty() || input.abilities.len() > MOST_ABILITIES {
            return Err(ZoneError::Abilities(format!(
                "a program has 1 to {MOST_ABILITIES} abilities"
            )));
        }
        if ids.len() != input.abilities.len() {
            return Err(ZoneError::Abilities(
                "two abilities have the same id".to_owned(),
            ));
        }
        let abilities = input.abilities.into_iter().map(AbilityInput::compile);
        Ok(Program {
            name: input.name,
            kind: input.kind,
            description: input.description,
            state: known.map_or(ProgramState::Draft, |program| program.state),
            abilities: abilities.collect::<Result<Vec<_>, _>>()?.into(),
            host,
            log_level: known.map_or_else(LogLevel::default, |program| program.log_level),
            settings: input.settings,
            debug: known.map_or_else(DebugPage::default, |program| program.debug.clone()),
            created_at: known.map_or_else(|| self.now(), |program| program.created_at),
            program_id,
        })
    }

    /// The endpoints through which apps reach a program, with its own timings.
    fn endpoints_of(&self, program: &Program) -> Vec<Statement> {
        let snapshot = self.snapshot();
        let of_program = snapshot
            .associations()
            .filter(|association| association.program_id == program.program_id);
        let mut statements = Vec::new();
        for association in of_program {
            if let Some(app) = snapshot.app_by_id(association.app) {
                statements.extend(self.program_endpoint(app, program, association));
            }
        }
        statements
    }

    /// Submits a program for review.
    pub async fn submit_program(
        &self,
        caller: &str,
        program_id: &str,
    ) -> Result<Arc<Program>, ZoneError> {
        let at_once = self.options().approve_at_once;
        let next = if at_once {
            ProgramState::Approved
        } else {
            ProgramState::InReview
        };
        let from = [ProgramState::Draft];
        self.step(
            caller,
            program_id,
            "zone_program.submit",
            &from,
            next,
            "only a draft is submitted",
        )
        .await
    }

    /// Approves a program that is in review, or sends it back.
    pub async fn review_program(
        &self,
        caller: &str,
        program_id: &str,
        approved: bool,
    ) -> Result<Arc<Program>, ZoneError> {
        let from = [ProgramState::InReview];
        let next = if approved {
            ProgramState::Approved
        } else {
            ProgramState::Draft
        };
        let wanted = "only a program in review is approved or sent back";
        self.step(
            caller,
            program_id,
            "zone_program.review",
            &from,
            next,
            wanted,
        )
        .await
    }

    pub(super) async fn step(
        &self,
        caller: &str,
        program_id: &str,
        action: &'static str,
        from: &[ProgramState],
        to: ProgramState,
        wanted: &'static str,
    ) -> Result<Arc<Program>, ZoneError> {
        let turn = self.turn().await;
        let mut program = Program::clone(&*self.program(program_id)?);
        if !from.contains(&program.state) {
            return Err(wrong_state(&program, wanted));
        }
        program.state = to;
        let statements = vec![records::programs::save(&program)];
        let detail = json!({ "state": to });
        self.change(
            &turn,
            caller,
            action,
            program_id.to_owned(),
            detail,
            statements,
        )
        .await?;
        self.program(program_id)
    }

    /// Sets how much of a program's log is kept.
    pub async fn set_program_log_level(
        &self,
        caller: &str,
        program_id: &str,
        level: LogLevel,
    ) -> Result<Arc<Program>, ZoneError> {
        let turn = self.turn().await;
        self.program(program_id)?;
        let statements = vec![records::programs::set_log_level(program_id, level)];
        let detail = json!({ "level": level });
        self.change(
            &turn,
            caller,
            "zone_program.log_level",
            program_id.to_owned(),
            detail,
            statements,
        )
        .await?;
        self.hosts().set_log_level(program_id, level.into());
        self.program(program_id)
    }

    /// Deletes a program that no app uses any more, and stops it.
    pub async fn delete_program(&self, caller: &str, program_id: &str) -> Result<(), ZoneError> {
        let turn = self.turn().await;
        self.program(program_id)?;
        let used = {
            let snapshot = self.snapshot();
            let mut of = snapshot
                .associations()
                .filter(|it| it.program_id == program_id);
            let app = of
                .next()
                .and_then(|association| snapshot.app_by_id(association.app));
            app.map(|app| app.label())
        };
        if let Some(app) = used {
            return Err(ZoneError::InUse {
                name: program_id.to_owned(),
                by: format!("the app `{app}`"),
            });
        }
        let statements = Vec::from(records::programs::delete(program_id));
        self.change(
            &turn,
            caller,
            "zone_program.delete",
            program_id.to_owned(),
            json!({}),
            statements,
        )
        .await?;
        drop(turn);
        self.hosts().remove(program_id).await;
        Ok(())
    }
}

impl From<LogLevel> for ringback_host::LogLevel {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::Error,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
        }
    }
}
