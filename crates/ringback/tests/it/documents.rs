//! The documents say what the code says: every stable code has its row, every link leads somewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Every Rust source of the rooms, without tests.
fn sources() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("src"))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

/// The dotted names between these marks.
fn names(text: &str, mark: char) -> BTreeSet<String> {
    let is_name = |piece: &&str| {
        piece.split_once('.').is_some_and(|(family, name)| {
            let plain = |part: &str| {
                !part.is_empty()
                    && part.bytes().all(|byte| {
                        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
                    })
            };
            plain(family) && plain(name)
        })
    };
    let pieces = text.lines().flat_map(|line| line.split(mark));
    pieces.filter(is_name).map(str::to_owned).collect()
}

/// What is named like a code and is none: actions of the audit, settings, a type of an event, an edge.
const NO_CODES: [&str; 46] = [
    "app.rotate",
    "archive.generate",
    "archive.import",
    "archive.set_editions",
    "archive.set_public_key",
    "clock.advance",
    "delivery.cancel",
    "delivery.replay",
    "endpoint.create",
    "endpoint.delete",
    "endpoint.disable",
    "endpoint.pause",
    "endpoint.resume",
    "endpoint.rotate",
    "endpoint.update",
    "fault.clear",
    "fault.set",
    "feishu.app",
    "feishu_app.create",
    "feishu_app.delete",
    "feishu_app.rotate",
    "feishu_app.update",
    "limits.body_budget_bytes",
    "listen.hosts",
    "listen.management",
    "listen.platform",
    "listen.receive",
    "listen.receive_hosts",
    "program.async_call",
    "program.log",
    "program.sync_call",
    "program.task",
    "source.create",
    "source.delete",
    "source.rotate",
    "source.update",
    "standard.event",
    "store.backup",
    "store.queue_capacity",
    "token.create",
    "token.revoke",
    "trigger.examples",
    "trigger.list",
    "wecom.app",
    "wecom.corp",
    "zone.read_plaintext",
];

/// The stable codes: every dotted name in the sources whose family has a row.
fn codes(rows: &BTreeSet<String>) -> BTreeSet<String> {
    let family = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let families: BTreeSet<String> = rows.iter().map(|row| family(row)).collect();
    let written = sources().into_iter().flat_map(|text| names(&text, '"'));
    written
        .filter(|name| families.contains(&family(name)))
        .filter(|name| !NO_CODES.contains(&name.as_str()) && !is_a_file_or_setting(name))
        .collect()
}

#[test]
fn every_code_has_a_row_with_what_fixes_it() {
    let rows = names(&read("docs/errors.md"), '`');
    let codes = codes(&rows);
    assert!(codes.len() > 150, "the sources were not read: {codes:?}");
    let missing: Vec<_> = codes.difference(&rows).collect();
    assert!(missing.is_empty(), "docs/errors.md lacks {missing:?}");
    // And no row outlives its code.
    let written =
        sources()
            .iter()
            .map(|text| names(text, '"'))
            .fold(BTreeSet::new(), |mut all, names| {
                all.extend(names);
                all
            });
    let stale: Vec<_> = rows
        .iter()
        .filter(|row| {
            let by_rule = ["desk.", "feishu.", "standard.", "wecom."]
                .iter()
                .any(|family| row.starts_with(family));
            !by_rule && !written.contains(*row) && !is_a_file_or_setting(row)
        })
        .collect();
    assert!(stale.is_empty(), "docs/errors.md still has {stale:?}");
}

/// What looks like a code in the text around the rows.
fn is_a_file_or_setting(name: &str) -> bool {
    let default = read("crates/ringback/default.toml");
    let (family, rest) = name.split_once('.').unwrap_or_default();
    let is_setting = default.contains(&format!("[{family}]")) && default.contains(rest);
    is_setting || root().join("crates").join(name).exists() || name == "master.key"
}

#[test]
fn every_code_of_desk_is_said_in_chinese() {
    let chinese = names(&read("crates/ringback/src/messages/desk.rs"), '"');
    let codes = codes(&names(&read("docs/errors.md"), '`'));
    let of_desk = |code: &&String| code.starts_with("desk.") || code.starts_with("flow.");
    let missing: Vec<_> = codes
        .iter()
        .filter(of_desk)
        .filter(|code| !chinese.contains(*code))
        .collect();
    assert!(missing.is_empty(), "messages/desk.rs lacks {missing:?}");
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    for document in [
        "README.md",
        "README.zh-CN.md",
        "CHANGELOG.md",
        "docs/ARCHITECTURE.md",
        "docs/benchmarks.md",
        "docs/errors.md",
        "docs/fidelity.md",
        "docs/guide.md",
        "docs/operations.md",
        "docs/zone-sdk.md",
    ] {
        let folder = root().join(document);
        let folder = folder.parent().unwrap();
        let text = read(document);
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let target = link.split('#').next().unwrap_or_default();
            assert!(folder.join(target).exists(), "{document} links to {link}");
        }
    }
}
