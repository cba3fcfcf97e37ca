//! `kill -9` under load, again and again on the same directory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::check::{self, Promise};
use super::server::Server;
use super::{Bench, Options, api, load};
use crate::shell::say;

/// Kills the server at a moment chosen by chance in every round, and checks in the end.
pub(super) fn run(bench: &mut Bench, options: &Options) -> anyhow::Result<()> {
    let data = bench.folder.fresh("data")?;
    let mut promises = vec![
        Promise::Made("sources", api::SOURCE),
        Promise::Made("endpoints", api::ENDPOINT),
    ];
    for round in 0..options.rounds {
        let server = bench.binary.start(&data, &[])?;
        if round == 0 {
            server.api()?.set_up(bench.sink.address)?;
        }
        let pushes = load::sign(&bench.tools, round, options.events)?;
        let deadly = bench.random.usize(1..=options.events);
        let outcome = kill_at(server, &pushes, options.connections, deadly)?;
        say(format_args!(
            "round {round}: killed at the {deadly}th acceptance, {} accepted, {} unanswered",
            outcome.accepted.len(),
            outcome.unanswered
        ));
        promises.extend(outcome.accepted.into_iter().map(Promise::Event));
    }
    check::after_crash(bench, &data, &promises)?;
    println!(
        "kill storm: {} rounds, {} promises, every one kept",
        options.rounds,
        promises.len()
    );
    Ok(())
}

/// Posts until so many were accepted; the thread that sees the last of them kills the server.
fn kill_at(
    server: Server,
    pushes: &[load::Push],
    connections: usize,
    deadly: usize,
) -> anyhow::Result<load::Outcome> {
    let address = server.address;
    let server = Mutex::new(Some(server));
    let accepted = AtomicUsize::new(0);
    load::post(address, pushes, connections, |_| {
        if accepted.fetch_add(1, Ordering::Relaxed) + 1 == deadly
            && let Some(server) = server.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            server.kill()?;
        }
        Ok(())
    })
}
