//! Import: a file in chunks that end with a line, each taken whole or not at all.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::{Map, Value};

use crate::client::Client;
use crate::commands::wecom::corp_path;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Meter;

/// What is sent at once; a longer line is sent alone, for the server to refuse or take.
const CHUNK_BYTES: usize = 1 << 20;

/// Imports what a file or stdin holds; the sum of what the chunks did.
pub(super) async fn run(
    client: &Client,
    output: Output,
    path: &Path,
    corp: &str,
) -> Result<Value, Failure> {
    let unreadable =
        |error: &std::io::Error| Failure::file("read", path, error).exiting(Exit::Usage);
    let (mut lines, total) = open(path).map_err(|error| unreadable(&error))?;
    let meter = Meter::new("importing", total);
    let import = format!("{}/archive/import", corp_path(corp));
    let (mut imported, mut before) = (Map::new(), 0);
    loop {
        let (chunk, count) = chunk(&mut lines).map_err(|error| unreadable(&error))?;
        if chunk.is_empty() {
            return Ok(Value::Object(imported));
        }
        let bytes = chunk.len() as u64;
        let answer = client.post_lines(&import, chunk.into()).await;
        let answer: Map<String, Value> = answer.map_err(|failure| {
            tell_how_far(output, before);
            in_the_file(path, before, failure)
        })?;
        add(&mut imported, answer);
        before += count;
        meter.advance(bytes);
    }
}

fn open(path: &Path) -> std::io::Result<(Box<dyn BufRead>, Option<u64>)> {
    if path == Path::new("-") {
        return Ok((Box::new(std::io::stdin().lock()), None));
    }
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    Ok((Box::new(BufReader::new(file)), Some(bytes)))
}

/// The next lines, and how many they are; nothing at the end.
fn chunk(lines: &mut impl BufRead) -> std::io::Result<(Vec<u8>, u64)> {
    let (mut chunk, mut count) = (Vec::new(), 0);
    while chunk.len() < CHUNK_BYTES && lines.read_until(b'\n', &mut chunk)? > 0 {
        count += 1;
    }
    Ok((chunk, count))
}

/// Adds the counts of a chunk.
fn add(imported: &mut Map<String, Value>, chunk: Map<String, Value>) {
    for (name, count) in chunk {
        let so_far = imported.get(&name).and_then(Value::as_u64).unwrap_or(0);
        let count = count.as_u64().unwrap_or(0);
        imported.insert(name, (so_far + count).into());
    }
}

fn tell_how_far(output: Output, lines: u64) {
    if lines > 0 {
        output.note(format_args!(
            "{lines} lines are imported; run it again for the rest, what is there is not imported twice"
        ));
    }
}

/// The server counts the lines of a chunk, a person those of the file.
fn in_the_file(path: &Path, before: u64, failure: Failure) -> Failure {
    let rest = failure.message.strip_prefix("line ");
    let number = rest.and_then(|rest| {
        let digits = rest.find(|char: char| !char.is_ascii_digit())?;
        Some((rest[..digits].parse::<u64>().ok()?, &rest[digits..]))
    });
    let Some((line, what)) = number else {
        return failure;
    };
    let line = before + line;
    let message = format!("`{}`, line {line}{what}", path.display());
    Failure { message, ..failure }.exiting(Exit::Usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_end_with_lines() {
        let line = [b"x".repeat(CHUNK_BYTES / 2), b"\n".to_vec()].concat();
        let file = [line.repeat(3), b"last".to_vec()].concat();
        let mut lines = file.as_slice();
        let mut sizes = Vec::new();
        loop {
            let (chunk, count) = chunk(&mut lines).expect("memory is readable");
            if chunk.is_empty() {
                break;
            }
            sizes.push((chunk.len(), count));
        }
        assert_eq!(sizes, [(2 * line.len(), 2), (line.len() + 4, 2)]);
    }

    #[test]
    fn a_line_is_named_as_the_file_counts() {
        let failure = Failure::failed("archive.bad_member", "line 3: `msgid` is missing");
        let named = in_the_file(Path::new("a.ndjson"), 40, failure);
        assert_eq!(named.message, "`a.ndjson`, line 43: `msgid` is missing");
    }
}
