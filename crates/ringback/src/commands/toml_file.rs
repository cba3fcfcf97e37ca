//! TOML files that commands are given: what is wrong with one is named with its place.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::{Exit, Failure};

/// What is said of a file that is wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    /// The stable code.
    pub(super) code: &'static str,
    /// Where a right one can be seen.
    pub(super) hint: &'static str,
}

/// A file and what stands in it.
#[derive(Debug)]
pub(super) struct TomlFile {
    path: PathBuf,
    text: String,
    words: Words,
}

impl TomlFile {
    /// Reads a file.
    pub(super) fn read(path: &Path, words: Words) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::file("read", path, &error).exiting(Exit::Usage))?;
        Ok(Self {
            path: path.to_owned(),
            text,
            words,
        })
    }

    /// A path that the file names: from the directory it stands in.
    pub(super) fn beside(&self, path: &Path) -> PathBuf {
        let directory = self.path.parent();
        directory.map_or_else(|| path.to_owned(), |directory| directory.join(path))
    }

    /// The document, in the shape that is asked for.
    pub(super) fn parse<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Failure> {
        toml::from_str(&self.text).map_err(|error| self.malformed(&error))
    }

    /// Names the line and the object, not the text of the line: it may be a secret in a wrong place.
    fn malformed(&self, error: &toml::de::Error) -> Failure {
        let line = self.line_of(error.span().map_or(0, |span| span.start));
        let upto: Vec<&str> = self.text.lines().take(line).collect();
        let header = upto.into_iter().rev().find_map(header);
        let object = header.map_or_else(String::new, |header| format!(", `{header}`"));
        let message = format!(
            "`{}`, line {line}{object}: {}",
            self.path.display(),
            error.message().trim_end().replace('\n', ", ")
        );
        Failure::usage(self.words.code, message).with_hint(self.words.hint)
    }

    /// The line, from 1, that has this byte.
    fn line_of(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or_default();
        before.lines().count().max(1) + usize::from(before.ends_with('\n'))
    }

    /// What is wrong with a member of an object, with the place in the file before it.
    pub(super) fn wrong(&self, object: &str, member: &str, failure: Failure) -> Failure {
        let place = if member.is_empty() {
            object.to_owned()
        } else {
            format!("{object}.{member}")
        };
        self.at(self.line(object, member), &place, failure)
    }

    /// The same of what stands at these bytes.
    pub(super) fn wrong_at(&self, span: &Range<usize>, place: &str, failure: Failure) -> Failure {
        self.at(Some(self.line_of(span.start)), place, failure)
    }

    fn at(&self, line: Option<usize>, place: &str, failure: Failure) -> Failure {
        let line = line.map_or_else(String::new, |line| format!(", line {line}"));
        let path = self.path.display();
        let message = format!("`{path}`{line}, `{place}`: {}", failure.message);
        Failure { message, ..failure }.exiting(Exit::Usage)
    }

    /// The line of a member, or else of its object's table.
    fn line(&self, object: &str, member: &str) -> Option<usize> {
        let lines = || self.text.lines().enumerate();
        let (start, _) = lines().find(|(_, line)| header(line).as_deref() == Some(object))?;
        let members = lines().skip(start + 1);
        let mut members = members.take_while(|(_, line)| header(line).is_none());
        let found = members.find(|(_, line)| !member.is_empty() && is_member(line, member));
        Some(found.map_or(start, |(line, _)| line) + 1)
    }
}

/// `endpoint.billing` of `[endpoint.billing]`, quotes and spaces left out.
fn header(line: &str) -> Option<String> {
    let line = line.trim().strip_prefix('[')?;
    let inner = line.trim_start_matches('[').split(']').next()?;
    Some(inner.replace(['"', '\'', ' '], ""))
}

fn is_member(line: &str, member: &str) -> bool {
    let rest = line.trim_start().strip_prefix(member);
    rest.is_some_and(|rest| rest.starts_with([' ', '=', '.']))
}
