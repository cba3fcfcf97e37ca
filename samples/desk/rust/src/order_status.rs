//! The interface that an API-call node asks.

use axum::Json;
use serde::Serialize;
use serde_json::Value;

use crate::answer::{Answer, Refusal};
use crate::callback::{Callback, text};

const COMMAND: &str = "Chatbot.InterfaceInvocation";
/// The fixed input by which one address can serve several nodes; this is the only kind there is here.
const TYPE: &str = "1";

/// The node's output variables. All of them are always there: one that is missing may keep what an earlier
/// answer wrote, and the bot would tell of another order.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Variables {
    #[serde(rename = "OrderFound")]
    found: &'static str,
    #[serde(rename = "OrderStatus")]
    status: &'static str,
    #[serde(rename = "OrderEta")]
    eta: &'static str,
}

/// Answers at once and with the result: the flow waits for these variables, for two seconds at most.
pub(crate) async fn tell(callback: Callback) -> Result<Json<Answer>, Refusal> {
    callback.must_be(
        &[COMMAND],
        "CallbackCommand is not Chatbot.InterfaceInvocation",
    )?;
    let Some(Value::Object(inputs)) = callback.fields.get("Body") else {
        return Err(Refusal::Fail("Body is not an object"));
    };
    if text(inputs.get("type")) != TYPE {
        return Err(Refusal::Fail("type is not 1, the state of an order"));
    }
    let order_id = text(inputs.get("OrderID"));
    // The platform sends an empty string for what it did not collect.
    if order_id.is_empty() {
        return Err(Refusal::Fail("OrderID is missing or empty"));
    }
    Ok(Answer::ok(Some(look_up(&order_id))))
}

/// The example orders. They belong to anybody; a real shop also asks whether `SystemClientUserID` may see
/// this one, and answers as if it were not there when not.
fn look_up(order_id: &str) -> Variables {
    let (found, status, eta) = match order_id {
        "12345" => ("yes", "shipped", "tomorrow before 18:00"),
        "20001" => ("yes", "being packed", "in three days"),
        "30003" => ("yes", "delivered", ""),
        _ => ("no", "", ""),
    };
    Variables { found, status, eta }
}
