//! What each step of `cargo xtask test` does.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, bail};

use super::tally::Tally;
use crate::postgres::Server;
use crate::shell::{self, say};
use crate::tools::Tools;
use crate::workspace::Workspace;

/// The most crates that `cargo tree -e normal` of the shipped binary may name (design, section 12).
const MOST_DEPENDENCIES: usize = 300;

/// The format is what `cargo fmt` makes of it.
pub(super) fn fmt(workspace: &Workspace) -> anyhow::Result<String> {
    shell::run(workspace.cargo().args(["fmt", "--all", "--check"]))
        .context("run `cargo fmt --all`")?;
    Ok(String::new())
}

/// No lint of the house's table warns.
pub(super) fn clippy(workspace: &Workspace) -> anyhow::Result<String> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    shell::run(workspace.cargo().args(arguments))?;
    Ok(String::new())
}

/// Every link in the documentation leads somewhere.
pub(super) fn doc(workspace: &Workspace) -> anyhow::Result<String> {
    shell::run(workspace.cargo().env("RUSTDOCFLAGS", "-D warnings").args([
        "doc",
        "--no-deps",
        "--workspace",
        "--document-private-items",
    ]))?;
    Ok(String::new())
}

/// The shipped binary stays small enough to be read.
pub(super) fn dependencies(workspace: &Workspace) -> anyhow::Result<String> {
    let tree = shell::capture(
        workspace
            .cargo()
            .args([
                "tree",
                "--edges",
                "normal",
                "--prefix",
                "none",
                "--manifest-path",
            ])
            .arg(workspace.root.join("crates/ringback/Cargo.toml")),
    )?;
    let count = distinct_crates(&tree);
    if count > MOST_DEPENDENCIES {
        bail!("`ringback` is made of {count} crates, {MOST_DEPENDENCIES} are allowed");
    }
    Ok(format!("{count} of {MOST_DEPENDENCIES} crates"))
}

/// Crates of a tree without indentation: one `name version` a line, repeated ones marked `(*)`.
fn distinct_crates(tree: &str) -> usize {
    let crates: BTreeSet<_> = tree
        .lines()
        .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>())
        .filter(|words| words.len() == 2)
        .collect();
    crates.len()
}

/// Unused dependencies, licences and advisories; not part of the required set, so absence is said
/// and not an error.
pub(super) fn audit(workspace: &Workspace) -> anyhow::Result<String> {
    let mut notes = Vec::new();
    for (name, arguments) in [
        ("machete", &["machete"][..]),
        ("deny", &["deny", "--workspace", "check"]),
    ] {
        if shell::find(&format!("cargo-{name}")).is_none() {
            notes.push(format!("`cargo {name}` is absent"));
            continue;
        }
        shell::run(workspace.cargo().args(arguments))?;
        notes.push(format!("`cargo {name}` ran"));
    }
    Ok(notes.join(", "))
}

/// All tests, documentation examples included.
pub(super) fn tests(
    workspace: &Workspace,
    filter: &[OsString],
    tally: &mut Tally,
) -> anyhow::Result<String> {
    let tools = Tools::provide(workspace)?;
    let environment = tools.environment();
    let has_nextest = tools.has_nextest;
    let postgres = Server::start(tools.postgres)?;
    let prepare = |arguments: &[&str]| {
        let mut command = workspace.cargo();
        command
            .args(arguments)
            .envs(environment.iter().cloned())
            .env("RINGBACK_TEST_POSTGRES", postgres.connection_string());
        command
    };
    let scope = scope_of(filter);
    if has_nextest {
        counted(prepare(&["nextest", "run"]).args(scope).args(filter), tally)?;
        if filter.is_empty() {
            counted(&mut prepare(&["test", "--workspace", "--doc"]), tally)?;
        }
    } else {
        counted(prepare(&["test"]).args(scope).args(filter), tally)?;
    }
    Ok(tally.to_string())
}

/// All packages, unless the caller names some, so that one room can be tested while another is being
/// written.
fn scope_of(filter: &[OsString]) -> Option<&'static str> {
    let names_packages = filter
        .iter()
        .any(|argument| argument == "-p" || argument == "--package");
    (!names_packages).then_some("--workspace")
}

/// Runs a test runner, passes its output through and counts from its summaries.
fn counted(command: &mut Command, tally: &mut Tally) -> anyhow::Result<()> {
    let line = shell::line_of(command);
    say(format_args!("`{line}`"));
    if std::io::stderr().is_terminal() {
        // The runner sees pipes and would print without colour.
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let stdout = child.stdout.take().context("stdout is a pipe")?;
    let stderr = child.stderr.take().context("stderr is a pipe")?;
    let other = thread::spawn(move || pass_through(stderr, &mut std::io::stderr()));
    tally.add(pass_through(stdout, &mut std::io::stdout()));
    tally.add(other.join().unwrap_or_default());
    let status = child.wait()?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Copies line by line and counts what the summaries say.
fn pass_through(from: impl Read, to: &mut impl Write) -> Tally {
    let mut tally = Tally::default();
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while reader
        .read_until(b'\n', &mut line)
        .is_ok_and(|length| length > 0)
    {
        // A closed terminal must not stop the count.
        let _ = to.write_all(&line);
        tally.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::distinct_crates;

    #[test]
    fn a_crate_counts_once_per_version() {
        let tree = "ringback v0.1.0 (/somewhere)\nserde v1.0.0\nserde v1.0.0 (*)\nsyn v1.0.0\nsyn v2.0.0\n\n";
        assert_eq!(distinct_crates(tree), 4);
    }
}
