//! The sample interface as a program of its own; all of it is in the library.

use std::io::{self, Write as _};
use std::process::ExitCode;

use desk_order_status::{Settings, listen_address, router};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint(&format_args!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> io::Result<()> {
    let settings = Settings::from_environment()?;
    let address = listen_address();
    let listener = TcpListener::bind(&address).await.map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("cannot listen on `{address}`: {error}"),
        )
    })?;
    let mut stop = signal(SignalKind::terminate())?;
    eprint(&format_args!("listening on {}", listener.local_addr()?));
    tokio::select! {
        ended = axum::serve(listener, router(settings)) => ended,
        _ = stop.recv() => Ok(()),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// Says something that is no data.
fn eprint(text: &dyn std::fmt::Display) {
    // Where nobody reads there is nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
}
