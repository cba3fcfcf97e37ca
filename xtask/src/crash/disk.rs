//! What is on a disk for certain, and what may be: the model behind the crash walk.
//!
//! A change (write, truncation, name) is *pending* until a sync that began after it has ended well:
//! data by a sync of its file, names by a sync of their directory, as POSIX has it. A power cut keeps
//! everything durable, and of the pending changes whatever the disk had got round to.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::record::{Entry, Record};

/// A file through all its names; inodes are used again, these are not.
type FileId = usize;

/// What a power cut leaves of the pending changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survival {
    /// None of them: the least a disk may do.
    Nothing,
    /// The first so many, in order.
    Prefix(usize),
    /// Any: each sector of each write by itself; names in order up to some moment, since file systems
    /// keep a journal of those.
    Subset { seed: u64, sector: usize },
}

/// A change that no sync has covered yet.
#[derive(Debug, Clone)]
struct Pending {
    /// Where in the log it ends.
    end: u64,
    /// A sync of it failed: the kernel forgets that it was ever to be written, and later syncs that
    /// go well do not cover it.
    doomed: bool,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    Write {
        file: FileId,
        offset: usize,
        data: Vec<u8>,
    },
    Truncate {
        file: FileId,
        length: usize,
    },
    Link {
        path: PathBuf,
        file: FileId,
    },
    Unlink {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
}

/// Names and contents, as a file system would show them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    names: BTreeMap<PathBuf, FileId>,
    contents: HashMap<FileId, Vec<u8>>,
}

/// The model: what is durable, and what is pending in order.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    durable: Image,
    pending: Vec<Pending>,
    /// Which file an inode stands for now.
    files: HashMap<u64, FileId>,
    directories: HashMap<u64, PathBuf>,
    next_file: FileId,
}

impl Disk {
    /// Takes the next record of the log.
    pub(crate) fn apply(&mut self, entry: &Entry) -> anyhow::Result<()> {
        let end = entry.end;
        match &entry.record {
            Record::Open {
                file,
                path,
                is_directory: true,
            } => {
                self.files.remove(file);
                self.directories.insert(*file, path.clone());
            }
            Record::Create { file, path } => {
                let id = self.next_file;
                self.next_file += 1;
                self.files.insert(*file, id);
                self.push(
                    end,
                    Change::Link {
                        path: path.clone(),
                        file: id,
                    },
                );
            }
            Record::Write { file, offset, data } => {
                let (file, offset) = (self.file(*file)?, usize::try_from(*offset)?);
                self.push(
                    end,
                    Change::Write {
                        file,
                        offset,
                        data: data.clone(),
                    },
                );
            }
            Record::Truncate { file, length } => {
                let (file, length) = (self.file(*file)?, usize::try_from(*length)?);
                self.push(end, Change::Truncate { file, length });
            }
            Record::Unlink { path } => self.push(end, Change::Unlink { path: path.clone() }),
            Record::Rename { from, to } => self.push(
                end,
                Change::Rename {
                    from: from.clone(),
                    to: to.clone(),
                },
            ),
            Record::SyncEnd {
                file,
                is_directory,
                begin,
                ok,
            } => {
                let synced = self.synced(*file, *is_directory)?;
                if *ok {
                    self.settle(&synced, *begin);
                } else {
                    self.doom(&synced, *begin);
                }
            }
            Record::Open { .. } | Record::SyncBegin { .. } | Record::Mark(_) => {}
        }
        Ok(())
    }

    /// How many changes are pending.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The disk after a power cut now.
    pub(crate) fn cut(&self, survival: Survival) -> Image {
        let mut image = self.durable.clone();
        match survival {
            Survival::Nothing => {}
            Survival::Prefix(count) => {
                for pending in self.pending.iter().take(count) {
                    image.apply(&pending.change);
                }
            }
            Survival::Subset { seed, sector } => {
                self.survive(&mut image, &mut fastrand::Rng::with_seed(seed), sector);
            }
        }
        image
    }

    fn survive(&self, image: &mut Image, random: &mut fastrand::Rng, sector: usize) {
        let names_until = random.usize(0..=self.pending.len());
        for (index, pending) in self.pending.iter().enumerate() {
            match &pending.change {
                Change::Write { file, offset, data } => {
                    for (start, part) in sectors(*offset, data, sector) {
                        if random.bool() {
                            image.write(*file, start, part);
                        }
                    }
                }
                Change::Truncate { .. } if random.bool() => image.apply(&pending.change),
                Change::Truncate { .. } => {}
                name if index < names_until => image.apply(name),
                _ => {}
            }
        }
    }

    fn push(&mut self, end: u64, change: Change) {
        self.pending.push(Pending {
            end,
            doomed: false,
            change,
        });
    }

    fn file(&self, inode: u64) -> anyhow::Result<FileId> {
        match self.files.get(&inode) {
            Some(file) => Ok(*file),
            None => bail!("inode {inode} was changed but not made under the recorder"),
        }
    }

    fn synced(&self, inode: u64, is_directory: bool) -> anyhow::Result<Synced> {
        if !is_directory {
            return Ok(Synced::File(self.file(inode)?));
        }
        let path = self
            .directories
            .get(&inode)
            .context("a sync of an unknown directory")?;
        Ok(Synced::Directory(path.clone()))
    }

    /// Makes durable what a sync covered; what had been lost before is lost for ever now.
    fn settle(&mut self, synced: &Synced, begin: u64) {
        let (covered, pending): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|pending| pending.end <= begin && synced.covers(&pending.change));
        self.pending = pending;
        for done in covered.iter().filter(|done| !done.doomed) {
            self.durable.apply(&done.change);
        }
    }

    fn doom(&mut self, synced: &Synced, begin: u64) {
        for pending in &mut self.pending {
            pending.doomed |= pending.end <= begin && synced.covers(&pending.change);
        }
    }
}

/// What a sync was asked for.
#[derive(Debug)]
enum Synced {
    File(FileId),
    Directory(PathBuf),
}

impl Synced {
    fn covers(&self, change: &Change) -> bool {
        match self {
            Self::File(file) => change.file() == Some(*file),
            Self::Directory(path) => change.names_in(path),
        }
    }
}

impl Change {
    /// The file whose data or length this changes.
    fn file(&self) -> Option<FileId> {
        match self {
            Self::Write { file, .. } | Self::Truncate { file, .. } => Some(*file),
            Self::Link { .. } | Self::Unlink { .. } | Self::Rename { .. } => None,
        }
    }

    /// Whether this changes a name in the directory.
    fn names_in(&self, directory: &Path) -> bool {
        let within = |path: &PathBuf| path.parent() == Some(directory);
        match self {
            Self::Link { path, .. } | Self::Unlink { path } => within(path),
            Self::Rename { from, to } => within(from) || within(to),
            Self::Write { .. } | Self::Truncate { .. } => false,
        }
    }
}

impl Image {
    /// What this path shows.
    #[cfg(test)]
    fn read(&self, path: &str) -> Option<&[u8]> {
        let file = self.names.get(Path::new(path))?;
        Some(self.contents.get(file).map_or(&[], Vec::as_slice))
    }

    /// Writes the image into `to`, paths below `from` becoming paths below `to`.
    pub(crate) fn materialise(&self, from: &Path, to: &Path) -> anyhow::Result<()> {
        for (path, file) in &self.names {
            let relative = path
                .strip_prefix(from)
                .context("a path outside the recorded directory")?;
            let target = to.join(relative);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            let content = self.contents.get(file).map_or(&[][..], Vec::as_slice);
            write_private(&target, content)
                .with_context(|| format!("cannot write `{}`", target.display()))?;
        }
        Ok(())
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Write { file, offset, data } => self.write(*file, *offset, data),
            Change::Truncate { file, length } => {
                self.contents.entry(*file).or_default().resize(*length, 0);
            }
            Change::Link { path, file } => {
                self.names.insert(path.clone(), *file);
            }
            Change::Unlink { path } => {
                self.names.remove(path);
            }
            Change::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
        }
    }

    /// Writes as a file system does: a gap reads as zeros.
    fn write(&mut self, file: FileId, offset: usize, data: &[u8]) {
        let content = self.contents.entry(file).or_default();
        let end = offset + data.len();
        if content.len() < end {
            content.resize(end, 0);
        }
        content[offset..end].copy_from_slice(data);
    }
}

/// Keys lie beside the data, and the binary refuses those that others may read.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    std::io::Write::write_all(&mut file, content)
}

/// Cuts a write where the disk would: at multiples of the sector in the file.
fn sectors(offset: usize, data: &[u8], sector: usize) -> Vec<(usize, &[u8])> {
    let mut parts = Vec::new();
    let (mut start, mut rest) = (offset, data);
    while !rest.is_empty() {
        let length = (sector - start % sector).min(rest.len());
        let (part, others) = rest.split_at(length);
        parts.push((start, part));
        start += length;
        rest = others;
    }
    parts
}

#[cfg(test)]
mod tests;
