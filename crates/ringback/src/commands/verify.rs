//! `ringback verify`: the doctor for "please fill in a valid URL".

use std::process::ExitCode;

use ringback_types::Secret;
use serde_json::json;

use super::secret;
use crate::doctor::{
    Finding, Instrument, Outcome, Patient, Report, Secrets, examine_desk, examine_feishu,
    examine_standard, examine_wecom,
};
use crate::failure::{Exit, Failure};
use crate::messages::verify::{from_here_only, label, verdict};
use crate::output::{Output, Style};
use crate::progress::with_progress;

/// Arguments of `ringback verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It looks from this host only. The exit status is 0 only if the platform would save the URL.

Examples:
  ringback verify https://example.com/feishu --as feishu --token env:TOKEN --encrypt-key env:KEY
  ringback verify http://127.0.0.1:3000/feishu --as feishu --local
  ringback verify https://example.com/wecom --as wecom --token env:TOKEN --encoding-aes-key env:KEY --receive-id CORP_ID
  ringback verify https://example.com/order --as desk --sdk-app-id 1400000000 --token env:TOKEN --set OrderID=12345")]
pub(crate) struct Arguments {
    /// The request or callback URL
    #[arg(value_name = "URL")]
    target: String,
    /// As which platform
    #[arg(long = "as", value_name = "DIALECT", value_parser = ["desk", "feishu", "standard", "wecom"])]
    dialect: String,
    /// The app's Verification Token (feishu), Token (wecom) or callback token (desk): text, env:NAME or file:PATH
    #[arg(long, value_name = "SECRET")]
    token: Option<String>,
    /// The app's Encrypt Key (feishu)
    #[arg(long, value_name = "SECRET")]
    encrypt_key: Option<String>,
    /// The endpoint's signing key, whsec_… (standard)
    #[arg(long, value_name = "SECRET")]
    signing_key: Option<String>,
    /// The EncodingAESKey of the app's callback page, 43 characters (wecom)
    #[arg(long, value_name = "SECRET")]
    encoding_aes_key: Option<String>,
    /// The corp id, or the suite id for callbacks of a suite; empty for an individual owner (wecom)
    #[arg(long, value_name = "ID")]
    receive_id: Option<String>,
    /// The app's SDKAppID (desk)
    #[arg(long, value_name = "ID")]
    sdk_app_id: Option<String>,
    /// An input of the node, a variable with its value (desk); may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// A private or loopback address is fine
    #[arg(long)]
    local: bool,
    /// Send no events, only the challenge; make one call alone (desk)
    #[arg(long)]
    no_events: bool,
    /// Type of the events that are sent; a message when left out
    #[arg(long, value_name = "TYPE")]
    event_type: Option<String>,
}

/// Examines and prints a line per check; the exit status says whether the platform would save it.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<ExitCode, Failure> {
    let message = match arguments.dialect.as_str() {
        "wecom" => "text",
        _ => "im.message.receive_v1",
    };
    let patient = Patient {
        secrets: secrets(&arguments)?,
        inputs: inputs(&arguments.set)?,
        url: arguments.target,
        local: arguments.local,
        events: !arguments.no_events,
        event_type: arguments.event_type.unwrap_or_else(|| message.to_owned()),
    };
    let instrument = Instrument::new().await?;
    let examination = async {
        match arguments.dialect.as_str() {
            "desk" => examine_desk(&instrument, &patient).await,
            "feishu" => Ok(examine_feishu(&instrument, &patient).await),
            "wecom" => examine_wecom(&instrument, &patient).await,
            _ => examine_standard(&instrument, &patient).await,
        }
    };
    let report = with_progress("examining", examination).await;
    instrument.close().await;
    let report = report?;
    print(output, &report);
    Ok(if report.would_save() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(Exit::Failed as u8)
    })
}

fn secrets(arguments: &Arguments) -> Result<Secrets, Failure> {
    let read = |text: &Option<String>| {
        let text = text.as_deref().map(secret::given).transpose()?;
        Ok::<_, Failure>(text.map(Secret::from))
    };
    Ok(Secrets {
        token: read(&arguments.token)?,
        encrypt_key: read(&arguments.encrypt_key)?,
        signing_key: read(&arguments.signing_key)?,
        encoding_aes_key: read(&arguments.encoding_aes_key)?,
        receive_id: arguments.receive_id.clone(),
        sdk_app_id: arguments.sdk_app_id.clone(),
    })
}

fn inputs(pairs: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let read = |pair: &String| match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => {
            let message = format!("`--set {pair}` is not of the form NAME=VALUE");
            let hint = "write `--set OrderID=12345`";
            Err(Failure::usage("verify.set", message).with_hint(hint))
        }
    };
    pairs.iter().map(read).collect()
}

fn print(output: Output, report: &Report) {
    let language = output.language;
    if output.is_json() {
        for finding in &report.findings {
            output.json(finding);
        }
        output.json(&json!({
            "would_save": report.would_save(),
            "platform_message": report.platform_message,
        }));
        return;
    }
    let labels = report
        .findings
        .iter()
        .map(|it| label(language, it.check, report.signed_events));
    let width = labels.map(columns).max().unwrap_or(0);
    for finding in &report.findings {
        line(
            output,
            finding,
            label(language, finding.check, report.signed_events),
            width,
        );
    }
    let (sign, style) = if report.would_save() {
        ('✓', Style::Good)
    } else {
        ('✗', Style::Bad)
    };
    output.line(output.style(style, format_args!("{sign} {}", verdict(language, report))));
    output.line(from_here_only(language));
}

fn line(output: Output, finding: &Finding, label: &str, width: usize) {
    let (sign, style) = match finding.outcome {
        Outcome::Held => ('✓', Style::Good),
        Outcome::Broken => ('✗', Style::Bad),
        Outcome::Doubtful => ('!', Style::Notice),
        Outcome::Skipped => ('–', Style::Faint),
    };
    let padding = " ".repeat(width - columns(label));
    let mut text = format!("{} {label}{padding}", output.style(style, sign));
    let Some(diagnosis) = &finding.diagnosis else {
        let measured = &finding.measured;
        output.line(format!("{text}  {measured}").trim_end());
        return;
    };
    let chinese = output.language.chinese(&diagnosis.code);
    let cause = chinese.map_or(diagnosis.cause.as_str(), |chinese| chinese.cause);
    for part in [finding.measured.as_str(), cause] {
        if !part.is_empty() {
            text = format!("{text}  {part}");
        }
    }
    output.line(format_args!("{text} [{}]", diagnosis.code));
    let fix = chinese
        .map(|chinese| chinese.fix)
        .or(diagnosis.fix.as_deref());
    if let Some(fix) = fix.filter(|fix| !fix.is_empty()) {
        output.line(format_args!("  {:width$}  → {fix}", ""));
    }
}

/// How many columns of a terminal a text takes: characters of Chinese take two.
fn columns(text: &str) -> usize {
    text.chars()
        .map(|char| if char >= '\u{2e80}' { 2 } else { 1 })
        .sum()
}
