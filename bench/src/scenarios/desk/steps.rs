//! Steps of flows: turns that each pass eleven nodes, with and without notifications of each of them.

use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};

use super::room::{self, Room};
use crate::Arguments;
use crate::load::closed_loop;
use crate::process::Bare;
use crate::report::{Report, Rounds};
use crate::scenarios::{Bench, micros};
use crate::workload;

const QUIET: &str = "1400000001";
const TOLD: &str = "1400000002";
const CONVERSATIONS: usize = 1_024;
/// Conditions and replies of one turn, in pairs.
const PAIRS: usize = 5;
/// The nodes that a turn passes: the choice as well.
const STEPS: usize = 2 * PAIRS + 1;

/// Figures of all rounds, per second but for the processor time of a turn, in microseconds.
#[derive(Default)]
struct Figures {
    bare: Rounds,
    quiet: Rounds,
    told: Rounds,
    /// Notifications, from the first turn until all are delivered.
    delivered: Rounds,
    quiet_processor: Rounds,
    told_processor: Rounds,
}

pub(in crate::scenarios) async fn run(bench: &mut Bench<'_>) -> Result<()> {
    let (echo, business) = (Bare::start("echo").await?, Bare::start("business").await?);
    let room = Room::open(bench).await?;
    let target = format!("http://{}/told", business.address);
    room.app(QUIET, &json!({})).await?;
    room.app(TOLD, &json!({ "flow-events": target })).await?;
    for app in [QUIET, TOLD] {
        let flow = room::looping("steps", "if-0", pairs());
        room.publish(app, flow).await?;
    }
    let quiet = room.converse(QUIET, CONVERSATIONS).await?;
    let told = room.converse(TOLD, CONVERSATIONS).await?;
    let mut figures = Figures::default();
    for round in 0..bench.arguments.rounds {
        let Arguments {
            events,
            connections,
            ..
        } = *bench.arguments;
        let load = workload::events(echo.address, "/", &format!("{round:08x}"), events)?;
        let outcome = closed_loop(echo.address, &load, connections).await?;
        figures.bare.push(outcome.rate());
        figures
            .round(&room, &quiet, &told, connections, events / 10)
            .await?;
    }
    room.ringback.stop().await?;
    figures.report(&mut bench.report);
    Ok(())
}

impl Figures {
    /// The same turns in both apps, `at_once` under way.
    async fn round(
        &mut self,
        room: &Room,
        quiet: &[String],
        told: &[String],
        at_once: usize,
        turns: usize,
    ) -> Result<()> {
        let ringback = &room.ringback;
        let load = room.turns(quiet, turns);
        let before = ringback.processor_time()?;
        let outcome = closed_loop(ringback.address, &load, at_once).await?;
        let between = ringback.processor_time()?;
        self.quiet.push(outcome.rate());
        self.quiet_processor
            .push(micros(between.saturating_sub(before), turns));

        let load = room.turns(told, turns);
        let began = Instant::now();
        let outcome = closed_loop(ringback.address, &load, at_once).await?;
        let ended = room
            .management
            .wait_until_final(&ringback.database())
            .await?;
        let used = ringback.processor_time()?.saturating_sub(between);
        self.told.push(outcome.rate());
        self.told_processor.push(micros(used, turns));
        let notifications = (turns * STEPS) as f64;
        self.delivered
            .push(notifications / (ended - began).as_secs_f64());
        Ok(())
    }

    fn report(&self, report: &mut Report) {
        let line = "desk: turns of eleven nodes / bare axum echo";
        report.ratio(line, &self.quiet, &self.bare, "");
        let line = "desk: turns of eleven nodes, each notified / bare axum echo";
        report.ratio(line, &self.told, &self.bare, "");
        let steps = |rounds: &Rounds| rounds.median() * STEPS as f64;
        let (quiet, told) = (steps(&self.quiet), steps(&self.told));
        let figure = format!("{quiet:.0}/s; {told:.0}/s when each is notified");
        report.line("desk: node steps", figure, "");
        let (middle, low, high) = self.delivered.spread();
        let figure = format!("{middle:.0}/s [{low:.0}, {high:.0}]");
        let line = "desk: notifications of steps, from the first turn until all are delivered";
        report.line(line, figure, "");
        let (quiet, told) = (self.quiet_processor.median(), self.told_processor.median());
        let figure = format!("{quiet:.0} µs; {told:.0} µs with its notifications delivered");
        report.line(
            "desk: Ringback's processor time per turn of eleven nodes",
            figure,
            "",
        );
    }
}

/// Conditions that each lead to a reply, and the last reply back to the choice.
fn pairs() -> Vec<Value> {
    let pair = |number: usize| {
        let next = match number + 1 {
            PAIRS => "choose".to_owned(),
            next => format!("if-{next}"),
        };
        let say = format!("say-{number}");
        let when = json!({ "test": { "variable": "SystemChannelType", "operator": "equals", "value": "SDK" } });
        [
            json!({ "id": format!("if-{number}"), "type": "condition", "cases": [{ "when": when, "next": say }], "otherwise": "choose" }),
            json!({ "id": say, "type": "reply", "text": "This is for ${SystemClientUserID}.", "next": next }),
        ]
    };
    (0..PAIRS).flat_map(pair).collect()
}
