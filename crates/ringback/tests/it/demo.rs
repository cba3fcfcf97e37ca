//! The demo holds, whole.

use crate::support::{Place, settings};

#[test]
fn every_step_of_the_demo_holds() {
    let told = Place::new().run(["demo", "--once"]).held();
    let table = &told[told.find("STEP").unwrap()..];
    settings().bind(|| insta::assert_snapshot!("demo_table", table));

    let json = Place::new()
        .run(["demo", "--once", "--format", "json"])
        .held();
    let held = json
        .lines()
        .filter(|line| line.contains(r#""held":true"#))
        .count();
    assert_eq!(held, 26, "{json}");
}
