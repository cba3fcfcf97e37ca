//! Async jobs (app sheet, 2.2 and 2.3; SDK sheet, 11.1): one id, one acknowledgement, at most one report.

use bytes::Bytes;
use ringback_deliver::Arrival;
use ringback_dialect::zone::{CallType, Mismatch, RequestFrame};
use ringback_store::record::DeliveryState;
use ringback_store::{Statement, WriteError};
use ringback_types::{AppId, EventId, ScheduleTime, Secret};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::call::{Asked, REPLY_BYTES};
use crate::errcode::{self, Refusal};
use crate::program::Ability;
use crate::records;
use crate::route::ProgramRoute;
use crate::seal::{self, JobInfo};
use crate::zone::Zone;

ringback_types::words! {
    /// What made a job.
    JobKind {
        /// An app's async call.
        AsyncCall = "async_call",
        /// A program asks another one of its corp.
        ProgramTask = "program_task",
        /// A program asks a model.
        ModelTask = "model_task",
    }

    /// Where a job stands.
    JobState {
        /// The program has not reported yet.
        Waiting = "waiting",
        /// It has, once.
        Reported = "reported",
        /// It never will.
        Failed = "failed",
    }
}

impl JobKind {
    /// The job's type in the log.
    pub(crate) const fn event_type(self) -> &'static str {
        match self {
            Self::AsyncCall => "program.async_call",
            Self::ProgramTask => "program.task",
            Self::ModelTask => "model.task",
        }
    }

    /// Whether an event of this type keeps a template instead of a frame.
    pub(crate) fn is_task(event_type: &str) -> bool {
        [Self::ProgramTask, Self::ModelTask]
            .iter()
            .any(|kind| kind.event_type() == event_type)
    }
}

/// One job as the store has it.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) jobid: String,
    pub(crate) kind: JobKind,
    pub(crate) app: AppId,
    /// The program that is to do it.
    pub(crate) program_id: String,
    pub(crate) ability_id: String,
    /// The program that asked; none where an app did.
    pub(crate) caller: Option<String>,
    pub(crate) event: EventId,
    pub(crate) state: JobState,
    pub(crate) errcode: Option<i64>,
    /// Sealed.
    pub(crate) result: Option<Bytes>,
    /// The `fail_list` as JSON, once a task has been rendered.
    pub(crate) failures: Option<String>,
    pub(crate) created_at: ScheduleTime,
    pub(crate) ended_at: Option<ScheduleTime>,
}

/// What a finished job answers.
#[derive(Debug, Serialize)]
pub(crate) struct Finished {
    pub(crate) response_errcode: i64,
    pub(crate) response_data: String,
}

/// The report of a program.
#[derive(Debug, Deserialize)]
struct Report {
    errcode: i64,
    #[serde(default)]
    result: Option<String>,
}

impl Zone {
    /// `async_program_task` (app sheet, 2.2): the job and its delivery are on the disk when this answers.
    pub(crate) async fn async_call(&self, app: &App, asked: Asked<'_>) -> Result<String, Refusal> {
        let route = self.checked(app, &asked).await?;
        let job = self.new_job(
            JobKind::AsyncCall,
            app,
            asked.program_id,
            asked.ability_id,
            None,
        );
        let frame = RequestFrame {
            corpid: app.corpid.clone(),
            agentid: app.agentid,
            call_type: CallType::Call,
            data: asked.request_data.to_owned(),
            is_async: true,
            job_info: self.job_info(app, &job),
            ability_id: asked.ability_id.to_owned(),
            notify_id: String::new(),
        };
        let body = self.sealed(&frame);
        self.begin(&route, job, body, Vec::new()).await
    }

    pub(crate) fn new_job(
        &self,
        kind: JobKind,
        app: &App,
        program_id: &str,
        ability_id: &str,
        caller: Option<&str>,
    ) -> Job {
        Job {
            jobid: self.random().alphanumeric::<64>(),
            kind,
            app: app.id,
            program_id: program_id.to_owned(),
            ability_id: ability_id.to_owned(),
            caller: caller.map(str::to_owned),
            event: self.store().next_id(),
            state: JobState::Waiting,
            errcode: None,
            result: None,
            failures: None,
            created_at: self.now(),
            ended_at: None,
        }
    }

    pub(crate) fn job_info(&self, app: &App, job: &Job) -> String {
        let info = JobInfo {
            corpid: app.corpid.clone(),
            agentid: app.agentid,
            program_id: job.program_id.clone(),
            jobid: job.jobid.clone(),
        };
        info.seal(self.store().vault())
    }

    /// Writes the job and its delivery, whole or not at all.
    pub(crate) async fn begin(
        &self,
        route: &ProgramRoute,
        job: Job,
        body: Bytes,
        besides: Vec<Statement>,
    ) -> Result<String, Refusal> {
        let mut alongside = vec![records::jobs::insert(&job)];
        alongside.extend(besides);
        let arrival = Arrival {
            id: Some(job.event),
            source: route.association.source,
            event_type: job.kind.event_type().to_owned(),
            app: Some(route.app.label()),
            dedupe_key: None,
            order_key: None,
            headers: None,
            body,
            raw: None,
            alongside,
        };
        self.engine().accept(arrival).await?;
        Ok(job.jobid)
    }

    /// `program_async_job_call_back` (SDK sheet, 11.1): the one final report.
    pub(crate) async fn report(
        &self,
        info: &JobInfo,
        request: &str,
        nonce: Statement,
    ) -> Result<(), Refusal> {
        let report: Report = crate::face::parse_json(request.as_bytes())?;
        let not_running = || Refusal::from(errcode::JOB_NOT_RUNNING);
        let job = records::jobs::find(self.store(), &info.jobid)
            .await?
            .ok_or_else(not_running)?;
        if job.state != JobState::Waiting || self.overdue(&job) {
            return Err(not_running());
        }
        let result = report.result.unwrap_or_default();
        self.check_result(&job, report.errcode, &result)?;
        let sealed = self.store().vault().seal(&Secret::from(result));
        let now = self.now();
        let finish = records::jobs::finish(
            &job.jobid,
            JobState::Reported,
            report.errcode,
            Some(sealed),
            now,
        );
        match self.store().write(vec![finish, nonce]).await {
            Ok(_) => Ok(()),
            Err(WriteError::Unexpected { .. }) => Err(not_running()),
            Err(error) => Err(error.into()),
        }
    }

    /// A result that is no error must be what the output protocol allows; one that is not may be
    /// reported again, mended.
    fn check_result(&self, job: &Job, errcode: i64, result: &str) -> Result<(), Refusal> {
        if result.len() > REPLY_BYTES {
            return Err(errcode::TOO_LARGE.into());
        }
        if errcode != 0 {
            return Ok(());
        }
        let snapshot = self.snapshot();
        let program = snapshot.find_program(&job.program_id);
        let ability = program.and_then(|program| program.ability(&job.ability_id));
        let ability = ability.ok_or(errcode::BAD_ABILITY)?;
        matches_output(ability, result)
    }

    /// `async_program_result` (app sheet, 2.3).
    pub(crate) async fn job_result(&self, app: &App, jobid: &str) -> Result<Finished, Refusal> {
        let job = self.job_of(app, None, jobid).await?;
        if job.kind != JobKind::AsyncCall {
            return Err(errcode::NO_JOB.into());
        }
        self.finished(&job).await
    }

    /// The job of this id, if it is this owner's; to anybody else it does not exist.
    pub(crate) async fn job_of(
        &self,
        app: &App,
        caller: Option<&str>,
        jobid: &str,
    ) -> Result<Job, Refusal> {
        let found = records::jobs::find(self.store(), jobid).await?;
        let owned = |job: &Job| job.app == app.id && job.caller.as_deref() == caller;
        found.filter(owned).ok_or_else(|| errcode::NO_JOB.into())
    }

    /// What the job answers, or why it does not yet, or no more.
    pub(crate) async fn finished(&self, job: &Job) -> Result<Finished, Refusal> {
        let kept_since = self
            .now()
            .plus_millis(-(self.options().result_life.as_millis() as i64));
        match job.state {
            JobState::Waiting => Err(self.why_waiting(job).await?),
            _ if job.ended_at.is_some_and(|at| at <= kept_since) => {
                Err(errcode::JOB_CLEANED.into())
            }
            JobState::Failed => {
                let number = job.errcode.unwrap_or_default() as i32;
                let known = errcode::ALL.iter().find(|code| code.number == number);
                Err((*known.unwrap_or(&errcode::PROGRAM_FAILED)).into())
            }
            JobState::Reported => self.reported(job),
        }
    }

    fn reported(&self, job: &Job) -> Result<Finished, Refusal> {
        let sealed = job.result.as_ref().ok_or(errcode::JOB_CLEANED)?;
        let opened = seal::opened(self.store().vault(), sealed)
            .map_err(|error| errcode::BUSY.because(error.to_string()))?;
        Ok(Finished {
            response_errcode: job.errcode.unwrap_or_default(),
            response_data: opened.expose_str().unwrap_or_default().to_owned(),
        })
    }

    /// A job whose delivery is dead, or that took too long, will not be reported any more.
    async fn why_waiting(&self, job: &Job) -> Result<Refusal, Refusal> {
        let deliveries = self.engine().record().deliveries_of(job.event).await?;
        let gone = |state| matches!(state, DeliveryState::Dead | DeliveryState::Cancelled);
        let dead = !deliveries.is_empty() && deliveries.iter().all(|delivery| gone(delivery.state));
        if dead {
            return Ok(errcode::PROGRAM_FAILED.because("the program never acknowledged the job"));
        }
        if self.overdue(job) {
            return Ok(errcode::PROGRAM_FAILED.because("the program never reported the job"));
        }
        Ok(errcode::WAITING.into())
    }

    fn overdue(&self, job: &Job) -> bool {
        job.created_at.plus(self.options().job_life) <= self.now()
    }

    /// Whose job this `job_info` names, if it was given out to this program for this app.
    pub(crate) fn opened_job_info(
        &self,
        text: &str,
        corpid: &str,
        agentid: i64,
        program_id: &str,
    ) -> Result<JobInfo, Refusal> {
        let bad = |cause: &str| errcode::BAD_JOB_INFO.because(cause);
        let info =
            JobInfo::open(self.store().vault(), text).ok_or_else(|| bad("not one of ours"))?;
        if info.program_id != program_id || info.corpid != corpid {
            return Err(bad("of another corp or program"));
        }
        // 0 stands for a task that came without an agent id (SDK sheet, 5.1).
        if agentid != 0 && agentid != info.agentid {
            return Err(bad("of another app"));
        }
        Ok(info)
    }
}

pub(crate) fn matches_output(ability: &Ability, result: &str) -> Result<(), Refusal> {
    ability.output.check(result.as_bytes()).map_err(|mismatch| {
        let code = match mismatch {
            Mismatch::NotJson { .. } => errcode::OUTPUT_NOT_JSON,
            _ => errcode::OUTPUT_MISMATCH,
        };
        code.because(format!("ability `{}`: {mismatch}", ability.id))
    })
}
