//! `ringback restore`: put a backup in the place of a store that is not running.

use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::output::Output;

/// For files that hold secrets.
const PRIVATE: u32 = 0o600;
/// The names that the store uses in its data directory.
pub(super) const STORE: &str = "ringback.db";
const LOCK: &str = "ringback.lock";
const MASTER_KEY: &str = "master.key";
/// What stands at the beginning of every SQLite file.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// Arguments of `ringback restore`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What was delivered after the backup was made is not in it: deliveries that were due then are made
again, and events received since are known to their platforms only.")]
pub(crate) struct Arguments {
    /// The backup
    file: PathBuf,
    /// The data directory; it must hold no store, unless `--replace` is given
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Keep the store that is there under another name and put the backup in its place
    #[arg(long)]
    replace: bool,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Puts the backup there.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    check_backup(&arguments.file)?;
    let store = arguments.data.join(STORE);
    let occupied = store.exists();
    if occupied && !arguments.replace {
        let message = format!("`{}` is already there", store.display());
        return Err(Failure::usage("restore.occupied", message)
            .with_hint("name an empty data directory, or give `--replace`"));
    }
    output.note(format_args!(
        "`{}` → `{}`",
        arguments.file.display(),
        store.display()
    ));
    if arguments.dry_run {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&arguments.data)
        .map_err(|error| Failure::file("make", &arguments.data, &error))?;
    let _lock = lock(&arguments.data)?;
    if occupied {
        set_aside(&arguments.data, output)?;
    }
    put(&arguments.file, &store)?;
    if !arguments.data.join(MASTER_KEY).exists() {
        output.note(format_args!(
            "put the `{MASTER_KEY}` of the backed-up server beside it, or name its file"
        ));
    }
    Ok(())
}

fn check_backup(file: &Path) -> Result<(), Failure> {
    let mut head = [0; SQLITE_MAGIC.len()];
    let read = std::fs::File::open(file).and_then(|mut opened| opened.read_exact(&mut head));
    read.map_err(|error| Failure::file("read", file, &error))?;
    if head == SQLITE_MAGIC {
        return Ok(());
    }
    let message = format!("`{}` is not a backup of Ringback", file.display());
    Err(Failure::usage("restore.not_a_backup", message)
        .with_hint("backups are made with `ringback backup FILE`"))
}

/// Takes the lock that a running server holds; held until dropped.
fn lock(data: &Path) -> Result<std::fs::File, Failure> {
    let path = data.join(LOCK);
    let opened = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(PRIVATE)
        .open(&path);
    let file = opened.map_err(|error| Failure::file("open", &path, &error))?;
    file.try_lock().map_err(|_| {
        Failure::failed(
            "store.locked",
            format!("a server runs on `{}`", data.display()),
        )
        .with_hint("stop it first; a store is never replaced under a running server")
    })?;
    Ok(file)
}

/// Renames the store that is there, its write-ahead log with it, to the first free name.
fn set_aside(data: &Path, output: Output) -> Result<(), Failure> {
    let free = |number: &u32| !data.join(format!("{STORE}.before-{number}")).exists();
    let number = (1..=u32::MAX).find(free).unwrap_or(u32::MAX);
    for suffix in ["", "-wal"] {
        let from = data.join(format!("{STORE}{suffix}"));
        let to = data.join(format!("{STORE}.before-{number}{suffix}"));
        if from.exists() {
            std::fs::rename(&from, &to).map_err(|error| Failure::file("rename", &from, &error))?;
        }
    }
    // The index of the log belongs to no file once its database has another name.
    let _ = std::fs::remove_file(data.join(format!("{STORE}-shm")));
    output.note(format_args!(
        "the store of before is `{STORE}.before-{number}`"
    ));
    Ok(())
}

/// Copies the backup beside its place, syncs it, and renames it there: whole or not at all. Only this
/// user may read it, whoever may read the backup.
fn put(backup: &Path, store: &Path) -> Result<(), Failure> {
    let partial = store.with_extension("db.partial");
    let copied = copy_private(backup, &partial).and_then(|()| std::fs::rename(&partial, store));
    copied.map_err(|error| Failure::file("write", store, &error))
}

fn copy_private(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut copy = std::fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(PRIVATE)
        .open(to)?;
    // One that was left there by a copy cut off keeps the mode it had.
    copy.set_permissions(std::fs::Permissions::from_mode(PRIVATE))?;
    std::io::copy(&mut std::fs::File::open(from)?, &mut copy)?;
    copy.sync_all()
}
