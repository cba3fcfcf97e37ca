//! The run of a talk: begun, gone on with, ended.

use std::sync::Arc;

use ringback_flow::{Advance, Happening, Input, Next, Pick, Run};
use ringback_types::Code;

use super::{Active, Talk};
use crate::conversation::{CallSeen, RunEnding, RunState, Step, StoredRun};
use crate::error::{ConversationError, FlowError};
use crate::flows::{StoredFlow, kind_of};
use crate::library::Edition;
use crate::notices::{Passed, TASK_BEGIN};
use crate::records;

/// Why a call counts as failed when the process ended before its answer was known.
const INTERRUPTED: Code = Code::new("desk.interrupted");
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
        stored.ended_at = Some(self.now());
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
            started_at: self.now(),
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
            let edition = self.desk.running_edition(&flow, draft).await?;
            return Ok(Some((flow, edition)));
        }
        let (mut flows, mut editions) = (Vec::new(), Vec::new());
        for flow in snapshot.flows_of(self.app.id) {
            match self.desk.running_edition(flow, draft).await {
                Ok(edition) => {
                    flows.push(flow.clone());
                    editions.push(edition);
                }
                Err(FlowError::NotPublished(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let chosen = self.desk.choose(&self.app, text, &editions).await;
        Ok(chosen.map(|number| (flows.swap_remove(number), editions.swap_remove(number))))
    }

    /// The user's message to the run that is under way.
    pub(super) fn go_on(&mut self, active: Active, text: &str) -> Option<Next> {
        self.active = Some(active);
        self.advance(Input::Message(text))
    }

    pub(super) async fn pick(&mut self, pick: &Pick) -> Option<Next> {
        let edition = Arc::clone(&self.active.as_ref()?.edition);
        let picked = self.desk.pick(&self.app, &edition, pick).await;
        self.advance(Input::Picked(&picked))
    }

    /// Calls the business; the run is on the disk as `calling`.
    pub(super) async fn call(&mut self, node: usize, values: &[(String, String)]) -> Option<Next> {
        let edition = Arc::clone(&self.active.as_ref()?.edition);
        let mut made = self.desk.invoke(&self.app, &edition, node, values).await;
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
        let size = |(name, value): (&String, &String)| name.len() + value.len();
        let held: usize = self.conversation.variables.iter().map(size).sum();
        let more: usize = values.iter().map(|(name, value)| size((name, value))).sum();
        held + more <= self.desk.options().variables_bytes
    }

    /// The process ended while the business was called.
    pub(super) fn interrupted(&mut self) -> Option<Next> {
        self.call = Some(CallSeen {
            event: None,
            delivery: None,
            cost_ms: 0,
            attempts: 1,
            inputs: Vec::new(),
            outputs: Vec::new(),
            failure: Some(INTERRUPTED.to_string()),
            detail: Some("the process ended before the answer was known".to_owned()),
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
        for happening in advance.happened {
            self.take_in_one(happening);
        }
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
            Happening::Odd { node, name, oddity } => {
                let node = &active.edition.flow.node(node).id;
                tracing::warn!(run = %active.stored.id, node, name, oddity = oddity.as_str(), "an answer is odd");
            }
        }
    }

    fn passed(&mut self, node: usize, next: Option<usize>) {
        let now = self.now();
        let Some(active) = &mut self.active else {
            return;
        };
        active.stored.seq += 1;
        let flow = &active.edition.flow;
        let (passed, next) = (flow.node(node), next.map(|next| flow.node(next)));
        let settings = &self.app.settings;
        let event = if node == flow.start() {
            TASK_BEGIN
        } else if next.is_none() {
            &settings.end_event
        } else {
            &settings.step_event
        };
        let told = self.desk.flow_event(
            &self.app,
            &self.conversation,
            &active.flow,
            &active.stored,
            &Passed {
                event,
                seq: active.stored.seq,
                environment: if self.conversation.draft {
                    &settings.draft_environment
                } else {
                    &settings.environment
                },
                node_id: &passed.id,
                node_name: passed.shown_name(),
                next_node_id: next.map(|next| next.id.as_str()),
            },
        );
        self.arrivals.extend(told);
        self.steps.push(Step {
            seq: active.stored.seq,
            node: passed.id.clone(),
            next: next.map(|next| next.id.clone()),
            at: now,
            call: self.call.take(),
        });
        metrics::counter!("ringback_desk_steps_total").increment(1);
    }

    pub(super) fn end_run(&mut self, ending: RunEnding) {
        let now = self.now();
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
