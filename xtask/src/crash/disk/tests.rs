//! The model against made-up logs, where what must survive is known by hand.

use super::*;

const DIRECTORY: u64 = 1;

fn open_directory() -> Record {
    Record::Open {
        file: DIRECTORY,
        path: "/d".into(),
        is_directory: true,
    }
}

fn create(file: u64, path: &str) -> Record {
    Record::Create {
        file,
        path: path.into(),
    }
}

fn write(file: u64, offset: u64, data: &[u8]) -> Record {
    Record::Write {
        file,
        offset,
        data: data.to_vec(),
    }
}

fn disk(records: &[Record]) -> Disk {
    let mut disk = Disk::default();
    for (index, record) in records.iter().enumerate() {
        disk.apply(&Entry {
            end: index as u64 + 1,
            record: record.clone(),
        })
        .unwrap();
    }
    disk
}

/// A whole sync of what stands in the log so far.
fn sync(log: &mut Vec<Record>, file: u64) {
    log.push(Record::SyncBegin { file });
    let begin = log.len() as u64;
    log.push(Record::SyncEnd {
        file,
        is_directory: file == DIRECTORY,
        begin,
        ok: true,
    });
}

#[test]
fn data_needs_its_file_synced_and_a_name_needs_its_directory_synced() {
    let mut log = vec![open_directory(), create(2, "/d/a"), write(2, 0, b"one")];
    sync(&mut log, 2);
    assert_eq!(disk(&log).cut(Survival::Nothing).read("/d/a"), None);
    log.push(Record::Mark("a promise changes nothing".into()));
    sync(&mut log, DIRECTORY);
    assert_eq!(
        disk(&log).cut(Survival::Nothing).read("/d/a"),
        Some(&b"one"[..])
    );

    log.push(write(2, 3, b"two"));
    let unsynced = disk(&log);
    assert_eq!(
        unsynced.cut(Survival::Nothing).read("/d/a"),
        Some(&b"one"[..])
    );
    assert_eq!(
        unsynced.cut(Survival::Prefix(1)).read("/d/a"),
        Some(&b"onetwo"[..])
    );
}

#[test]
fn a_sync_covers_what_came_before_it_began_and_a_failed_one_nothing() {
    let mut log = vec![open_directory(), create(2, "/d/a"), write(2, 0, b"aa")];
    sync(&mut log, DIRECTORY);
    log.push(Record::SyncBegin { file: 2 });
    let begin = log.len() as u64;
    log.push(write(2, 1, b"b"));
    log.push(Record::SyncEnd {
        file: 2,
        is_directory: false,
        begin,
        ok: true,
    });
    let disk_after = disk(&log);
    assert_eq!(
        disk_after.cut(Survival::Nothing).read("/d/a"),
        Some(&b"aa"[..])
    );
    assert_eq!(disk_after.pending(), 1);

    log.push(Record::SyncEnd {
        file: 2,
        is_directory: false,
        begin: log.len() as u64,
        ok: false,
    });
    // A sync that goes well afterwards does not bring back what the failed one lost.
    sync(&mut log, 2);
    assert_eq!(
        disk(&log).cut(Survival::Nothing).read("/d/a"),
        Some(&b"aa"[..])
    );
    log.push(write(2, 1, b"c"));
    sync(&mut log, 2);
    assert_eq!(
        disk(&log).cut(Survival::Nothing).read("/d/a"),
        Some(&b"ac"[..])
    );
}

#[test]
fn a_rename_without_syncs_shows_the_old_file_or_an_empty_one() {
    let mut log = vec![open_directory(), create(2, "/d/key"), write(2, 0, b"old")];
    sync(&mut log, 2);
    sync(&mut log, DIRECTORY);
    log.extend([
        create(3, "/d/key.new"),
        write(3, 0, b"new"),
        Record::Rename {
            from: "/d/key.new".into(),
            to: "/d/key".into(),
        },
    ]);
    let careless = disk(&log);
    assert_eq!(
        careless.cut(Survival::Nothing).read("/d/key"),
        Some(&b"old"[..])
    );
    let seen: std::collections::BTreeSet<_> = (0..64)
        .map(|seed| {
            careless
                .cut(Survival::Subset { seed, sector: 512 })
                .read("/d/key")
                .map(<[u8]>::to_vec)
        })
        .collect();
    assert_eq!(
        seen,
        [
            Some(Vec::new()),
            Some(b"new".to_vec()),
            Some(b"old".to_vec())
        ]
        .into()
    );

    // A file made again under the same inode begins empty.
    log.extend([
        Record::Unlink {
            path: "/d/key".into(),
        },
        create(2, "/d/other"),
    ]);
    assert_eq!(
        disk(&log)
            .cut(Survival::Prefix(usize::MAX))
            .read("/d/other"),
        Some(&b""[..])
    );
}

#[test]
fn writes_tear_at_sectors_of_the_file_and_nowhere_else() {
    let mut log = vec![
        open_directory(),
        create(2, "/d/a"),
        write(2, 0, &[b'.'; 2048]),
    ];
    sync(&mut log, 2);
    sync(&mut log, DIRECTORY);
    log.push(write(2, 500, &[b'x'; 1000]));
    log.push(Record::Truncate {
        file: 2,
        length: 3000,
    });
    let disk = disk(&log);
    let borders = [500, 512, 1024, 1500];
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..64 {
        let image = disk.cut(Survival::Subset { seed, sector: 512 });
        let content = image.read("/d/a").unwrap();
        assert!(matches!(content.len(), 2048 | 3000));
        for window in borders.windows(2) {
            let part = &content[window[0]..window[1]];
            assert!(part.iter().all(|byte| *byte == part[0]));
        }
        assert!(
            content[..500].iter().all(|byte| *byte == b'.')
                && content[1500..2048].iter().all(|byte| *byte == b'.')
        );
        seen.insert(content.to_vec());
    }
    assert_eq!(
        seen.len(),
        16,
        "three sectors and a truncation survive independently"
    );
}

#[test]
fn an_image_becomes_files_that_only_we_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let mut log = vec![open_directory(), create(2, "/d/deep/a"), write(2, 1, b"x")];
    sync(&mut log, 2);
    let folder = tempfile::tempdir().unwrap();
    disk(&log)
        .cut(Survival::Prefix(1))
        .materialise(Path::new("/d"), folder.path())
        .unwrap();
    let file = folder.path().join("deep/a");
    assert_eq!(fs::read(&file).unwrap(), b"\0x");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_change_to_a_file_of_unknown_content_is_refused() {
    let mut disk = Disk::default();
    assert!(
        disk.apply(&Entry {
            end: 1,
            record: write(7, 0, b"x")
        })
        .is_err()
    );
}
