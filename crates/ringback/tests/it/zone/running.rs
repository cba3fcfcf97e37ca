//! A zone program as a process: this test binary again, in a role that stands behind `--`. As a test of
//! its own it does nothing.

use ringback_zone_sdk::calls::ProgramAsyncJobCallBack;
use ringback_zone_sdk::{Request, log_info, serve};

/// What stands behind `program deploy` for this binary to become the program.
pub(crate) fn deployment() -> Vec<String> {
    let command = std::env::current_exe().unwrap();
    let role = [
        "zone::running::program",
        "--exact",
        "--nocapture",
        "--test-threads=1",
        "--",
        ROLE,
    ];
    let mut arguments = vec!["--process".to_owned(), command.to_str().unwrap().to_owned()];
    arguments.extend(role.map(|argument| format!("--arg={argument}")));
    arguments
}

const ROLE: &str = "as-a-program";

#[test]
fn program() {
    if std::env::args().next_back().as_deref() != Some(ROLE) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(serve(answer)).unwrap();
}

/// Says again what it is told; a job's result comes at once.
async fn answer(request: Request) -> Result<String, String> {
    if request.is_event() {
        log_info!("an event came");
        return Ok("{}".to_owned());
    }
    log_info!("asked for {}", request.ability_id);
    if request.is_async {
        let failed = request.ability_id == "wrong";
        let report = ProgramAsyncJobCallBack {
            errcode: if failed { 7 } else { 0 },
            result: (!failed).then(|| request.data.clone()),
        };
        let client = request.client();
        tokio::spawn(async move { client.call(&report).await });
        return Ok("{}".to_owned());
    }
    Ok(request.data)
}
