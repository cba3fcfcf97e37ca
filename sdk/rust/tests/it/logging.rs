//! Log lines.

use jiff::tz::{Offset, TimeZone};
use ringback_zone_sdk::WireTime;
use ringback_zone_sdk::log::{Level, Line, MAX_CUSTOM_BYTES};

fn line(custom: &str) -> Line<'_> {
    Line {
        at: WireTime::from_millis(1_717_063_445_007),
        time_zone: Offset::constant(8).to_time_zone(),
        level: Level::Info,
        request_id: "8f14e45fceea167a",
        file: "src/deep/main.rs",
        line: 42,
        custom,
    }
}

/// What stands behind the line number.
fn custom_of(line: &Line<'_>) -> String {
    let text = line.to_string();
    text.split_once(",main.rs,42,").unwrap().1.to_owned()
}

#[test]
fn a_line_has_the_documented_fields() {
    let text = line("pulled 3 messages").to_string();
    let (ids, rest) = text.strip_prefix('<').unwrap().split_once(">,").unwrap();
    assert_eq!(
        rest,
        "2024-05-30 18:04:05.007,INFO,8f14e45fceea167a,main.rs,42,pulled 3 messages"
    );
    let (process, thread) = ids.split_once(',').unwrap();
    assert_eq!(process, std::process::id().to_string());
    assert!(thread.parse::<u32>().unwrap() > 0);
    let words = [Level::Error, Level::Info, Level::Debug].map(Level::as_str);
    assert_eq!(words, ["ERR", "INFO", "DBG"]);
    let outside = Line {
        time_zone: TimeZone::UTC,
        request_id: "",
        ..line("")
    };
    assert!(
        outside
            .to_string()
            .contains(">,2024-05-30 10:04:05.007,INFO,,main.rs,42,")
    );
}

#[test]
fn a_text_is_cut_between_characters_and_stays_on_its_line() {
    let whole = "x".repeat(MAX_CUSTOM_BYTES);
    assert_eq!(custom_of(&line(&whole)), whole);
    assert_eq!(custom_of(&line(&format!("{whole}y"))), whole);
    // 43 characters of three bytes are 129 bytes: the last one does not fit any more.
    let chinese = "好".repeat(43);
    assert_eq!(custom_of(&line(&chinese)), "好".repeat(42));
    assert_eq!(custom_of(&line("a\n<1,1>,b\r\u{1b}[0m")), "a <1,1>,b  [0m");
}
