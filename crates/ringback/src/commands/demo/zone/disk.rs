//! What lies on the disk: nothing that was said.

use std::path::{Path, PathBuf};

use super::super::check::expect;
use super::Scene;
use super::archive::SAID;
use crate::failure::Failure;

/// Stands in clear in the record; found, it shows that the search finds what is there.
const CONTROL: &str = "program_notify";

/// Searches every file of the data directory for every text of the conversation.
pub(super) async fn scan(scene: &mut Scene) -> Result<String, Failure> {
    let directory = scene.zone.directory.clone();
    scene.act(format_args!("search {}", directory.display()));
    let searched = tokio::task::spawn_blocking(move || search(&directory));
    let searched = searched.await.map_err(Failure::internal)?;
    let Searched {
        files,
        bytes,
        found,
        control,
    } = searched.map_err(|error| Failure::file("read", &scene.zone.directory, &error))?;
    scene.tell(format_args!(
        "{files} files, {bytes} bytes: `{CONTROL}` is there, as the record has it in clear"
    ));
    expect(control, || format!("even `{CONTROL}` was not found"))?;
    scene.tell(format_args!(
        "texts of messages: {} of {}",
        found.len(),
        SAID.len()
    ));
    expect(found.is_empty(), || format!("found in {found:?}"))?;
    Ok(format!("0 of {} texts found", SAID.len()))
}

#[derive(Default)]
struct Searched {
    files: usize,
    bytes: usize,
    /// Where a text was found.
    found: Vec<PathBuf>,
    /// Whether the control was.
    control: bool,
}

fn search(directory: &Path) -> std::io::Result<Searched> {
    let mut searched = Searched::default();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                directories.push(entry.path());
            } else if kind.is_file() {
                searched.look_at(entry.path())?;
            }
        }
    }
    Ok(searched)
}

impl Searched {
    fn look_at(&mut self, path: PathBuf) -> std::io::Result<()> {
        let bytes = match std::fs::read(&path) {
            // Files come and go while the platform runs.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            read => read?,
        };
        self.files += 1;
        self.bytes += bytes.len();
        self.control |= holds(&bytes, CONTROL);
        if SAID.iter().any(|(_, said)| holds(&bytes, said)) {
            self.found.push(path);
        }
        Ok(())
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
