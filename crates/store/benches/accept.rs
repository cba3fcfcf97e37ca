//! How fast events become durable: 64 at a time, each with one delivery and an encrypted platform's
//! kind of dedupe key.

use std::sync::Arc;

use bytes::Bytes;
use ringback_store::record::{Event, EventKind, NewDelivery};
use ringback_store::{MasterKey, Options, Record, Store};
use ringback_types::{Clock, EndpointId, Random, RecordId as _, SourceId};

const AT_ONCE: usize = 64;
const EVENTS: usize = 6_400;

fn main() {
    divan::main();
}

fn record(directory: &std::path::Path) -> Record {
    let options = Options::new(directory);
    Record::new(Store::open(options, Clock::real(), &MasterKey::Beside, &[]).expect("a new store"))
}

async fn accept_one(record: &Record, body: &Bytes, key: u128) {
    let store = record.store();
    let event = Event {
        id: store.next_id(),
        kind: EventKind::Event,
        source: SourceId::from_raw(1),
        event_type: "im.message.receive_v1".to_owned(),
        app: Some("cli_a1b2c3d4e5f60718".to_owned()),
        dedupe_key: Some(format!("{key:032x}")),
        headers: Some(r#"{"content-type":"application/json"}"#.to_owned()),
        body_bytes: body.len() as i64,
        body: Some(body.clone()),
        raw: None,
    };
    let delivery = NewDelivery {
        id: store.next_id(),
        endpoint: EndpointId::from_raw(7),
        due_at: store.clock().schedule(),
        claimed: true,
        order_key: None,
    };
    record
        .accept(Arc::new(event), [delivery].into(), Vec::new())
        .await
        .expect("a healthy store");
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn accept(bencher: divan::Bencher<'_, '_>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let record = record(directory.path());
    let body = Bytes::from(vec![b'x'; 1024]);
    let random = Random::system();
    bencher
        .counter(divan::counter::ItemsCount::new(EVENTS))
        .bench_local(|| {
            runtime.block_on(async {
                let tasks: Vec<_> = (0..AT_ONCE)
                    .map(|_| {
                        let (record, body, random) = (record.clone(), body.clone(), random.clone());
                        tokio::spawn(async move {
                            for _ in 0..EVENTS / AT_ONCE {
                                accept_one(&record, &body, u128::from_le_bytes(random.bytes()))
                                    .await;
                            }
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.expect("no task panics");
                }
            });
        });
    runtime.block_on(record.store().close());
}
