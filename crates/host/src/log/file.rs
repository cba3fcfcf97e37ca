//! The files that keep log lines: one JSON object a line, a new file when one is full.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::log::LogLine;
use crate::place::make_private;

/// How far back one file is read for the newest lines, in bytes.
const LOOK_BACK: u64 = 4 << 20;

/// The growing file (`program.log`) and the full ones (`program.log.1` is the newest). Its functions
/// block.
#[derive(Debug)]
pub(crate) struct LogFile {
    directory: PathBuf,
    limit_bytes: u64,
    full_files: u32,
    open: Option<(File, u64)>,
}

impl LogFile {
    pub(crate) fn new(directory: PathBuf, limit_bytes: u64, full_files: u32) -> Self {
        Self {
            directory,
            limit_bytes,
            full_files,
            open: None,
        }
    }

    /// The newest lines, at most so many, the oldest first.
    pub(crate) fn newest(&self, wanted: usize) -> Vec<LogLine> {
        let mut lines = Vec::new();
        for number in (0..=self.full_files).rev() {
            // One that is not there, or cannot be read, has no lines.
            lines.extend(last_lines(&self.path(number)).unwrap_or_default());
        }
        lines.split_off(lines.len().saturating_sub(wanted))
    }

    /// Adds lines. After an error some of them may be there.
    pub(crate) fn append(&mut self, lines: &[LogLine]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        // A file that did not take everything is opened anew, which ends a torn line.
        let (mut file, size) = self.open(text.len() as u64)?;
        file.write_all(&text)?;
        self.open = Some((file, size + text.len() as u64));
        Ok(())
    }

    /// The file that has room for so many bytes more, or is empty.
    fn open(&mut self, more: u64) -> io::Result<(File, u64)> {
        let (file, size) = match self.open.take() {
            Some(open) => open,
            None => open_end(&self.directory, &self.path(0))?,
        };
        if size == 0 || size + more <= self.limit_bytes {
            return Ok((file, size));
        }
        drop(file);
        self.rotate()?;
        open_end(&self.directory, &self.path(0))
    }

    fn rotate(&self) -> io::Result<()> {
        if self.full_files == 0 {
            return fs::remove_file(self.path(0));
        }
        for number in (0..self.full_files).rev() {
            match fs::rename(self.path(number), self.path(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn path(&self, number: u32) -> PathBuf {
        self.directory.join(match number {
            0 => "program.log".to_owned(),
            full => format!("program.log.{full}"),
        })
    }
}

fn open_end(directory: &Path, path: &Path) -> io::Result<(File, u64)> {
    make_private(directory)?;
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    let size = file.seek(SeekFrom::End(0))?;
    if size == 0 || ends_a_line(&mut file)? {
        return Ok((file, size));
    }
    file.write_all(b"\n")?;
    Ok((file, size + 1))
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// What cannot be read was torn by a crash, or its beginning lies further back.
fn last_lines(path: &Path) -> io::Result<Vec<LogLine>> {
    let mut file = File::open(path)?;
    let size = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(size.saturating_sub(LOOK_BACK)))?;
    let mut text = Vec::new();
    file.take(LOOK_BACK).read_to_end(&mut text)?;
    let lines = text.split(|byte| *byte == b'\n');
    Ok(lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect())
}
