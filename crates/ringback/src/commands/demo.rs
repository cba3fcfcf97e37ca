//! `ringback demo`: the whole story over real HTTP on loopback, told step by step.
//!
//! One process plays the platforms, the receiver, an unreliable business behind it, a WeCom app's server and
//! a shop that a Desk bot asks; zone programs are processes of their own, of the same binary. Every number that is told was
//! measured; the exit status is 0 only if every step held.

mod business;
mod check;
mod desk;
mod scene;
mod story;
mod zone;

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use self::scene::Scene;
use self::story::STEPS;
use crate::failure::{Exit, Failure};
use crate::logging;
use crate::output::{Output, Style, Table};
use crate::server::Rehearsal;
use crate::server::signal::Signals;

/// Arguments of `ringback demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Stop after the last step
    #[arg(long)]
    once: bool,
}

/// A step of the story.
struct Step {
    title: &'static str,
    expected: &'static str,
    play: for<'a> fn(&'a mut Scene) -> Told<'a>,
}

/// What a step tells: what happened, or what broke.
type Told<'a> = std::pin::Pin<Box<dyn Future<Output = Result<String, Failure>> + Send + 'a>>;

/// How a step ended.
struct Ended {
    step: &'static Step,
    happened: Result<String, Failure>,
}

/// Plays the story; stays up afterwards unless `--once`.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<ExitCode, Failure> {
    let log = crate::config::Log {
        level: "error".to_owned(),
        ..Default::default()
    };
    logging::start(&log)?;
    let rehearsal = Rehearsal {
        listen: ([127, 0, 0, 1], 0).into(),
        data: None,
        seed: None,
        virtual_clock: true,
    };
    let signals = Signals::new()?;
    let local = rehearsal.start().await?;
    let ready = local.ready().await?;
    local.program_up().await;
    let mut scene = Scene::set(&ready, local.directory(), output).await?;
    if !output.is_json() {
        output.line("ringback plays platform, receiver and business over HTTP on this machine;");
        output.line("schedule time is virtual, every other number is measured");
    }
    let mut ended = Vec::new();
    for (step, number) in STEPS.iter().chain(zone::STEPS).chain(desk::STEPS).zip(1..) {
        ended.push(play(&mut scene, step, number).await);
    }
    close(output, &ended);
    if arguments.once {
        local.stop().await?;
    } else {
        stay_up(output, &ready.url, &ready.admin_token);
        local.until_stopped(signals).await?;
    }
    let held = ended.iter().all(|ended| ended.happened.is_ok());
    Ok(if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(Exit::Failed as u8)
    })
}

async fn play(scene: &mut Scene, step: &'static Step, number: usize) -> Ended {
    let output = scene.output();
    if !output.is_json() {
        output.line("");
        output.line(output.style(Style::Strong, format_args!("{number}. {}", step.title)));
    }
    let happened = (step.play)(scene).await;
    match &happened {
        _ if output.is_json() => {}
        Ok(_) => output.line(format_args!("   {}", output.style(Style::Good, "✓ held"))),
        Err(failure) => {
            let broken = format!("✗ broken: {} [{}]", failure.message, failure.code);
            output.line(format_args!("   {}", output.style(Style::Bad, broken)));
        }
    }
    output.flush();
    Ended { step, happened }
}

/// The closing table.
fn close(output: Output, ended: &[Ended]) {
    let mut table = Table::new(&["STEP", "EXPECTED", "HAPPENED", ""]);
    for (Ended { step, happened }, number) in ended.iter().zip(1..) {
        let (text, verdict) = match happened {
            Ok(text) => (text.as_str(), "held"),
            Err(failure) => (failure.message.as_str(), "broken"),
        };
        if output.is_json() {
            output.json(&json!({
                "step": number, "title": step.title, "expected": step.expected,
                "happened": text, "held": happened.is_ok(),
            }));
        }
        table.row([
            format!("{number}. {}", step.title),
            step.expected.into(),
            text.into(),
            verdict.into(),
        ]);
    }
    if !output.is_json() {
        output.line("");
        output.line(table);
    }
}

fn stay_up(output: Output, url: &str, token: &str) {
    output.note("");
    output.note("still running; in another terminal:");
    output.note(format_args!(
        "  export RINGBACK_URL={url} RINGBACK_TOKEN={token}"
    ));
    output.note("  ringback log");
    output.note("  ringback trigger feishu contact.user.created_v3 --set object.name=Wang");
    output.note("  ringback trigger zone conversation_new_message");
    output.note("  ringback clock advance 6h");
    output.note("stop with Ctrl-C");
}

/// A measured time as it is told.
fn took(duration: Duration) -> String {
    crate::duration::readable(duration)
}
