//! Lists and imports of an archive with a million messages of four days: what a page costs must not
//! depend on how many there are. Making the archive takes a minute or two.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_archive::{Archive, Generate, Options, Owner, SCHEMA, TokenKind};
use ringback_store::{MasterKey, Store};
use ringback_types::{Clock, Random};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const MESSAGES: usize = 1_000_000;
const CHUNK_LINES: usize = 500;
const CORP: &str = "wwbench";

static ARCHIVE: LazyLock<Bench> = LazyLock::new(Bench::new);

fn main() {
    divan::main();
}

struct Bench {
    runtime: Runtime,
    archive: Archive,
    owner: Owner,
    _directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let options = ringback_store::Options::new(directory.path());
        let store = Store::open(options, Clock::real(), &MasterKey::Beside, &[SCHEMA]);
        let options = Options {
            calls_without_token: u32::MAX,
            ..Options::default()
        };
        let load = Archive::load(store.expect("a store"), Random::seeded(1), options);
        let archive = runtime.block_on(load).expect("an archive");
        let bench = Self {
            runtime,
            archive,
            owner: Owner {
                corp: CORP.to_owned(),
                agentid: 1,
                program: "prog".to_owned(),
            },
            _directory: directory,
        };
        bench.fill();
        bench
    }

    fn fill(&self) {
        let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).expect("a key");
        let der: PublicKeyX509Der<'_> = key.public_key().as_der().expect("a public key");
        let body = STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
        let set = self.archive.set_public_key("bench", CORP, &pem, 1);
        self.runtime.block_on(set).expect("a key that is taken");
        let lines: Vec<_> = Archive::generate(1, &Self::wish(MESSAGES)).collect();
        for chunk in lines.chunks(CHUNK_LINES) {
            self.import(&chunk.join("\n"));
        }
    }

    fn wish(messages: usize) -> Generate {
        Generate {
            messages,
            members: 200,
            customers: 5_000,
            groups: 500,
            ..Generate::new(Clock::real().schedule())
        }
    }

    fn import(&self, lines: &str) {
        let import = self.archive.import(CORP, lines.as_bytes());
        self.runtime.block_on(import).expect("lines that are taken");
    }

    fn sync(&self, request: &Value) -> Value {
        let request = request.to_string();
        let answer = self.archive.sync_msg(&self.owner, &request);
        let answer = self.runtime.block_on(answer).expect("an answer");
        serde_json::from_str(&answer).expect("JSON")
    }

    fn page(&self, bencher: divan::Bencher<'_, '_>, request: &Value) {
        let request = request.to_string();
        bencher.bench(|| {
            let answer = self.archive.sync_msg(&self.owner, &request);
            self.runtime.block_on(answer).expect("an answer").len()
        });
    }

    fn now_seconds() -> i64 {
        Clock::real().schedule().as_seconds()
    }

    /// A cursor that has come to the end of the list, before `lines` arrived.
    fn cursor_before(&self, lines: &[String]) -> Value {
        let begin = json!({ "begin_time": Self::now_seconds() + 3600 });
        let cursor = self.sync(&begin)["next_cursor"].clone();
        for chunk in lines.chunks(CHUNK_LINES) {
            self.import(&chunk.join("\n"));
        }
        cursor
    }
}

#[divan::bench]
fn first_page(bencher: divan::Bencher<'_, '_>) {
    ARCHIVE.page(bencher, &json!({ "limit": 200 }));
}

#[divan::bench]
fn page_in_the_middle(bencher: divan::Bencher<'_, '_>) {
    let begin = Bench::now_seconds() - 2 * 24 * 60 * 60;
    ARCHIVE.page(bencher, &json!({ "limit": 200, "begin_time": begin }));
}

#[divan::bench]
fn page_of_a_thousand(bencher: divan::Bencher<'_, '_>) {
    ARCHIVE.page(bencher, &json!({ "limit": 1000 }));
}

#[divan::bench]
fn ten_page_ids_of_a_thousand(bencher: divan::Bencher<'_, '_>) {
    ARCHIVE.page(bencher, &json!({ "limit": 1000, "mode": 1 }));
}

#[divan::bench]
fn page_of_new_arrivals(bencher: divan::Bencher<'_, '_>) {
    let lines: Vec<_> = Archive::generate(2, &Bench::wish(2_000)).collect();
    let cursor = ARCHIVE.cursor_before(&lines);
    ARCHIVE.page(bencher, &json!({ "limit": 200, "cursor": cursor }));
}

/// Nothing new: what a program that polls costs.
#[divan::bench]
fn empty_page(bencher: divan::Bencher<'_, '_>) {
    let cursor = ARCHIVE.cursor_before(&[]);
    ARCHIVE.page(bencher, &json!({ "limit": 200, "cursor": cursor }));
}

#[divan::bench]
fn issue_token(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(|| {
        ARCHIVE
            .archive
            .issue_token(&ARCHIVE.owner, TokenKind::NewMessage)
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn import_500_lines(bencher: divan::Bencher<'_, '_>) {
    let mut seed = 100;
    bencher
        .counter(divan::counter::ItemsCount::new(CHUNK_LINES))
        .with_inputs(|| {
            seed += 1;
            let messages = Archive::generate(seed, &Bench::wish(CHUNK_LINES));
            let lines: Vec<_> = messages
                .filter(|line| line.contains(r#""kind":"message""#))
                .collect();
            lines.join("\n")
        })
        .bench_local_values(|lines| ARCHIVE.import(&lines));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn generate_10k() -> usize {
    let now = Clock::real().schedule();
    let wish = Generate {
        messages: 10_000,
        ..Generate::new(now)
    };
    Archive::generate(7, &wish).map(|line| line.len()).sum()
}
