//! Stored deliveries out, against a bare hyper client that posts the same number of bodies.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::{Bench, Subject};
use crate::load::closed_loop;
use crate::process::Bare;
use crate::report::Rounds;
use crate::workload;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<()> {
    let arguments = bench.arguments;
    let sink = Bare::start("sink").await?;
    let (mut bare, mut drained) = (Rounds::default(), Rounds::default());
    for round in 0..arguments.rounds {
        bare.push(hyper_client(sink.address, arguments.events, arguments.connections).await?);

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

/// A bare hyper client with a pool: `total` posts of 1 KB, `at_once` under way.
async fn hyper_client(address: SocketAddr, total: usize, at_once: usize) -> Result<f64> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let body = Bytes::from(vec![b'x'; 1024]);
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut tasks = Vec::with_capacity(at_once);
    for _ in 0..at_once {
        let (client, body, next) = (client.clone(), body.clone(), Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < total {
                let request = http::Request::post(format!("http://{address}/"))
                    .header("content-type", "application/json")
                    .body(Full::new(body.clone()))?;
                client.request(request).await?.into_body().collect().await?;
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(total as f64 / began.elapsed().as_secs_f64())
}
