//! Stored deliveries out, against a bare hyper client that posts the same number of bodies.

use std::time::Instant;

use anyhow::Result;
use bytes::Bytes;

use super::{Bench, Subject};
use crate::load::{Post, closed_loop, hyper_client};
use crate::process::Bare;
use crate::report::Rounds;
use crate::workload;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<()> {
    let arguments = bench.arguments;
    let sink = Bare::start("sink").await?;
    let post = Post {
        path: "/".to_owned(),
        body: Bytes::from(vec![b'x'; 1024]),
    };
    let (mut bare, mut drained) = (Rounds::default(), Rounds::default());
    for round in 0..arguments.rounds {
        let (events, at_once) = (arguments.events, arguments.connections);
        bare.push(hyper_client(sink.address, &post, events, at_once).await?);

        let subject = Subject::start(&arguments.binary, &sink, true, &[]).await?;
        let load = workload::events(
            subject.ringback.address,
            "/in/bench",
            &format!("{round:08x}"),
            arguments.events,
        )?;
        closed_loop(subject.ringback.address, &load, arguments.connections).await?;
        drop(load);
        let began = Instant::now();
        subject
            .management
            .send("POST", "/api/v1/endpoints/sink/resume", None)
            .await?;
        let ended = subject
            .management
            .wait_until_final(&subject.ringback.database())
            .await?;
        drained.push(arguments.events as f64 / (ended - began).as_secs_f64());
        subject.ringback.stop().await?;
    }
    bench.report.ratio(
        "drain of stored deliveries / bare hyper client",
        &drained,
        &bare,
        "≥ 0.25",
    );
    Ok(())
}
