//! The configuration: its default file, and what is refused at start.

use crate::support::{Place, settings};

#[test]
fn the_default_file_is_printed_and_passes_the_check() {
    let place = Place::new();
    let file = place.run(["config", "default"]).held();
    std::fs::write(place.path("default.toml"), file).unwrap();
    let checked = place.run(["config", "check", "default.toml"]);
    assert_eq!(checked.status, Some(0), "{}", checked.whole());
}

#[test]
fn what_is_wrong_is_refused_with_its_name() {
    let place = Place::new();
    let mut told = Vec::new();
    for toml in [
        "[listn]",
        "[listen]\naddress = \"nowhere\"",
        "[listen]\nreceive = \"7301\"",
        "[limits]\nbody_bytes = \"1 MiB\"",
        "[limits]\nbody_bytes = 1",
        "[tls]\nenabled = true",
        "[retention]\nbody_days = 31",
        "[outbound]\nallow = [\"10.0.0.1/99\"]",
        "[log]\nformat = \"xml\"",
        "[log]\nlevel = \"loud\"",
        "[log]\nlevel = \"info,ringback_deliver=loud\"",
    ] {
        std::fs::write(place.path("wrong.toml"), toml).unwrap();
        let ended = place.run(["serve", "--config", "wrong.toml"]);
        told.push(format!(
            "# {}\n{}\n",
            toml.replace('\n', " "),
            ended.whole()
        ));
    }
    std::fs::write(place.path("right.toml"), "").unwrap();
    let checked = place.run(["config", "check", "wrong.toml"]);
    assert!(
        checked.err.contains("[config.log_level]"),
        "{}",
        checked.whole()
    );
    let by_variable = place
        .ringback(["serve", "--config", "right.toml"])
        .env("RINGBACK_LOG", "loud")
        .output();
    let by_variable = crate::support::Ended::of(by_variable.unwrap());
    told.push(format!("# RINGBACK_LOG=loud\n{}\n", by_variable.whole()));
    let absent = place.run(["serve", "--config", "absent.toml"]);
    told.push(format!("# no file\n{}\n", absent.whole()));
    settings().bind(|| insta::assert_snapshot!("config_refused", told.concat()));
}
