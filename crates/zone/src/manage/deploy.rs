//! Where programs run: deployment, the secrets of instances, and the processes.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use ringback_dialect::zone::{Credentials, Version};
use ringback_host::Spec;
use ringback_store::Statement;
use ringback_types::Secret;
use serde_json::json;

use super::apps::wrong_state;
use crate::callback_url::UrlRefusal;
use crate::error::ZoneError;
use crate::program::{Host, Program, ProgramState};
use crate::records;
use crate::zone::Zone;

/// More instances than one machine runs.
const MOST_INSTANCES: usize = 32;

impl Zone {
    /// Deploys an approved program, or one that is deployed already at another place.
    pub async fn deploy(
        &self,
        caller: &str,
        program_id: &str,
        host: Option<Host>,
    ) -> Result<Arc<Program>, ZoneError> {
        let turn = self.turn().await;
        let mut program = Program::clone(&*self.program(program_id)?);
        if !matches!(
            program.state,
            ProgramState::Approved | ProgramState::Deployed
        ) {
            return Err(wrong_state(
                &program,
                "only an approved program is deployed",
            ));
        }
        program.host = host.or(program.host);
        let host = program.host.as_ref();
        let host =
            host.ok_or_else(|| ZoneError::Host("say where the program is to run".to_owned()))?;
        self.check_host(host)?;
        let detail = json!({ "host": shown(host) });
        program.state = ProgramState::Deployed;
        let mut statements = vec![records::programs::save(&program)];
        statements.extend(self.instance_secrets(&program));
        self.change(
            &turn,
            caller,
            "zone_program.deploy",
            program_id.to_owned(),
            detail,
            statements,
        )
        .await?;
        self.run(program_id);
        self.program(program_id)
    }

    /// Takes a program out of service; it stays approved.
    pub async fn undeploy(
        &self,
        caller: &str,
        program_id: &str,
    ) -> Result<Arc<Program>, ZoneError> {
        let from = [ProgramState::Deployed];
        let wanted = "only a deployed program is taken out of service";
        let to = ProgramState::Approved;
        let program = self
            .step(
                caller,
                program_id,
                "zone_program.undeploy",
                &from,
                to,
                wanted,
            )
            .await?;
        self.hosts().stop(program_id).await;
        // Whoever has deployed it again meanwhile finds it running.
        self.run(program_id);
        Ok(program)
    }

    pub(super) fn check_host(&self, host: &Host) -> Result<(), ZoneError> {
        let bad = |text: &str| Err(ZoneError::Host(text.to_owned()));
        match host {
            Host::Url { urls } if urls.is_empty() || urls.len() > MOST_INSTANCES => {
                bad("name 1 to 32 URLs, one an instance")
            }
            Host::Url { urls } => {
                for url in urls {
                    ringback_deliver::guard::check_url(url.as_str()).map_err(UrlRefusal::from)?;
                }
                Ok(())
            }
            Host::Process { .. } if !self.options().allow_unisolated => Err(ZoneError::Unisolated),
            Host::Process { command, .. } if !command.starts_with('/') => {
                bad("the command is an absolute path: PATH is not looked at")
            }
            Host::Process { instances, .. } => {
                if (1..=MOST_INSTANCES as u32).contains(instances) {
                    Ok(())
                } else {
                    bad("a program has 1 to 32 instances")
                }
            }
        }
    }

    /// A first secret for every instance that has none; none for those that are gone.
    pub(super) fn instance_secrets(&self, program: &Program) -> Vec<Statement> {
        let count = program.instances();
        let mut statements = vec![records::programs::keep_instances(
            &program.program_id,
            count,
        )];
        let snapshot = self.snapshot();
        for number in 1..=count {
            if snapshot
                .speaker(&format!("{}/{number}", program.program_id))
                .is_none()
            {
                statements.push(self.new_secret(&program.program_id, number, 1));
            }
        }
        statements
    }

    fn new_secret(&self, program_id: &str, instance: u32, version: u32) -> Statement {
        let secret = Secret::from(self.random().secret::<32>().to_vec());
        records::programs::insert_secret(self.store(), program_id, instance, version, &secret)
    }

    /// Gives every instance a new secret beside the one it uses. Two versions are valid; the zone goes on
    /// with the old one until the instance has used the new.
    pub async fn rotate_program(
        &self,
        caller: &str,
        program_id: &str,
    ) -> Result<Arc<Program>, ZoneError> {
        let turn = self.turn().await;
        let program = self.program(program_id)?;
        let in_use = program.state == ProgramState::Deployed;
        let mut statements = Vec::new();
        for number in 1..=program.instances() {
            let key_id = format!("{program_id}/{number}");
            let ring = {
                let snapshot = self.snapshot();
                snapshot
                    .speaker(&key_id)
                    .map(|speaker| Arc::clone(&speaker.ring))
            };
            if in_use && ring.as_ref().is_some_and(|ring| !ring.is_settled()) {
                return Err(ZoneError::RotationUnsettled(key_id));
            }
            let (newest, used) = ring.map_or((0, 0), |ring| (ring.newest(), ring.used()));
            // The one that the instance uses stays. One that it has not taken up yet is replaced, so that
            // never more than two are valid.
            statements.push(records::programs::retire_secrets(program_id, number, used));
            statements.push(self.new_secret(program_id, number, newest + 1));
        }
        let (target, detail) = (
            program_id.to_owned(),
            json!({ "instances": program.instances() }),
        );
        self.change(
            &turn,
            caller,
            "zone_program.rotate",
            target,
            detail,
            statements,
        )
        .await?;
        if let Some(Host::Process { .. }) = program.host {
            let files = self.credentials_files(&program).await?;
            self.hosts()
                .rotate(program_id, files)
                .await
                .map_err(|error| ZoneError::Host(error.to_string()))?;
        }
        self.program(program_id)
    }

    /// The credentials file of one instance, for a program that somebody else runs.
    pub async fn instance_credentials(
        &self,
        program_id: &str,
        instance: u32,
    ) -> Result<Credentials, ZoneError> {
        let secrets = records::programs::load_secrets(self.store()).await?;
        let versions = secrets.get(&(program_id.to_owned(), instance));
        let versions = versions.ok_or_else(|| ZoneError::NotFound {
            kind: "instance",
            name: format!("{program_id}/{instance}"),
        })?;
        Ok(self.credentials(program_id, instance, versions))
    }

    fn credentials(
        &self,
        program_id: &str,
        instance: u32,
        versions: &BTreeMap<u32, Secret>,
    ) -> Credentials {
        let version = |(version, secret): (&u32, &Secret)| Version {
            version: *version,
            secret: secret.clone(),
        };
        Credentials {
            zone_url: self.options().zone_url.clone(),
            key_id: format!("{program_id}/{instance}"),
            versions: versions.iter().map(version).collect(),
        }
    }

    async fn credentials_files(&self, program: &Program) -> Result<Vec<Bytes>, ZoneError> {
        let mut files = Vec::new();
        for number in 1..=program.instances() {
            let credentials = self
                .instance_credentials(&program.program_id, number)
                .await?;
            files.push(serde_json::to_vec(&credentials).unwrap_or_default().into());
        }
        Ok(files)
    }

    /// Starts every program that is deployed as a process.
    pub(crate) fn start_processes(&self) {
        let programs: Vec<_> = self.snapshot().programs().map(Arc::clone).collect();
        for program in programs {
            self.run(&program.program_id);
        }
    }

    /// Brings the processes of a program to what it says, in the background; status shows how it goes.
    pub(crate) fn run(&self, program_id: &str) {
        let (zone, program_id) = (self.clone(), program_id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = zone.bring_up(&program_id).await {
                tracing::error!(program = program_id, %error, "the program cannot be run");
            }
        });
    }

    async fn bring_up(&self, program_id: &str) -> Result<(), ZoneError> {
        // Held until it runs: what was taken out of service meanwhile is not started.
        let _turn = self.turn().await;
        let program = self.program(program_id)?;
        let Some(Host::Process {
            command,
            arguments,
            environment,
            instances,
            memory_limit_bytes,
        }) = program.host.clone()
        else {
            self.hosts().stop(program_id).await;
            return Ok(());
        };
        if program.state != ProgramState::Deployed {
            return Ok(());
        }
        if !self.options().allow_unisolated {
            return Err(ZoneError::Unisolated);
        }
        let spec = Spec {
            program: program.program_id.clone(),
            command,
            arguments,
            environment,
            instances,
            memory_limit_bytes,
            log_level: program.log_level.into(),
        };
        let files = self.credentials_files(&program).await?;
        let run = self.hosts().run(spec, files);
        run.map_err(|error| ZoneError::Host(error.to_string()))
    }
}

/// The host as the audit keeps it: environment variables may be secrets.
fn shown(host: &Host) -> serde_json::Value {
    match host {
        Host::Url { urls } => json!({ "kind": "url", "instances": urls.len() }),
        Host::Process {
            command, instances, ..
        } => {
            json!({ "kind": "process", "command": command, "instances": instances })
        }
    }
}
