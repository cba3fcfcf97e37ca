//! The call of an API-call node: `Chatbot.InterfaceInvocation` (sections 2.4 to 2.7).

use std::time::Duration;

use ringback_deliver::{Call, CallOutcome};
use ringback_dialect::desk::{Command, body, read_invocation_answer};
use ringback_flow::NodeKind;
use ringback_types::{Coded as _, Deadline};
use serde_json::json;

use crate::app::App;
use crate::conversation::CallSeen;
use crate::desk::Desk;
use crate::library::Edition;
use crate::resolve::NODE_HEADER;

/// What a step keeps of the values that were sent and answered: some of them, and their beginning.
const SEEN_VALUES: usize = 50;
const SEEN_CHARACTERS: usize = 200;

/// What became of the call of a node.
pub(crate) struct Invocation {
    /// The session variables of the answer, or nothing when it failed.
    pub(crate) values: Option<Vec<(String, String)>>,
    /// What is kept of it beside the step.
    pub(crate) seen: CallSeen,
}

impl Desk {
    /// Calls the interface that stands in the node, as often as the node allows.
    pub(crate) async fn invoke(
        &self,
        app: &App,
        edition: &Edition,
        node: usize,
        values: &[(String, String)],
    ) -> Invocation {
        let (deadline_ms, retries) = match &edition.flow.node(node).kind {
            NodeKind::ApiCall(call) => (call.deadline_ms, call.retries),
            _ => (None, 0),
        };
        let deadline = Duration::from_millis(deadline_ms.unwrap_or(app.settings.call_deadline_ms));
        let mut seen = CallSeen {
            event: None,
            delivery: None,
            cost_ms: 0,
            attempts: 0,
            inputs: shortened(values),
            outputs: Vec::new(),
            failure: None,
            detail: None,
        };
        loop {
            seen.attempts += 1;
            let outcome = self.call_node(app, edition, node, values, deadline).await;
            let answered = note(&mut seen, &outcome);
            if answered.is_some() || seen.attempts > u32::from(retries) {
                seen.outputs = answered.as_deref().map(shortened).unwrap_or_default();
                return Invocation {
                    values: answered,
                    seen,
                };
            }
        }
    }

    async fn call_node(
        &self,
        app: &App,
        edition: &Edition,
        node: usize,
        values: &[(String, String)],
        deadline: Duration,
    ) -> CallOutcome {
        let values: Vec<(&str, &str)> = values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let body = body::InterfaceInvocation {
            values: &values,
            event_time: self.wire_now(),
        };
        let from = format!(
            "{}/{}/{}",
            edition.id,
            edition.version,
            edition.flow.node(node).id
        );
        let call = Call {
            source: app.source,
            event_type: Command::InterfaceInvocation.as_str().to_owned(),
            app: Some(app.sdk_app_id.clone()),
            headers: Some(json!({ NODE_HEADER: from }).to_string()),
            body: body.to_bytes(),
            raw: None,
            endpoint: app.endpoints.invocation,
            deadline: Deadline::after(deadline),
            permit: None,
        };
        self.engine().call(call).await
    }
}

/// Notes what became of one attempt, and answers its values where there are any.
fn note(seen: &mut CallSeen, outcome: &CallOutcome) -> Option<Vec<(String, String)>> {
    seen.event = Some(outcome.event);
    seen.delivery = Some(outcome.delivery);
    seen.cost_ms += u64::try_from(outcome.duration.as_millis()).unwrap_or(u64::MAX);
    let failure = match &outcome.result {
        Ok(answer) => match read_invocation_answer(answer) {
            Ok(answer) => {
                (seen.failure, seen.detail) = (None, None);
                return Some(without_nul(answer.values));
            }
            Err(failure) => (failure.code().to_string(), failure.to_string()),
        },
        Err(error) => (error.code.to_string(), error.detail.clone()),
    };
    (seen.failure, seen.detail) = (Some(failure.0), Some(failure.1));
    None
}

/// The store keeps no text with a NUL in it.
fn without_nul(values: Vec<(String, String)>) -> Vec<(String, String)> {
    let clean = |text: String| {
        if text.contains('\0') {
            text.replace('\0', "")
        } else {
            text
        }
    };
    let values = values.into_iter();
    values
        .map(|(name, value)| (clean(name), clean(value)))
        .collect()
}

fn shortened(values: &[(String, String)]) -> Vec<(String, String)> {
    let short = |text: &String| text.chars().take(SEEN_CHARACTERS).collect();
    let first = values.iter().take(SEEN_VALUES);
    first
        .map(|(name, value)| (short(name), short(value)))
        .collect()
}
