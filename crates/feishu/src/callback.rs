//! Callbacks: a person clicks, the app's server answers on the spot, the client shows what came of it
//! (section 4.4).

use std::collections::BTreeMap;

use ringback_deliver::{Call, CallError};
use ringback_dialect::feishu::{CardGeneration, check_callback_answer};
use ringback_types::{Coded, Deadline, DeliveryId, EventId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::app::{App, CALLBACKS};
use crate::error::CallbackError;
use crate::feishu::Feishu;
use crate::resolve::NO_CALLBACK_URL;
use crate::trigger::Template;

/// Where a call keeps the schema of the card that was clicked, for the log.
const CARD_SCHEMA_HEADER: &str = "feishu-card-schema";

/// A callback to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallbackRequest {
    /// `card.action.trigger` or `url.preview.get`.
    #[serde(rename = "type")]
    pub callback: String,
    /// Members of `event` to replace, as for a trigger.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
    /// The `event` object, or a whole body, instead of the fixture.
    #[serde(default)]
    pub body: Option<Value>,
    /// The schema of the card that was clicked, `1.0` or `2.0`; the answer may not change it.
    #[serde(default)]
    pub card_schema: Option<String>,
}

/// What came of a callback.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CallbackOutcome {
    /// What the client shows; 0 when all is well.
    pub client_code: u32,
    /// What that means.
    pub client_message: &'static str,
    /// The answer, where it can be used; `null` for an empty one, which means no change.
    pub answer: Option<Value>,
    /// Status of the answer, if one came.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub cost_ms: u64,
    /// The precise cause, when all is not well.
    pub cause: Option<Cause>,
    /// The platform's id of it.
    pub event_id: String,
    /// Ringback's id of it.
    #[schema(value_type = String)]
    pub event: EventId,
    /// Its delivery in the log.
    #[schema(value_type = String)]
    pub delivery: DeliveryId,
}

/// The precise cause of a failure.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Cause {
    /// Its stable name.
    pub code: String,
    /// What happened.
    pub message: String,
    /// The sentence that fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Cause {
    fn of(error: &impl Coded) -> Self {
        Self {
            code: error.code().to_string(),
            message: error.to_string(),
            hint: error.hint().map(std::borrow::Cow::into_owned),
        }
    }
}

macro_rules! client_codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $message:literal;)*) => {
        /// What the client shows its user after a callback (section 4.4).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ClientCode { $($(#[$doc])* $variant,)* }

        impl ClientCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number that the client shows.
            pub const fn number(self) -> u32 {
                match self { $(Self::$variant => $number,)* }
            }

            /// What it means.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }
        }
    };
}

client_codes! {
    /// All is well.
    Fine = 0, "ok";
    /// An error of the platform itself; here: the exchange broke off in a way that has no code.
    Internal = 200_080, "internal error";
    /// The app has no callback request URL.
    NotConfigured = 200_340, "no callback request URL is configured";
    /// No answer inside the deadline.
    Late = 200_341, "no answer in time";
    /// The server cannot be connected to.
    NotConnected = 200_342, "the TCP connection failed";
    /// The server's name cannot be resolved.
    NotResolved = 200_343, "the name could not be resolved";
    /// A status other than 200.
    Status = 200_671, "the answer has a status other than 200";
    /// The answer is malformed.
    Malformed = 200_672, "the answer is malformed";
    /// The card in the answer is invalid.
    CardInvalid = 200_673, "the card in the answer is invalid";
    /// A card of schema 2.0 was answered with one of schema 1.0, or the other way round.
    CardGeneration = 200_830, "the card in the answer is of another schema";
}

impl ClientCode {
    /// What the client shows for a failure of this stable code; the log derives it from there.
    pub fn of_failure(code: &str) -> Self {
        match code {
            NO_CALLBACK_URL => Self::NotConfigured,
            "transport.late" => Self::Late,
            "transport.dns" => Self::NotResolved,
            "transport.connect_refused"
            | "transport.connect_timeout"
            | "transport.connect"
            | "transport.refused_by_guard"
            | "transport.tls" => Self::NotConnected,
            "call.status" => Self::Status,
            "call.malformed" => Self::Malformed,
            "call.card_invalid" => Self::CardInvalid,
            "call.card_generation" => Self::CardGeneration,
            _ => Self::Internal,
        }
    }
}

/// What the client shows for a recorded callback.
pub(crate) fn recorded_code(
    callback: &str,
    headers: Option<&str>,
    failure: Option<&str>,
    answer: Option<&[u8]>,
) -> ClientCode {
    if let Some(code) = failure {
        return ClientCode::of_failure(code);
    }
    let generation = headers.and_then(recorded_generation);
    match check_callback_answer(callback, answer.unwrap_or_default(), generation) {
        Ok(()) => ClientCode::Fine,
        Err(failure) => ClientCode::of_failure(failure.code().as_str()),
    }
}

fn recorded_generation(headers: &str) -> Option<CardGeneration> {
    let headers: Value = serde_json::from_str(headers).ok()?;
    generation_of(headers.get(CARD_SCHEMA_HEADER)?.as_str()?)
}

fn generation_of(schema: &str) -> Option<CardGeneration> {
    match schema {
        "1.0" => Some(CardGeneration::One),
        "2.0" => Some(CardGeneration::Two),
        _ => None,
    }
}

impl Feishu {
    /// Sends one callback and says what the client would show.
    pub async fn callback(
        &self,
        app_id: &str,
        request: CallbackRequest,
    ) -> Result<CallbackOutcome, CallbackError> {
        let app = self.app(app_id).map_err(crate::TriggerError::from)?;
        may_call(&app, &request.callback)?;
        let template = Template::of(&request.callback, None, request.body.as_ref())?;
        let made = template.make(self, &app, &request.set)?;
        let deadline = Duration::from_millis(app.settings.callback.deadline_ms);
        let call = Call {
            source: app.source,
            event_type: made.event_type,
            app: Some(app.app_id.clone()),
            headers: request
                .card_schema
                .as_ref()
                .map(|schema| json!({ CARD_SCHEMA_HEADER: schema }).to_string()),
            body: made.body,
            raw: None,
            endpoint: app.callback_endpoint,
            deadline: Deadline::after(deadline),
            permit: None,
        };
        let outcome = self.engine().call(call).await;
        let generation = request.card_schema.as_deref().and_then(generation_of);
        let (code, answer, cause) = match &outcome.result {
            Ok(body) => judged(&request.callback, body, generation),
            Err(error) => failed(error),
        };
        metrics::counter!("ringback_feishu_callbacks_total", "client_code" => code.number().to_string())
            .increment(1);
        Ok(CallbackOutcome {
            client_code: code.number(),
            client_message: code.message(),
            answer,
            status: outcome.status,
            cost_ms: u64::try_from(outcome.duration.as_millis()).unwrap_or(u64::MAX),
            cause,
            event_id: made.event_id,
            event: outcome.event,
            delivery: outcome.delivery,
        })
    }
}

fn may_call(app: &App, callback: &str) -> Result<(), CallbackError> {
    if !CALLBACKS.contains(&callback) {
        return Err(CallbackError::Unknown(callback.chars().take(64).collect()));
    }
    if !app.callbacks.contains(callback) {
        return Err(CallbackError::NotSubscribed {
            app_id: app.app_id.clone(),
            callback: callback.to_owned(),
        });
    }
    Ok(())
}

type Judged = (ClientCode, Option<Value>, Option<Cause>);

/// The engine has judged all but the card's schema, which it does not know.
fn judged(callback: &str, body: &[u8], generation: Option<CardGeneration>) -> Judged {
    match check_callback_answer(callback, body, generation) {
        Ok(()) => (ClientCode::Fine, serde_json::from_slice(body).ok(), None),
        Err(failure) => {
            let code = ClientCode::of_failure(failure.code().as_str());
            (code, None, Some(Cause::of(&failure)))
        }
    }
}

fn failed(error: &CallError) -> Judged {
    (
        ClientCode::of_failure(error.code.as_str()),
        None,
        Some(Cause::of(error)),
    )
}
