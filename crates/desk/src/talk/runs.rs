//! The run of a talk: begun, gone on with, ended.

use std::sync::Arc;

use ringback_flow::{Advance, Happening, Input, Next, Pick, Run};
use ringback_types::Code;

use super::{Active, Talk};
use crate::conversation::{CallSeen, RunEnding, RunState, Step, StoredRun};
use crate::conversations::size_of;
use crate::error::{ConversationError, FlowError, LoadError};
use crate::flows::{StoredFlow, kind_of};
use crate::library::Edition;
use crate::notices::{Passed, TASK_BEGIN};
use crate::records;

/// Why a call counts as failed when its answer is not known.
const INTERRUPTED: Code = Code::new("desk.interrupted");
/// How many names a line of the log has.
const ODD_NAMES: usize = 5;
/// Why a call counts as failed when its answer is more than a session may hold.
const TOO_LARGE: Code = Code::new("desk.variables_too_large");

impl Talk<'_> {
    /// The run that is under way, with its flow; one whose flow is gone ends here.
    pub(super) async fn load_run(&mut self) -> Result<(), ConversationError> {
        let Some(id) = self.conversation.run else {
            return Ok(());
        };
        let store = self.desk.store();
        let Some(stored) = records::runs::find(store, id).await? else {
            self.conversation.run = None;
            return Ok(());
        };
        let flow = self
            .desk
            .registry()
            .snapshot()
            .flow_by_id(stored.flow)
            .cloned();
        let edition = match &flow {
            Some(_) => self.desk.library().get(stored.flow, stored.version).await?,
            None => None,
        };
        match (flow, edition) {
            (Some(flow), Some(edition)) => {
                self.active = Some(Active {
                    stored,
                    flow,
                    edition,
                    fresh: false,
                });
            }
            _ => self.lost(stored),
        }
        Ok(())
    }

    /// A run that cannot go on: its flow was deleted.
    fn lost(&mut self, mut stored: StoredRun) {
        stored.state = RunState::Over;
        stored.ending = Some(RunEnding::Broken);
        stored.ended_at = Some(self.at);
        self.conversation.run = None;
        let text = self.app.settings.fallback().to_owned();
        self.robot("fallback", text, Vec::new());
        tracing::warn!(run = %stored.id, flow = %stored.flow, "the flow of a run is gone; the run is over");
        self.lost = Some(stored);
    }

    /// Finds the flow that a message starts, and starts it.
    pub(super) async fn begin(&mut self, text: &str) -> Result<Option<Next>, ConversationError> {
        let Some((flow, edition)) = self.chosen(text).await? else {
            let text = self.app.settings.no_match().to_owned();
            self.robot("fallback", text, Vec::new());
            return Ok(None);
        };
        let variables = &mut self.conversation.variables;
        let (run, advance) = Run::begin(&edition.flow, variables, &self.system, Some(text));
        let stored = StoredRun {
            id: self.desk.store().next_id(),
            conversation: self.conversation.id,
            flow: flow.id,
            version: edition.version,
            execution_id: self.desk.uuid(),
            seq: 0,
            run,
            state: RunState::Waiting,
            ending: None,
            started_at: self.at,
            ended_at: None,
        };
        self.conversation.run = Some(stored.id);
        self.active = Some(Active {
            stored,
            flow,
            edition,
            fresh: true,
        });
        Ok(Some(self.take_in(advance)))
    }

    /// The flow that is to run: the conversation's own, or the one that fits.
    async fn chosen(
        &self,
        text: &str,
    ) -> Result<Option<(StoredFlow, Arc<Edition>)>, ConversationError> {
        let snapshot = self.desk.registry().snapshot();
        let draft = self.conversation.draft;
        if let Some(id) = self.conversation.flow {
            let Some(flow) = snapshot.flow_by_id(id).cloned() else {
                return Ok(None);
            };
            let edition = self.runnable(&flow, draft).await?;
            return Ok(edition.map(|edition| (flow, edition)));
        }
        let (mut flows, mut editions) = (Vec::new(), Vec::new());
        for flow in snapshot.flows_of(self.app.id) {
            if let Some(edition) = self.runnable(flow, draft).await? {
                flows.push(flow.clone());
                editions.push(edition);
            }
        }
        let chosen = self.desk.choose(&self.app, text, &editions).await;
        Ok(chosen.map(|number| (flows.swap_remove(number), editions.swap_remove(number))))
    }

    /// The version of a flow that runs; one that is not published or cannot be read runs for nobody, and
    /// keeps no other from running.
    async fn runnable(
        &self,
        flow: &StoredFlow,
        draft: bool,
    ) -> Result<Option<Arc<Edition>>, ConversationError> {
        match self.desk.running_edition(flow, draft).await {
            Ok(edition) => Ok(Some(edition)),
            Err(FlowError::NotPublished(_) | FlowError::NoVersion { .. }) => Ok(None),
            Err(FlowError::Load(error @ LoadError::Row { .. })) => {
                tracing::error!(flow = %flow.id, %error, "a flow cannot run");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The user's message to the run that is under way.
    pub(super) fn go_on(&mut self, active: Active, text: &str) -> Option<Next> {
        self.active = Some(active);
        self.advance(Input::Message(text))
    }

    pub(super) async fn pick(&mut self, pick: &Pick) -> Option<Next> {
        let edition = Arc::clone(&self.active.as_ref()?.edition);
        let picked = self.desk.pick(&self.app, &edition, pick).await;
        self.wait_is_over();
        self.advance(Input::Picked(&picked))
    }

    /// Calls the business; the run is on the disk as `calling`.
    pub(super) async fn call(&mut self, node: usize, values: &[(String, String)]) -> Option<Next> {
        let edition = Arc::clone(&self.active.as_ref()?.edition);
        let mut made = self.desk.invoke(&self.app, &edition, node, values).await;
        self.wait_is_over();
        let fits = made.values.as_ref().is_none_or(|values| self.fits(values));
        if !fits {
            made.values = None;
            made.seen.failure = Some(TOO_LARGE.to_string());
            let limit = self.desk.options().variables_bytes;
            made.seen.detail = Some(format!(
                "the session's variables would be above {limit} bytes"
            ));
        }
        if let Some(failure) = &made.seen.failure {
            metrics::counter!("ringback_desk_call_failures_total").increment(1);
            tracing::debug!(app = %self.app.sdk_app_id, failure, "the call of a node failed");
        }
        self.call = Some(made.seen);
        match &made.values {
            Some(values) => self.advance(Input::Answered(values)),
            None => self.advance(Input::Failed),
        }
    }

    /// Whether a session may hold what it has with these values.
    fn fits(&self, values: &[(String, String)]) -> bool {
        let held = &self.conversation.variables;
        let replaced = values
            .iter()
            .filter_map(|(name, _)| Some(name.len() + held.get(name)?.len()));
        let more = values.iter().map(|(name, value)| name.len() + value.len());
        let size = size_of(held) + more.sum::<usize>();
        size <= self.desk.options().variables_bytes + replaced.sum::<usize>()
    }

    /// The business was called, and what it answered is not known.
    pub(super) fn interrupted(&mut self) -> Option<Next> {
        self.call = Some(CallSeen {
            event: None,
            delivery: None,
            cost_ms: 0,
            attempts: 1,
            inputs: Vec::new(),
            outputs: Vec::new(),
            failure: Some(INTERRUPTED.to_string()),
            detail: Some(
                "the answer is not known: the process ended, or it could not be written".to_owned(),
            ),
        });
        self.advance(Input::Failed)
    }

    fn advance(&mut self, input: Input<'_>) -> Option<Next> {
        let active = self.active.as_mut()?;
        let variables = &mut self.conversation.variables;
        let advanced =
            active
                .stored
                .run
                .advance(&active.edition.flow, variables, &self.system, input);
        let Ok(advance) = advanced else {
            // A run in the store fits its version, unless somebody has changed the rows by hand.
            tracing::error!(run = %active.stored.id, "a run does not fit its flow; it is over");
            let text = self.app.settings.fallback().to_owned();
            self.robot("fallback", text, Vec::new());
            self.end_run(RunEnding::Broken);
            return None;
        };
        Some(self.take_in(advance))
    }

    /// Takes in what happened: messages, steps, and what the business is told of them.
    fn take_in(&mut self, advance: Advance) -> Next {
        let mut odd = Vec::new();
        for happening in advance.happened {
            match happening {
                Happening::Odd { name, oddity, .. } => {
                    odd.push(format!("{name}: {}", oddity.as_str()));
                }
                other => self.take_in_one(other),
            }
        }
        self.note_odd(&odd);
        if let Some(active) = &mut self.active {
            active.stored.state = match advance.next {
                Next::User | Next::Pick(_) => RunState::Waiting,
                Next::Call { .. } => RunState::Calling,
                Next::Over(_) => RunState::Over,
            };
        }
        advance.next
    }

    fn take_in_one(&mut self, happening: Happening) {
        let Some(active) = &self.active else {
            return;
        };
        match happening {
            Happening::Said {
                speech,
                text,
                choices,
                ..
            } => {
                let message_type = speech.message_type(kind_of(&active.edition));
                let text = text.unwrap_or_else(|| self.app.settings.connecting().to_owned());
                self.robot(message_type, text, choices);
            }
            Happening::FellBack { .. } => {
                let text = self.app.settings.fallback().to_owned();
                self.robot("fallback", text, Vec::new());
            }
            Happening::Passed { node, next } => self.passed(node, next),
            Happening::Odd { .. } => {}
        }
    }

    /// One line of the log for one answer, however odd it is.
    fn note_odd(&self, odd: &[String]) {
        if let (Some(active), false) = (&self.active, odd.is_empty()) {
            let (count, first) = (odd.len(), odd[..odd.len().min(ODD_NAMES)].join(", "));
            tracing::warn!(run = %active.stored.id, count, first, "an answer has other variables than its node lists");
        }
    }

    fn passed(&mut self, node: usize, next: Option<usize>) {
        let settings = &self.app.settings;
        let starts = self
            .active
            .as_ref()
            .is_some_and(|active| active.edition.flow.start() == node);
        let event = match next {
            _ if starts => TASK_BEGIN,
            None => &settings.end_event,
            Some(_) => &settings.step_event,
        };
        let event = event.to_owned();
        self.step(&event, node, next);
    }

    /// One step of the run, which the business is told.
    fn step(&mut self, event: &str, node: usize, next: Option<usize>) {
        let now = self.at;
        let Some(active) = &mut self.active else {
            return;
        };
        active.stored.seq += 1;
        let flow = &active.edition.flow;
        let (node, next) = (flow.node(node), next.map(|next| flow.node(next)));
        let settings = &self.app.settings;
        let environment = if self.conversation.draft {
            &settings.draft_environment
        } else {
            &settings.environment
        };
        let passed = Passed {
            event,
            seq: active.stored.seq,
            environment,
            node_id: &node.id,
            node_name: node.shown_name(),
            next_node_id: next.map(|next| next.id.as_str()),
        };
        let (run, flow) = (&active.stored, &active.flow);
        let told = self
            .desk
            .flow_event(&self.app, &self.conversation, flow, run, &passed);
        self.arrivals.extend(told);
        self.steps.push(Step {
            seq: active.stored.seq,
            node: node.id.clone(),
            next: next.map(|next| next.id.clone()),
            at: now,
            call: self.call.take(),
        });
        metrics::counter!("ringback_desk_steps_total").increment(1);
    }

    /// Ends the run where it stands, because its conversation is closed.
    pub(super) fn break_off(&mut self) {
        let stands_at = |active: &Active| active.edition.flow.number_of(active.stored.run.at());
        if let Some(node) = self.active.as_ref().and_then(stands_at) {
            let event = self.app.settings.end_event.clone();
            self.step(&event, node, None);
        }
        self.end_run(RunEnding::Closed);
    }

    pub(super) fn end_run(&mut self, ending: RunEnding) {
        let now = self.at;
        let Some(active) = &mut self.active else {
            return;
        };
        active.stored.state = RunState::Over;
        active.stored.ending = Some(ending);
        active.stored.ended_at = Some(now);
        self.conversation.run = None;
        metrics::counter!("ringback_desk_runs_total", "ending" => ending.as_str()).increment(1);
    }
}
