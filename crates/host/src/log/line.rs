//! The documented line format (sheet wecom-zone-sdk, section 6):
//! `<{pid},{tid}>,{datetime},{log_level},{req_id},{file_name},{line_no},{custom}`.

use ringback_types::WireTime;
use serde::{Deserialize, Serialize};

/// How long the caller's own text may be, in bytes; the SDK cuts it, and so do we, since log lines
/// leave the zone.
const TEXT_LIMIT: usize = 128;
/// How long the other texts may be, in bytes; what is longer was not written by an SDK.
const FIELD_LIMIT: usize = 128;

/// How much a program says: a level stores itself and those below it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum LogLevel {
    /// 1: errors.
    #[serde(rename = "ERR")]
    Error = 1,
    /// 2: the default.
    #[default]
    #[serde(rename = "INFO")]
    Info = 2,
    /// 3: everything.
    #[serde(rename = "DBG")]
    Debug = 3,
}

impl LogLevel {
    /// The number in `set_log_level` and `get_log_level`.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The level of this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Error),
            2 => Some(Self::Info),
            3 => Some(Self::Debug),
            _ => None,
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "ERR" => Some(Self::Error),
            "INFO" => Some(Self::Info),
            "DBG" => Some(Self::Debug),
            _ => None,
        }
    }
}

/// A log line of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its place among the lines of the program; grows, also over restarts of Ringback.
    pub number: u64,
    /// When it was read.
    pub at: WireTime,
    /// Which instance wrote it.
    pub instance: u32,
    /// How important it is.
    pub level: LogLevel,
    /// The request it belongs to, as the SDK numbered it; may be empty.
    pub req_id: String,
    /// The source file it comes from.
    pub file: String,
    /// The line in that file.
    pub line: u32,
    /// The program's own text, at most 128 bytes.
    pub text: String,
    /// When the program says it wrote it: its local time, `YYYY-MM-DD HH:MM:SS.mmm`.
    pub written: String,
}

/// What a line in the documented format says; everything else is not a log line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parsed<'a> {
    pub(crate) level: LogLevel,
    req_id: &'a str,
    file: &'a str,
    line: u32,
    text: &'a str,
    written: &'a str,
}

impl<'a> Parsed<'a> {
    pub(crate) fn read(line: &'a str) -> Option<Self> {
        let (process, rest) = line.strip_prefix('<')?.split_once(">,")?;
        let (pid, tid) = process.split_once(',')?;
        let mut fields = rest.splitn(6, ',');
        let mut field = || fields.next().filter(|field| field.len() <= FIELD_LIMIT);
        let (written, level, req_id, file, number) =
            (field()?, field()?, field()?, field()?, field()?);
        let text = fields.next()?;
        let is_log = is_number(pid) && is_number(tid) && is_datetime(written);
        is_log.then_some(())?;
        Some(Self {
            level: LogLevel::from_word(level)?,
            req_id,
            file,
            line: number.parse().ok()?,
            text: &text[..text.floor_char_boundary(TEXT_LIMIT)],
            written,
        })
    }

    pub(crate) fn into_line(self, number: u64, at: WireTime, instance: u32) -> LogLine {
        LogLine {
            number,
            at,
            instance,
            level: self.level,
            req_id: self.req_id.to_owned(),
            file: self.file.to_owned(),
            line: self.line,
            text: self.text.to_owned(),
            written: self.written.to_owned(),
        }
    }
}

fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `YYYY-MM-DD HH:MM:SS.mmm`, by its form alone.
fn is_datetime(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00 00:00:00.000";
    text.len() == FORM.len()
        && text.bytes().zip(FORM).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == *form,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_log_line_only_in_the_documented_form() {
        let line = "<12,140213>,2026-01-31 08:15:30.250,ERR,00ff12ab34cd56ef,main.rs,77,a, b: 你好";
        assert_eq!(
            Parsed::read(line),
            Some(Parsed {
                level: LogLevel::Error,
                req_id: "00ff12ab34cd56ef",
                file: "main.rs",
                line: 77,
                text: "a, b: 你好",
                written: "2026-01-31 08:15:30.250",
            })
        );
        let outside_a_request = line.replace("00ff12ab34cd56ef", "");
        assert!(Parsed::read(&outside_a_request).is_some());
        for (other, why) in [
            ("Listening on 8080".to_owned(), "any text"),
            (
                line.replace("ERR", "INF0"),
                "the sheet's own misprint, a digit for a letter",
            ),
            (
                line.replace(",77,", ",seventy,"),
                "the line number is no number",
            ),
            (line.replace("12,140213", "12"), "no thread"),
            (line.replace(".250", ""), "no milliseconds"),
            (
                line.replace("main.rs", &"m".repeat(129)),
                "a file name that no SDK writes",
            ),
            (line.split_once(",a,").unwrap().0.to_owned(), "no text"),
        ] {
            assert_eq!(Parsed::read(&other), None, "{why}");
        }
    }

    #[test]
    fn the_text_is_cut_between_characters_at_128_bytes() {
        let line = format!(
            "<1,1>,2026-01-31 08:15:30.250,INFO,,f,1,{}",
            "你".repeat(50)
        );
        assert_eq!(Parsed::read(&line).unwrap().text, "你".repeat(42));
    }
}
