//! The log that the preload library writes: its records, and our own marks between them.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

/// Length of a record's header; its fields stand in `xtask/preload/faultfs.c`.
const HEADER: usize = 32;
/// The kind of a mark, which only we write.
const MARK: u8 = 9;

/// One change, sync or mark. `file` is the inode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// An existing file or directory was opened.
    Open {
        file: u64,
        path: PathBuf,
        is_directory: bool,
    },
    /// A file came to be.
    Create { file: u64, path: PathBuf },
    /// Bytes were handed to the kernel.
    Write {
        file: u64,
        offset: u64,
        data: Vec<u8>,
    },
    /// The length was set.
    Truncate { file: u64, length: u64 },
    /// A sync began; where its record ends is what [`Record::SyncEnd`] refers to.
    SyncBegin { file: u64 },
    /// A sync ended: what stands in the log before `begin` is on the disk if it went well.
    SyncEnd {
        file: u64,
        is_directory: bool,
        begin: u64,
        ok: bool,
    },
    /// A name went away.
    Unlink { path: PathBuf },
    /// A name changed, perhaps over another.
    Rename { from: PathBuf, to: PathBuf },
    /// Something was promised to the outside before this moment.
    Mark(String),
}

/// A record and where in the log it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) end: u64,
    pub(crate) record: Record,
}

/// Reads a whole log. A last record that was cut off, as by `kill -9`, is left out.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Entry>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    parse(&bytes)
}

/// Parses the records of a log.
fn parse(bytes: &[u8]) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut end = 0;
    while let Some((record, length)) = parse_one(&bytes[end..])? {
        end += length;
        entries.push(Entry {
            end: end as u64,
            record,
        });
    }
    Ok(entries)
}

/// The first record and how long it is; nothing where it is not whole.
fn parse_one(bytes: &[u8]) -> anyhow::Result<Option<(Record, usize)>> {
    if bytes.len() < HEADER {
        return Ok(None);
    }
    let number = |at: usize| u64::from_ne_bytes(std::array::from_fn(|index| bytes[at + index]));
    let path_length = usize::from(u16::from_ne_bytes([bytes[2], bytes[3]]));
    let (is_directory, ok) = (bytes[1] != 0, bytes[4..8] == [0; 4]);
    let (file, offset) = (number(8), number(16));
    let data_length = usize::try_from(number(24))?;
    let Some(length) = (HEADER + path_length).checked_add(data_length) else {
        bail!("a record that is longer than the memory");
    };
    if bytes.len() < length {
        return Ok(None);
    }
    let text = std::str::from_utf8(&bytes[HEADER..HEADER + path_length])
        .context("a path that is not UTF-8")?;
    let data = &bytes[HEADER + path_length..length];
    let path = || PathBuf::from(text);
    let record = match bytes[0] {
        1 => Record::Open {
            file,
            path: path(),
            is_directory,
        },
        2 => Record::Create { file, path: path() },
        3 => Record::Write {
            file,
            offset,
            data: data.to_vec(),
        },
        4 => Record::Truncate {
            file,
            length: offset,
        },
        5 => Record::SyncBegin { file },
        6 => Record::SyncEnd {
            file,
            is_directory,
            begin: offset,
            ok,
        },
        7 => Record::Unlink { path: path() },
        8 => {
            let (from, to) = text.split_once('\0').context("a rename with one path")?;
            Record::Rename {
                from: from.into(),
                to: to.into(),
            }
        }
        MARK => Record::Mark(text.to_owned()),
        kind => bail!("a record of unknown kind {kind}"),
    };
    Ok(Some((record, length)))
}

/// Appends marks to a log that another process writes; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Marker(Arc<File>);

impl Marker {
    /// Opens the log of a process that is about to start, or already runs.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .with_context(|| format!("cannot open `{}`", path.display()))?;
        Ok(Self(Arc::new(file)))
    }

    /// Says that this was promised. One write, so that it stands between two records, never in one.
    pub(crate) fn mark(&self, text: &str) -> anyhow::Result<()> {
        let mut bytes = vec![0; HEADER];
        bytes[0] = MARK;
        bytes[2..4].copy_from_slice(&u16::try_from(text.len())?.to_ne_bytes());
        bytes.extend_from_slice(text.as_bytes());
        let wrote = (&*self.0).write(&bytes).context("cannot mark the log")?;
        anyhow::ensure!(wrote == bytes.len(), "the log took only part of a mark");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_back_and_a_cut_record_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let marker = Marker::open(&path).unwrap();
        marker.mark("event:1").unwrap();
        marker.mark("event:2").unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for length in 0..=bytes.len() {
            let whole = length / (bytes.len() / 2);
            assert_eq!(parse(&bytes[..length]).unwrap().len(), whole);
        }
        let marks: Vec<_> = read(&path)
            .unwrap()
            .into_iter()
            .map(|entry| entry.record)
            .collect();
        assert_eq!(
            marks,
            [
                Record::Mark("event:1".into()),
                Record::Mark("event:2".into())
            ]
        );
    }
}
