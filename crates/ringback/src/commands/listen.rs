//! `ringback listen --print`: every raw request at a receive path, rejected ones too.

use http_body_util::BodyExt;
use serde_json::Value;

use super::render;
use crate::cli::Connection;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::output::{Output, Style};

/// Arguments of `ringback listen`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The source
    #[arg(long)]
    source: String,
    /// Print the requests
    #[arg(long, required = true)]
    print: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Prints requests until interrupted or the server stops.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let client = Client::locate(&arguments.connection)?;
    let path = format!("sources/{}/requests", client::encode(&arguments.source));
    let mut body = client.stream(&path).await?;
    output.note(format_args!(
        "listening at /in/{}; stop with Ctrl-C",
        arguments.source
    ));
    let mut lines = Lines::default();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Failure::unreachable("client.broken_answer", "the server closed the stream")
        })?;
        let Some(bytes) = frame.data_ref() else {
            continue;
        };
        lines.push(bytes, |line| print(output, line));
    }
    Ok(())
}

/// Bytes as they come, cut into lines.
#[derive(Default)]
pub(super) struct Lines(Vec<u8>);

impl Lines {
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        self.0.extend_from_slice(bytes);
        while let Some(end) = self.0.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.0.drain(..=end).collect();
            each(&line[..end]);
        }
    }
}

fn print(output: Output, line: &[u8]) {
    let Ok(request) = serde_json::from_slice::<Value>(line) else {
        return;
    };
    if output.is_json() {
        output.json(&request);
    } else {
        print_text(output, &request);
    }
    output.flush();
}

fn print_text(output: Output, request: &Value) {
    let member = |name: &str| render::cell(request.get(name));
    if let Some(lost) = request.get("lost") {
        output.note(format_args!(
            "{} requests came faster than they could be printed",
            render::cell(Some(lost))
        ));
        return;
    }
    let refused = request
        .get("reason")
        .is_some_and(|reason| !reason.is_null());
    let style = if refused { Style::Bad } else { Style::Good };
    let outcome = if refused {
        format!("refused: {}", member("reason"))
    } else {
        member("outcome")
    };
    output.line(format_args!(
        "{}  {}",
        member("at"),
        output.style(style, outcome)
    ));
    if let Some(Value::Object(headers)) = request.get("headers") {
        for (name, value) in headers {
            output.line(format_args!("  {name}: {}", render::cell(Some(value))));
        }
    }
    output.line(format_args!("  {}\n", member("body")));
}
