//! Opening, locking, keys, writes that are whole or not at all, changes, backup.

use std::sync::Arc;

use ringback_store::{
    Change, MasterKey, OpenError, Options, Record, Schema, Statement, Store, Value, VaultError,
    WriteError,
};
use ringback_types::{Clock, Coded as _, Secret, WireTime};

use super::{Fixture, START, open};

ringback_store::statements! {
    INSERT = "INSERT INTO note (id, text) VALUES ($1, $2)";
    UPDATE = "UPDATE note SET text = $2 WHERE id = $1";
    READ = "SELECT id, text FROM note ORDER BY id";
}

const NOTES: Schema = Schema {
    room: "note",
    steps: &["CREATE TABLE note (id {id}, text TEXT NOT NULL) {strict}"],
};

fn open_notes(directory: &tempfile::TempDir, steps: &[Schema]) -> Result<Store, OpenError> {
    let clock = Clock::fixed(WireTime::from_millis(START));
    Store::open(
        Options::new(directory.path()),
        clock,
        &MasterKey::Beside,
        steps,
    )
}

#[tokio::test]
async fn a_write_is_applied_whole_or_refused_whole() {
    assert_eq!(STATEMENTS.len(), 3);
    let directory = tempfile::tempdir().unwrap();
    let store = open_notes(&directory, &[NOTES]).unwrap();
    let insert = |id: i64| Statement::new(INSERT, [Value::Int(id), Value::from("x")]).expecting(1);
    store.write(vec![insert(1), insert(2)]).await.unwrap();

    let update = Statement::new(UPDATE, [Value::Int(9), Value::from("y")]).expecting(1);
    let refused = store.write(vec![insert(3), update]).await.unwrap_err();
    assert_eq!(
        refused,
        WriteError::Unexpected {
            statement: 1,
            expected: 1,
            found: 0
        }
    );
    assert_eq!(store.read(READ, []).await.unwrap().len(), 2);

    let broken = store.write(vec![insert(4), insert(1)]).await;
    assert!(matches!(broken, Err(WriteError::Failed(_))));
    let update = Statement::new(UPDATE, [Value::Int(9), Value::from("y")]).expecting(1);
    let refused = store.write_bulk(vec![insert(3), update]).await;
    assert!(matches!(refused, Err(WriteError::Unexpected { .. })));
    assert_eq!(store.read(READ, []).await.unwrap().len(), 2);
    let touched = store.write_bulk(vec![insert(3), insert(4)]).await;
    assert_eq!(
        touched,
        Ok(vec![1, 1]),
        "the bulk lane keeps the same promise"
    );
    assert!(store.status().ready, "a refused write harms nobody else");
}

#[tokio::test]
async fn a_directory_has_one_holder_and_names_it() {
    let fixture = Fixture::new();
    let second = Store::open(
        Options::new(fixture.directory.path()),
        fixture.clock.clone(),
        &MasterKey::Beside,
        &[],
    );
    let error = second.unwrap_err();
    assert_eq!(error.code().as_str(), "store.locked");
    assert!(
        error.to_string().contains(&std::process::id().to_string()),
        "{error}"
    );
    fixture.restart().await;
}

#[tokio::test]
async fn a_newer_store_and_a_wrong_key_are_refused_at_start() {
    let directory = tempfile::tempdir().unwrap();
    open_notes(&directory, &[NOTES]).unwrap().close().await;
    let older = open_notes(
        &directory,
        &[Schema {
            room: "note",
            steps: &[],
        }],
    )
    .unwrap_err();
    assert!(matches!(
        older,
        OpenError::Newer {
            room: "note",
            found: 1,
            known: 0
        }
    ));

    let key = directory.path().join("master.key");
    std::fs::write(&key, "00".repeat(32)).unwrap();
    let wrong = open_notes(&directory, &[NOTES]).unwrap_err();
    assert!(
        matches!(wrong, OpenError::Vault(VaultError::WrongKey)),
        "{wrong}"
    );
    std::fs::write(&key, "not a key").unwrap();
    let form = open_notes(&directory, &[NOTES]).unwrap_err();
    assert!(
        matches!(form, OpenError::Vault(VaultError::Form { .. })),
        "{form}"
    );
}

#[tokio::test]
async fn a_change_bumps_the_revision_and_leaves_an_audit_row() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_notes(&directory, &[NOTES]).unwrap();
    let mut revision = store.revision();
    let before = *revision.borrow_and_update();
    let change = Change {
        caller: Arc::from("ann"),
        action: "note.create",
        target: "note 1".to_owned(),
        detail: serde_json::json!({"text": "x"}),
    };
    let insert = Statement::new(INSERT, [Value::Int(1), Value::from("x")]);
    let after = store.change(change, vec![insert]).await.unwrap();
    assert_eq!(after, before + 1);
    assert!(revision.has_changed().unwrap());
    let audit = store.audit(None, 10).await.unwrap();
    assert_eq!(
        (audit[0].caller.as_str(), audit[0].action.as_str()),
        ("ann", "note.create")
    );
}

#[tokio::test]
async fn a_backup_opens_as_a_store_with_the_same_secrets() {
    let fixture = Fixture::new();
    let event = fixture.event("t", Some("k"), "{}");
    fixture
        .accept(&event, vec![fixture.delivery(7, false, None)])
        .await;
    let sealed = fixture.record.store().vault().seal(&Secret::from("s3cret"));

    let copy = tempfile::tempdir().unwrap();
    let file = copy.path().join("ringback.db");
    fixture.record.store().backup(file.clone()).await.unwrap();
    assert!(
        fixture.record.store().backup(file).await.is_err(),
        "nothing is overwritten"
    );
    let key = fixture.directory.path().join("master.key");
    std::fs::copy(key, copy.path().join("master.key")).unwrap();

    let restored: Record = open(&copy, &fixture.clock);
    assert!(restored.event(event.id).await.unwrap().is_some());
    assert_eq!(
        restored.store().vault().open_sealed(&sealed).unwrap(),
        Secret::from("s3cret")
    );
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_a_low_disk_refuses_sources_only() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Clock::fixed(WireTime::from_millis(START));
    let options = Options {
        queue_capacity: 0,
        ..Options::new(directory.path())
    };
    let full = Store::open(options, clock.clone(), &MasterKey::Beside, &[NOTES]).unwrap();
    assert_eq!(full.write(vec![]).await, Err(WriteError::Busy));
    full.close().await;

    let options = Options {
        minimum_free_bytes: u64::MAX,
        ..Options::new(directory.path())
    };
    let low = Store::open(options, clock, &MasterKey::Beside, &[NOTES]).unwrap();
    assert_eq!(low.accepting(), Err(WriteError::DiskLow));
    low.write(vec![]).await.unwrap();
}

#[tokio::test]
async fn a_rotated_master_key_opens_the_same_secrets_and_the_old_one_does_not() {
    let fixture = Fixture::new();
    let sealed = fixture.record.store().vault().seal(&Secret::from("s3cret"));
    fixture.record.store().close().await;
    let directory = fixture.directory.path();
    let key = directory.join("master.key");
    let old = std::fs::read_to_string(&key).unwrap();

    // Cut off after the data keys were sealed anew: the next start finishes it.
    let next = directory.join("master.key.next");
    ringback_store::rotate_master_key(directory, &MasterKey::Beside, None).unwrap();
    std::fs::rename(&key, &next).unwrap();
    std::fs::write(&key, &old).unwrap();
    let record = open(&fixture.directory, &fixture.clock);
    assert_eq!(
        record.store().vault().open_sealed(&sealed).unwrap(),
        Secret::from("s3cret")
    );
    assert!(!next.exists());
    record.store().close().await;

    let elsewhere = directory.join("elsewhere.key");
    let to = Some(elsewhere.clone());
    ringback_store::rotate_master_key(directory, &MasterKey::Beside, to).unwrap();
    assert!(matches!(
        open_notes(&fixture.directory, &[]),
        Err(OpenError::Vault(_))
    ));
    let options = Options::new(directory);
    let key = MasterKey::File(elsewhere);
    let store = Store::open(options, fixture.clock.clone(), &key, &[]).unwrap();
    assert_eq!(
        store.vault().open_sealed(&sealed).unwrap(),
        Secret::from("s3cret")
    );
}

#[tokio::test]
async fn nobody_else_may_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("data");
    let clock = Clock::fixed(WireTime::from_millis(START));
    let options = Options::new(&directory);
    let store = Store::open(options, clock, &MasterKey::Beside, &[NOTES]).unwrap();
    store.backup(parent.path().join("copy.db")).await.unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for entry in std::fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert_eq!(mode(&parent.path().join("copy.db")), 0o600);
}

#[tokio::test]
async fn a_change_comes_into_force_even_when_whoever_asked_has_gone_away() {
    let directory = tempfile::tempdir().unwrap();
    let store = open_notes(&directory, &[NOTES]).unwrap();
    let mut revision = store.revision();
    revision.mark_unchanged();
    let change = Change {
        caller: Arc::from("ann"),
        action: "note.create",
        target: "note 1".to_owned(),
        detail: serde_json::Value::Null,
    };
    let mut asking = Box::pin(store.change(change, vec![]));
    let gave_up = std::future::poll_fn(|context| {
        let polled = asking.as_mut().poll(context);
        std::task::Poll::Ready(polled.is_pending())
    });
    assert!(gave_up.await);
    drop(asking);
    revision.changed().await.unwrap();
}
