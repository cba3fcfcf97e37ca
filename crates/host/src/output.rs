//! What an instance writes to its standard streams.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::log::{Log, Parsed};

/// How long a line may be, in bytes; what is more is dropped.
const LINE_LIMIT: usize = 16 << 10;
/// How much of a line is kept that is not a log line, in bytes.
const KEPT_LIMIT: usize = 1 << 10;
const READ_SIZE: usize = 16 << 10;
/// Between two looks whether a program writes too fast.
const PACE: Duration = Duration::from_millis(100);

/// What runtimes say when they get no memory: Python, Rust, C++, the JVM, the C library, Go and Node.
const NO_MEMORY: [&str; 7] = [
    "MemoryError",
    "memory allocation of",
    "std::bad_alloc",
    "OutOfMemoryError",
    "Cannot allocate memory",
    "out of memory",
    "insufficient memory",
];

/// The last lines that are not log lines.
#[derive(Debug)]
pub(crate) struct Output {
    limit: usize,
    tail: Mutex<Tail>,
}

#[derive(Debug, Default)]
struct Tail {
    lines: VecDeque<String>,
    bytes: usize,
    /// How many lines came since the process began, those that are gone included.
    of_this_process: usize,
}

impl Output {
    /// Keeps so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            tail: Mutex::default(),
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.tail().lines.iter().cloned().collect()
    }

    /// What comes from now on is another process's.
    pub(crate) fn begin(&self) {
        self.tail().of_this_process = 0;
    }

    /// Whether the last lines of this process say that it got no memory.
    pub(crate) fn says_no_memory(&self) -> bool {
        let says_it = |line: &str| NO_MEMORY.iter().any(|words| line.contains(words));
        self.find(|line| says_it(line).then_some(())).is_some()
    }

    /// Looks through the last lines of this process, the newest first.
    pub(crate) fn find<T>(&self, look: impl Fn(&str) -> Option<T>) -> Option<T> {
        let tail = self.tail();
        let mut lines = tail.lines.iter().rev().take(tail.of_this_process);
        lines.find_map(|line| look(line))
    }

    fn push(&self, line: &str) {
        let line = &line[..line.floor_char_boundary(KEPT_LIMIT.min(self.limit))];
        let mut tail = self.tail();
        tail.of_this_process += 1;
        tail.bytes += line.len() + 1;
        tail.lines.push_back(line.to_owned());
        while tail.bytes > self.limit {
            let Some(oldest) = tail.lines.pop_front() else {
                break;
            };
            tail.bytes -= oldest.len() + 1;
        }
    }

    fn tail(&self) -> std::sync::MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the lines of an instance go. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) instance: u32,
    pub(crate) log: Arc<Log>,
    pub(crate) output: Arc<Output>,
}

impl Sink {
    fn take(&self, line: &[u8], was_cut: bool) {
        if was_cut {
            self.log.count_cut();
        }
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
        match Parsed::read(&line) {
            Some(parsed) => self.log.take(self.instance, parsed, line.len()),
            None => self.output.push(&line),
        }
    }
}

/// The tasks that read the streams of one process; they end when it, and whoever else holds the
/// streams, has, or when this is dropped.
pub(crate) struct Readers(JoinSet<io::Result<()>>);

impl Readers {
    /// Reads each pipe at most so many bytes a second.
    pub(crate) fn start(pipes: [pipe::Receiver; 2], sink: &Sink, bytes_per_second: usize) -> Self {
        let read = |pipe| read(pipe, sink.clone(), bytes_per_second);
        Self(pipes.into_iter().map(read).collect())
    }

    pub(crate) async fn ended(&mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

async fn read(mut pipe: pipe::Receiver, sink: Sink, bytes_per_second: usize) -> io::Result<()> {
    let mut buffer = vec![0; READ_SIZE];
    let mut lines = Lines::default();
    let mut ticks = tokio::time::interval(PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let budget = bytes_per_second / 10;
    let mut spent = 0;
    loop {
        let size = pipe.read(&mut buffer).await?;
        if size == 0 {
            lines.end(|line, was_cut| sink.take(line, was_cut));
            return Ok(());
        }
        lines.push(&buffer[..size], |line, was_cut| sink.take(line, was_cut));
        spent += size;
        if spent >= budget {
            ticks.tick().await;
            spent = 0;
        }
    }
}

/// Makes lines of pieces, in bounded memory.
#[derive(Debug, Default)]
struct Lines {
    line: Vec<u8>,
    is_cut: bool,
}

impl Lines {
    /// Calls `each` with every line that `piece` completes and whether its end was dropped.
    fn push(&mut self, piece: &[u8], mut each: impl FnMut(&[u8], bool)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let text = part.strip_suffix(b"\n");
            self.extend(text.unwrap_or(part));
            if text.is_some() {
                self.finish(&mut each);
            }
        }
    }

    /// What stands after the last line's end is a line too.
    fn end(&mut self, mut each: impl FnMut(&[u8], bool)) {
        if !self.line.is_empty() {
            self.finish(&mut each);
        }
    }

    fn extend(&mut self, text: &[u8]) {
        let room = LINE_LIMIT - self.line.len();
        self.is_cut |= text.len() > room;
        self.line.extend_from_slice(&text[..text.len().min(room)]);
    }

    fn finish(&mut self, each: &mut impl FnMut(&[u8], bool)) {
        each(&self.line, self.is_cut);
        self.line.clear();
        self.is_cut = false;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(pieces: &[&[u8]]) -> Vec<(Vec<u8>, bool)> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for piece in pieces {
            lines.push(piece, |line, was_cut| found.push((line.to_vec(), was_cut)));
        }
        lines.end(|line, was_cut| found.push((line.to_vec(), was_cut)));
        found
    }

    #[test]
    fn a_line_that_is_too_long_loses_its_end_and_the_next_one_is_whole() {
        let long = [b"x".repeat(LINE_LIMIT + 1), b"\nnext".to_vec()].concat();
        let found = split(&[&long[..10], &long[10..]]);
        assert_eq!(found[0], (b"x".repeat(LINE_LIMIT), true));
        assert_eq!(found[1], (b"next".to_vec(), false));
    }

    proptest! {
        #[test]
        fn how_a_text_is_cut_into_pieces_does_not_matter(text in "[a\n]{0,64}", at in 0_usize..64) {
            let text = text.as_bytes();
            let (first, second) = text.split_at(at.min(text.len()));
            let lines = split(&[first, second]);
            prop_assert_eq!(&lines, &split(&[text]));
            prop_assert!(lines.iter().all(|(line, _)| !line.contains(&b'\n')));
        }
    }
}
