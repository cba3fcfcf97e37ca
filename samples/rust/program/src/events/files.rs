//! Events as files, one each, so that a program that was restarted still has them.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Event, MOST, is_over};

/// How often files whose time is over are looked for.
const LOOK_MS: i64 = 60_000;

/// A directory of events.
#[derive(Debug)]
pub(crate) struct Files {
    directory: PathBuf,
    /// When it was last looked through, in Unix milliseconds.
    looked_ms: Mutex<i64>,
}

impl Files {
    pub(super) fn open(directory: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        Ok(Self {
            directory,
            looked_ms: Mutex::new(0),
        })
    }

    /// On the disk when this returns: the event is acknowledged next.
    pub(super) fn keep(&self, id: &str, event: &Event, now_ms: i64) -> io::Result<()> {
        self.look_through(now_ms);
        let (path, half) = (self.path(id), self.directory.join(format!("{id}.half")));
        let mut file = File::create(&half)?;
        file.write_all(&serde_json::to_vec(event)?)?;
        file.sync_all()?;
        fs::rename(&half, path)?;
        File::open(&self.directory)?.sync_all()
    }

    pub(super) fn find(&self, id: &str) -> Option<Event> {
        let name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let is_name = (1..=64).contains(&id.len()) && id.bytes().all(name);
        let text = is_name.then(|| fs::read(self.path(id)).ok())?;
        serde_json::from_slice(&text?).ok()
    }

    fn path(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }

    /// Removes what is over, and the oldest of too many. What cannot be removed is tried again later.
    fn look_through(&self, now_ms: i64) {
        let mut looked_ms = self
            .looked_ms
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if now_ms.saturating_sub(*looked_ms) < LOOK_MS {
            return;
        }
        *looked_ms = now_ms;
        let mut files: Vec<(i64, PathBuf)> = self.files().unwrap_or_default();
        files.sort_unstable();
        let too_many = files.len().saturating_sub(MOST);
        for (number, (at_ms, path)) in files.iter().enumerate() {
            if number < too_many || is_over(*at_ms, now_ms) {
                drop(fs::remove_file(path));
            }
        }
    }

    fn files(&self) -> io::Result<Vec<(i64, PathBuf)>> {
        let entries = fs::read_dir(&self.directory)?.filter_map(Result::ok);
        Ok(entries
            .filter_map(|entry| Some((written_ms(&entry.path())?, entry.path())))
            .collect())
    }
}

/// When a file was written, in Unix milliseconds.
fn written_ms(path: &Path) -> Option<i64> {
    let written = fs::metadata(path).ok()?.modified().ok()?;
    let since_epoch = written.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since_epoch.as_millis()).ok()
}
