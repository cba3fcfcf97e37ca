//! The call of an API-call node, against a bare hyper client that posts the same bytes to the same bare
//! business server: alone inside this process, alone through the management API, and as part of a turn.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use serde_json::json;

use super::inside::{self, Inside, Node};
use super::log::{Kept, Log};
use super::room::{self, Room};
use crate::load::{Post, closed_loop, hyper_client, many};
use crate::process::Bare;
use crate::report::{Report, Rounds};
use crate::scenarios::{Bench, micros};
use crate::servers;

const APP: &str = "1400000001";
const CALL: &str = "/api/v1/desk/apps/1400000001/flows/calls/nodes/call/call";
/// More than are under way at once, so that no turn waits for another of its conversation.
const CONVERSATIONS: usize = 1_024;

/// Figures of all rounds, per second but for the processor time.
#[derive(Default)]
struct Figures {
    bare: Rounds,
    inside: Rounds,
    through: Rounds,
    turns: Rounds,
    /// Of one turn, in microseconds.
    processor: Rounds,
    inside_kept: Kept,
    through_kept: Kept,
    turns_kept: Kept,
}

pub(in crate::scenarios) async fn run(bench: &mut Bench<'_>) -> Result<()> {
    let business = Bare::start("business").await?;
    let url = format!("http://{}/order-status", business.address);
    let inside = Inside::open(&room::app(APP, &json!({}))).await?;
    let bytes = of_a_call(&inside).await?;
    inside.publish(APP, &room::calling("calls", &url)).await?;
    inside::call(inside.router.clone(), CALL.to_owned()).await?;
    let room = Room::open(bench).await?;
    room.app(APP, &json!({})).await?;
    room.publish(APP, room::calling("calls", &url)).await?;
    let conversations = room.converse(APP, CONVERSATIONS).await?;
    let (mut ours, mut theirs) = (
        Log::of(inside.database()),
        Log::of(room.ringback.database()),
    );
    ours.settle(&mut Kept::default(), 0).await?;
    theirs.settle(&mut Kept::default(), 0).await?;
    let node = Node::last_called(&inside)?;
    let mut figures = Figures::default();
    for _ in 0..bench.arguments.rounds {
        let (total, at_once) = (bench.arguments.events, bench.arguments.connections);
        let bare = hyper_client(business.address, &bytes, total, at_once).await?;
        figures.bare.push(bare);
        let node = node.clone();
        let call = move || node.clone().call();
        figures.inside.push(many(total, at_once, call).await?);
        ours.settle(&mut figures.inside_kept, total).await?;
        figures
            .over_http(&room, &conversations, &mut theirs, total, at_once)
            .await?;
    }
    inside.close().await;
    room.ringback.stop().await?;
    figures.report(&mut bench.report);
    Ok(())
}

impl Figures {
    /// The call alone, and turns with a call, of the binary.
    async fn over_http(
        &mut self,
        room: &Room,
        conversations: &[String],
        log: &mut Log,
        total: usize,
        at_once: usize,
    ) -> Result<()> {
        let ringback = &room.ringback;
        let load = Arc::new(vec![room.request(CALL, &json!({})); total]);
        let outcome = closed_loop(ringback.address, &load, at_once).await?;
        self.through.push(outcome.rate());
        log.settle(&mut self.through_kept, total).await?;

        let load = room.turns(conversations, total / 2);
        let before = ringback.processor_time()?;
        let outcome = closed_loop(ringback.address, &load, at_once).await?;
        self.turns.push(outcome.rate());
        log.settle(&mut self.turns_kept, load.len()).await?;
        let used = ringback.processor_time()?.saturating_sub(before);
        self.processor.push(micros(used, load.len()));
        Ok(())
    }

    fn report(&self, report: &mut Report) {
        for (what, rounds, aim) in [
            (
                "call of a node by the engine, in one process",
                &self.inside,
                "≥ 0.35",
            ),
            (
                "call of a node through the management API",
                &self.through,
                "",
            ),
            ("turn of a conversation with one call", &self.turns, ""),
        ] {
            let what = format!("desk: {what} / a bare hyper client that posts the same bytes");
            report.ratio(&what, rounds, &self.bare, aim);
        }
        for (what, kept) in [
            ("in one process", &self.inside_kept),
            ("through the management API", &self.through_kept),
            ("in turns", &self.turns_kept),
        ] {
            let what = format!("desk: of these calls in the log, {what}");
            report.line(what, kept.shares(), "");
        }
        let figure = format!("{:.0} µs", self.processor.median());
        report.line(
            "desk: Ringback's processor time per turn with a call",
            figure,
            "",
        );
    }
}

/// What a call posts, as a business got it.
async fn of_a_call(inside: &Inside) -> Result<Post> {
    let last: Arc<Mutex<Option<Post>>> = Arc::default();
    let address = servers::serve(servers::remembering(&last)).await?;
    let url = format!("http://{address}/order-status");
    inside.publish(APP, &room::calling("calls", &url)).await?;
    inside::call(inside.router.clone(), CALL.to_owned()).await?;
    let got = last.lock().unwrap_or_else(PoisonError::into_inner).take();
    got.context("the call of a node")
}
