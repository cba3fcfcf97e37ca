//! Callbacks made on purpose: from a fixture or a given body, sent like any other.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use ringback_deliver::{Arrival, Call};
use ringback_dialect::desk::Command;
use ringback_types::{Code, Deadline, DeliveryId, EventId, set_member};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::{App, UrlUse};
use crate::desk::Desk;
use crate::error::TriggerError;
use crate::fixture::Fixture;

/// A callback to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeskTrigger)]
pub struct Trigger {
    /// Its command, such as `Bot.OnC2CMessage`.
    #[serde(rename = "type")]
    #[schema(example = "Bot.OnC2CMessage")]
    pub command: String,
    /// Members of the body to replace: dotted path to value.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
    /// The whole body instead of the fixture.
    #[serde(default)]
    pub body: Option<Value>,
    /// How many to make; of calls only one.
    #[serde(default = "one")]
    pub count: u32,
}

fn one() -> u32 {
    1
}

/// A notification that was made; it is on the disk and on its way.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskTriggered)]
pub struct Triggered {
    /// `RequestID`, where the command has one; else only what Ringback keeps it apart by.
    pub request_id: String,
    /// Ringback's id of it.
    #[schema(value_type = String)]
    pub event: EventId,
    /// Its delivery.
    #[schema(value_type = Option<String>)]
    pub delivery: Option<DeliveryId>,
}

/// What came of a call.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeskCallOutcome)]
pub struct CallView {
    /// The answer, where it can be used.
    pub answer: Option<Value>,
    /// Status of the answer, if one came.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub cost_ms: u64,
    /// The stable name of what failed.
    #[schema(value_type = Option<String>)]
    pub code: Option<Code>,
    /// What happened then.
    pub message: Option<String>,
    /// Ringback's id of it.
    #[schema(value_type = String)]
    pub event: EventId,
    /// Its delivery in the log.
    #[schema(value_type = String)]
    pub delivery: DeliveryId,
}

/// The commands that can be made on purpose; the others come of conversations.
pub(crate) const TRIGGERED: [Command; 7] = [
    Command::TaskFlowEventNotify,
    Command::SessionEventNotify,
    Command::OnAssignHuman,
    Command::OnAssignAgent,
    Command::OnC2CSignalMessage,
    Command::OnC2CMessage,
    Command::OnGroupMessage,
];

fn use_of(command: Command) -> Option<UrlUse> {
    match command {
        // Its URL stands in a node: `…/flows/{name}/nodes/{node}/call` makes it.
        Command::InterfaceInvocation => None,
        Command::TaskFlowEventNotify => Some(UrlUse::FlowEvents),
        Command::SessionEventNotify => Some(UrlUse::SessionEvents),
        Command::OnAssignHuman | Command::OnAssignAgent => Some(UrlUse::Assign),
        Command::OnC2CSignalMessage | Command::OnC2CMessage | Command::OnGroupMessage => {
            Some(UrlUse::Webhook)
        }
    }
}

impl Desk {
    /// Makes notifications and hands them to the engine; answers once they are on the disk.
    pub(crate) async fn trigger(
        &self,
        sdk_app_id: &str,
        trigger: Trigger,
    ) -> Result<Vec<Triggered>, TriggerError> {
        let app = self.app(sdk_app_id)?;
        let (command, _) = may_trigger(&app, &trigger, false)?;
        let limit = self.options().trigger_limit;
        if !(1..=limit).contains(&trigger.count) {
            return Err(TriggerError::Count(limit));
        }
        let mut triggered = Vec::new();
        for _ in 0..trigger.count {
            let request_id = self.uuid();
            let arrival = Arrival {
                id: None,
                source: app.source,
                event_type: command.as_str().to_owned(),
                app: Some(app.sdk_app_id.clone()),
                dedupe_key: Some(request_id.clone()),
                order_key: None,
                headers: None,
                body: self.made(&app, command, &trigger)?,
                raw: None,
                alongside: Vec::new(),
            };
            let receipt = self.engine().accept(arrival).await?;
            triggered.push(Triggered {
                request_id,
                event: receipt.event,
                delivery: receipt.deliveries.first().map(|(delivery, _)| *delivery),
            });
        }
        Ok(triggered)
    }

    /// Makes one call and says what came of it.
    pub(crate) async fn trigger_call(
        &self,
        sdk_app_id: &str,
        trigger: Trigger,
    ) -> Result<CallView, TriggerError> {
        let app = self.app(sdk_app_id)?;
        let (command, which) = may_trigger(&app, &trigger, true)?;
        let call = Call {
            source: app.source,
            event_type: command.as_str().to_owned(),
            app: Some(app.sdk_app_id.clone()),
            headers: None,
            body: self.made(&app, command, &trigger)?,
            raw: None,
            endpoint: app.endpoints.of(which),
            deadline: Deadline::after(Duration::from_millis(app.settings.call_deadline_ms)),
            permit: None,
        };
        let outcome = self.engine().call(call).await;
        let (answer, failure) = match outcome.result {
            Ok(answer) => (serde_json::from_slice(&answer).ok(), None),
            Err(error) => (None, Some(error)),
        };
        Ok(CallView {
            answer,
            status: outcome.status,
            cost_ms: u64::try_from(outcome.duration.as_millis()).unwrap_or(u64::MAX),
            code: failure.as_ref().map(ringback_types::Coded::code),
            message: failure.map(|error| error.to_string()),
            event: outcome.event,
            delivery: outcome.delivery,
        })
    }

    fn made(&self, app: &App, command: Command, trigger: &Trigger) -> Result<Bytes, TriggerError> {
        let fixture = || {
            let fixture = Fixture::new(self, app).body(command).unwrap_or_default();
            serde_json::from_slice(&fixture).map_err(|_| TriggerError::NotAnObject)
        };
        let mut body = trigger.body.clone().map_or_else(fixture, Ok)?;
        if !body.is_object() {
            return Err(TriggerError::NotAnObject);
        }
        for (path, value) in &trigger.set {
            let set = set_member(&mut body, path, value);
            set.map_err(|reason| TriggerError::Path {
                path: path.clone(),
                reason,
            })?;
        }
        Ok(Bytes::from(body.to_string()))
    }
}

fn may_trigger(
    app: &App,
    trigger: &Trigger,
    call: bool,
) -> Result<(Command, UrlUse), TriggerError> {
    let unknown = || TriggerError::Unknown(trigger.command.chars().take(64).collect());
    let command = Command::parse(&trigger.command)
        .filter(|command| command.is_call() == call)
        .ok_or_else(unknown)?;
    let which = use_of(command).ok_or_else(unknown)?;
    if !app.urls.contains_key(&which) {
        return Err(TriggerError::NoUrl {
            sdk_app_id: app.sdk_app_id.clone(),
            which,
        });
    }
    Ok((command, which))
}
