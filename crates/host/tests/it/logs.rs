//! What becomes of what programs write.

use std::fs;

use ringback_host::{LogFilter, LogLevel, LogLine, Options};

use crate::stage::{Stage, options, server};

fn line(level: &str, text: &str) -> String {
    format!("say <12,34>,2026-01-31 16:15:30.250,{level},00ff12ab34cd56ef,main.rs,77,{text}")
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

#[tokio::test]
async fn log_lines_are_filtered_by_level_and_kept_apart_from_other_output() {
    let stage = Stage::new();
    let mut spec = server();
    spec.instances = 2;
    stage.run_until_ready(spec).await;
    stage.say(1, &line("DBG", "unheard")).await;
    stage.say(1, "say not a log line").await;
    stage.say(1, &line("INFO", "one, two")).await;
    stage.until_logged(1).await;
    stage.hosts.set_log_level("prog1", LogLevel::Debug);
    stage.say(2, &line("DBG", "heard")).await;
    stage.until_logged(2).await;
    stage.say(1, &line("ERR", "broken")).await;
    stage.until_logged(3).await;

    let all = LogFilter::default();
    let lines = stage.hosts.logs("prog1", &all);
    assert_eq!(texts(&lines), ["one, two", "heard", "broken"]);
    assert_eq!(
        lines[0],
        LogLine {
            number: 1,
            at: stage.clock.wire(),
            instance: 1,
            level: LogLevel::Info,
            req_id: "00ff12ab34cd56ef".to_owned(),
            file: "main.rs".to_owned(),
            line: 77,
            text: "one, two".to_owned(),
            written: "2026-01-31 16:15:30.250".to_owned(),
        }
    );
    let wanted = |change: fn(&mut LogFilter)| {
        let mut filter = all.clone();
        change(&mut filter);
        let lines = stage.hosts.logs("prog1", &filter);
        lines.iter().map(|line| line.number).collect::<Vec<_>>()
    };
    assert_eq!(wanted(|filter| filter.level = Some(LogLevel::Info)), [1, 3]);
    assert_eq!(wanted(|filter| filter.instance = Some(2)), [2]);
    assert_eq!(
        wanted(|filter| filter.req_id = Some("another".to_owned())),
        [0; 0]
    );
    assert_eq!(wanted(|filter| filter.limit = Some(2)), [2, 3]);
    assert_eq!(
        wanted(|filter| (filter.after, filter.limit) = (Some(1), Some(1))),
        [2]
    );
    let counts = stage.hosts.log_counts("prog1");
    assert_eq!(
        (counts.kept, counts.above_level, counts.not_written),
        (3, 1, 0)
    );
    let output = stage.hosts.output("prog1", 1);
    assert_eq!(output.last().unwrap(), "not a log line");
}

#[tokio::test]
async fn the_excess_of_an_hour_is_dropped_and_the_next_hour_is_a_new_one() {
    let stage = Stage::with(Options {
        log_bytes_per_hour: 200,
        ..options()
    });
    stage.run_until_ready(server()).await;
    for number in 1..=4 {
        stage.say(1, &line("INFO", &format!("line {number}"))).await;
    }
    stage.say(1, "exit 0").await;
    stage
        .until(|status| status.restarts == 1 && status.address.is_some())
        .await;
    let kept = stage.hosts.logs("prog1", &LogFilter::default());
    assert_eq!(texts(&kept), ["line 1", "line 2"]);
    assert_eq!(stage.hosts.log_counts("prog1").over_hour, 2);

    let next_hour = stage.clock.schedule().plus_millis(3_600_000);
    stage.clock.advance_to(next_hour).unwrap();
    stage.say(1, &line("INFO", "line 5")).await;
    stage.until_logged(3).await;
}

#[tokio::test]
async fn log_lines_survive_a_restart_in_files_of_bounded_size() {
    let options = Options {
        log_lines: 30,
        log_file_bytes: 4_096,
        log_files: 2,
        ..options()
    };
    let mut stage = Stage::with(options.clone());
    stage.run_until_ready(server()).await;
    for number in 1..=100_u64 {
        stage.say(1, &line("INFO", &format!("line {number}"))).await;
        stage.until_logged(number).await;
    }
    stage.restart(options).await;
    assert!(stage.hosts.logs("prog1", &LogFilter::default()).is_empty());
    stage.run_until_ready(server()).await;
    stage.say(1, &line("INFO", "line 101")).await;
    stage.until_logged(101).await;

    let lines = stage.hosts.logs("prog1", &LogFilter::default());
    let numbers: Vec<u64> = lines.iter().map(|line| line.number).collect();
    let tail: Vec<u64> = (72..=101).collect();
    assert_eq!(numbers, tail);
    assert_eq!(lines[0].text, "line 72");
    stage.hosts.stop("prog1").await;
    let files = fs::read_dir(stage.directory.join("prog1"))
        .unwrap()
        .flatten();
    let sizes: Vec<u64> = files
        .filter(|file| {
            file.file_name()
                .to_string_lossy()
                .starts_with("program.log")
        })
        .map(|file| file.metadata().unwrap().len())
        .collect();
    assert_eq!(sizes.len(), 3);
    assert!(sizes.iter().all(|size| *size <= 4_096), "{sizes:?}");
}

#[tokio::test]
async fn a_program_that_floods_goes_on_and_takes_no_room() {
    let stage = Stage::with(Options {
        log_lines: 100,
        log_bytes_per_hour: 1 << 20,
        output_bytes: 4 << 10,
        output_bytes_per_second: 1 << 30,
        ..options()
    });
    stage.run_until_ready(server()).await;
    assert_eq!(stage.say(1, "flood 16").await, "done");
    stage.say(1, "exit 0").await;
    stage.until(|status| status.restarts == 1).await;

    assert_eq!(stage.hosts.logs("prog1", &LogFilter::default()).len(), 100);
    let counts = stage.hosts.log_counts("prog1");
    assert_eq!(counts.cut, 1, "the endless line");
    assert!(counts.over_hour > counts.kept, "{counts:?}");
    let output = stage.hosts.output("prog1", 1);
    assert!(output.iter().map(|line| line.len() + 1).sum::<usize>() <= 4 << 10);
}
