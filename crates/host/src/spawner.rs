//! The thread whose children all programs are.
//!
//! The kernel's death signal to a child is sent when the *thread* that made it ends, not the process.
//! Threads of a runtime come and go; this one stays as long as there is anything to run.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use tokio::sync::oneshot;

use crate::launch;
use crate::options::Launcher;

/// Starts processes and remembers their groups for the sweeper. The thread begins with the first.
pub(crate) struct Spawner {
    launcher: Option<Launcher>,
    thread: Mutex<Option<mpsc::Sender<Job>>>,
}

enum Job {
    Spawn(Box<Command>, oneshot::Sender<io::Result<Child>>),
    Forget(u32),
}

impl Spawner {
    pub(crate) fn new(launcher: Option<Launcher>) -> Self {
        Self {
            launcher,
            thread: Mutex::new(None),
        }
    }

    pub(crate) async fn spawn(&self, command: Command) -> io::Result<Child> {
        let (answer, child) = oneshot::channel();
        self.ask(Job::Spawn(Box::new(command), answer))?;
        child.await.map_err(io::Error::other)?
    }

    /// The group of this process is no more.
    pub(crate) fn forget(&self, pid: u32) {
        // Without a thread there is no sweeper either.
        let _ = self.ask(Job::Forget(pid));
    }

    fn ask(&self, job: Job) -> io::Result<()> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = match &mut *thread {
            Some(jobs) => jobs,
            none => none.insert(begin(self.launcher.clone())?),
        };
        jobs.send(job).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

fn begin(launcher: Option<Launcher>) -> io::Result<mpsc::Sender<Job>> {
    let (jobs, queue) = mpsc::channel();
    let sweeper = Sweeper {
        launcher,
        groups: BTreeSet::new(),
        process: None,
    };
    thread::Builder::new()
        .name("ringback-spawn".to_owned())
        .spawn(move || work(&queue, sweeper))?;
    Ok(jobs)
}

/// Ends when nobody can ask any more, and then no program is left.
fn work(queue: &mpsc::Receiver<Job>, mut sweeper: Sweeper) {
    while let Ok(job) = queue.recv() {
        match job {
            Job::Spawn(mut command, answer) => {
                let child = command.spawn();
                if let Ok(child) = &child {
                    sweeper.begins(child.id());
                }
                if let Err(Ok(unwanted)) = answer.send(child) {
                    sweeper.ends(unwanted.id());
                    discard(unwanted);
                }
            }
            Job::Forget(pid) => sweeper.ends(pid),
        }
    }
    sweeper.end();
}

/// Kills a process that nobody waits for any more.
pub(crate) fn discard(mut child: Child) {
    // What cannot be killed has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

/// The process that kills what is left when this one is gone (see [`launch`](crate::launch())).
struct Sweeper {
    launcher: Option<Launcher>,
    groups: BTreeSet<u32>,
    process: Option<Child>,
}

impl Sweeper {
    fn begins(&mut self, pid: u32) {
        self.groups.insert(pid);
        self.tell(pid, true);
    }

    fn ends(&mut self, pid: u32) {
        if self.groups.remove(&pid) {
            self.tell(pid, false);
        }
    }

    fn tell(&mut self, pid: u32, begins: bool) {
        let told = self
            .process
            .as_mut()
            .map(|process| tell(process, &launch::note(pid, begins)));
        if !matches!(told, Some(Ok(()))) {
            self.begin_again();
        }
    }

    /// There is none yet, or somebody has killed it: a new one is told everything.
    fn begin_again(&mut self) {
        self.end();
        let Some(launcher) = &self.launcher else {
            return;
        };
        let notes: String = self
            .groups
            .iter()
            .map(|pid| launch::note(*pid, true))
            .collect();
        let begun = start_sweeper(launcher);
        if let Err(error) = begun.and_then(|process| tell(self.process.insert(process), &notes)) {
            tracing::warn!(
                %error,
                "what start scripts make will outlive a crash of this process: the sweeper does not start"
            );
        }
    }

    /// It ends when its standard input does, which waiting closes.
    fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.wait();
        }
    }
}

fn tell(process: &mut Child, notes: &str) -> io::Result<()> {
    let pipe = process.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
    pipe.write_all(notes.as_bytes())
}

fn start_sweeper(launcher: &Launcher) -> io::Result<Child> {
    Command::new(&launcher.program)
        .args(&launcher.arguments)
        .arg(launch::sweep_argument())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Not reached by the signal that a terminal sends to Ringback.
        .process_group(0)
        .spawn()
}
