//! Memory of conversations that wait: they are in the store and nowhere else.

use anyhow::Result;
use serde_json::json;

use super::room::{self, Room};
use crate::process::Bare;
use crate::scenarios::Bench;

const APP: &str = "1400000001";
/// Enough to fill caches and buffers that a process has anyway.
const FIRST: usize = 500;
const CONVERSATIONS: usize = 10_000;

pub(in crate::scenarios) async fn run(bench: &mut Bench<'_>) -> Result<()> {
    let business = Bare::start("business").await?;
    let room = Room::open(bench).await?;
    let url = format!("http://{}/", business.address);
    room.app(APP, &json!({})).await?;
    room.publish(APP, room::calling("calls", &url)).await?;
    let idle = room.ringback.resident_bytes()?;
    room.converse(APP, FIRST).await?;
    let first = room.ringback.resident_bytes()?;
    room.converse(APP, CONVERSATIONS - FIRST).await?;
    let all = room.ringback.resident_bytes()?;
    room.ringback.stop().await?;
    let mb = |bytes: u64| bytes as f64 / 1e6;
    let figure = format!(
        "{:.1} MB; {:.1} MB with {FIRST}, {:.1} MB with none",
        mb(all),
        mb(first),
        mb(idle)
    );
    let what = format!("desk: resident memory with {CONVERSATIONS} conversations that wait");
    bench.report.line(what, figure, "");
    Ok(())
}
