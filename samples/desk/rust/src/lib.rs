//! What a business runs so that a Tencent Desk bot can ask for the state of an order.
//!
//! An API-call node of a task flow posts `Chatbot.InterfaceInvocation` to `/order-status` and waits for
//! the answer's variables; `/notifications` acknowledges what only tells of a run or a session. It uses
//! nothing of Ringback, so that it can be copied and changed. `../python/order_status.py` is the same
//! program again, and one table of tests holds both to the same answers.

mod answer;
mod callback;
mod notifications;
mod order_status;
mod settings;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};

pub use crate::settings::{Settings, listen_address};

use crate::notifications::Seen;

/// What every request needs.
#[derive(Debug)]
struct App {
    settings: Settings,
    seen: Mutex<Seen>,
}

/// The interface; notices are printed on stdout, refusals on stderr, one line each.
pub fn router(settings: Settings) -> Router {
    let app = App {
        settings,
        seen: Mutex::default(),
    };
    Router::new()
        .route("/order-status", post(order_status::tell))
        .route("/notifications", post(notifications::take))
        .route("/healthz", get(async || "ok"))
        .with_state(Arc::new(app))
}

/// Says something that is no data.
fn eprint(text: &dyn Display) {
    // Where nobody reads there is nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
}
