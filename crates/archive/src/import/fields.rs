//! Reads the members of a line by name and type. What is wrong is told by the member's path, never by
//! its value, which may be what somebody said.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Ids of the platform are far shorter.
const LONGEST_ID: usize = 128;
const LONGEST_NAME: usize = 512;
/// Characters of a member's name that an error shows; the name is whoever sent the line's choice.
const SHOWN_NAME: usize = 64;

/// A member that is missing, too much or wrong.
#[derive(Debug)]
pub(super) struct BadMember {
    pub(super) member: String,
    pub(super) problem: Cow<'static, str>,
}

/// The members of an object that have not been asked for yet.
#[derive(Debug)]
pub(super) struct Fields {
    members: Map<String, Value>,
    /// Where the object stands in the line, with a dot behind; empty for the line itself.
    path: String,
}

type Read<T> = Result<T, BadMember>;

impl Fields {
    pub(super) fn new(members: Map<String, Value>) -> Self {
        Self {
            members,
            path: String::new(),
        }
    }

    pub(super) fn bad(&self, member: &str, problem: impl Into<Cow<'static, str>>) -> BadMember {
        let shown: String = member.chars().take(SHOWN_NAME).collect();
        BadMember {
            member: format!("{}{shown}", self.path),
            problem: problem.into(),
        }
    }

    /// Any value; `null` counts as absent.
    pub(super) fn maybe_value(&mut self, member: &str) -> Option<Value> {
        self.members.remove(member).filter(|value| !value.is_null())
    }

    pub(super) fn maybe_text(&mut self, member: &str) -> Read<Option<String>> {
        match self.maybe_value(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.bad(member, "must be text")),
        }
    }

    pub(super) fn text(&mut self, member: &str) -> Read<String> {
        self.maybe_text(member)?.ok_or_else(|| self.missing(member))
    }

    /// An id: 1 to 128 bytes without control characters.
    pub(super) fn maybe_id(&mut self, member: &str) -> Read<Option<String>> {
        self.maybe_plain(member, LONGEST_ID)
    }

    pub(super) fn id(&mut self, member: &str) -> Read<String> {
        self.maybe_id(member)?.ok_or_else(|| self.missing(member))
    }

    /// A name: 1 to 512 bytes without control characters.
    pub(super) fn maybe_name(&mut self, member: &str) -> Read<Option<String>> {
        self.maybe_plain(member, LONGEST_NAME)
    }

    pub(super) fn name(&mut self, member: &str) -> Read<String> {
        self.maybe_name(member)?.ok_or_else(|| self.missing(member))
    }

    fn maybe_plain(&mut self, member: &str, longest: usize) -> Read<Option<String>> {
        let text = self.maybe_text(member)?;
        let plain = |text: &String| {
            (1..=longest).contains(&text.len()) && !text.chars().any(char::is_control)
        };
        if text.as_ref().is_none_or(plain) {
            Ok(text)
        } else {
            let problem = format!("must be 1 to {longest} bytes without control characters");
            Err(self.bad(member, problem))
        }
    }

    pub(super) fn maybe_int(&mut self, member: &str) -> Read<Option<i64>> {
        match self.maybe_value(member) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.bad(member, "must be a whole number")),
            },
        }
    }

    pub(super) fn int(&mut self, member: &str) -> Read<i64> {
        self.maybe_int(member)?.ok_or_else(|| self.missing(member))
    }

    /// The objects of a list, each read by `read`; an absent list is empty.
    pub(super) fn objects<T>(
        &mut self,
        member: &str,
        read: impl Fn(&mut Self) -> Read<T>,
    ) -> Read<Vec<T>> {
        let items = self.list(member)?.into_iter().enumerate();
        let read_one = |(index, item)| self.within(&format!("{member}[{index}]"), item, &read);
        items.map(read_one).collect()
    }

    /// An object, read by `read`.
    pub(super) fn object<T>(
        &mut self,
        member: &str,
        read: impl Fn(&mut Self) -> Read<T>,
    ) -> Read<T> {
        let value = self
            .maybe_value(member)
            .ok_or_else(|| self.missing(member))?;
        self.within(member, value, &read)
    }

    /// The ids of a list; an absent list is empty.
    pub(super) fn ids(&mut self, member: &str) -> Read<Vec<String>> {
        let items = self.list(member)?.into_iter().enumerate();
        let one = |(index, item)| {
            let name = format!("{member}[{index}]");
            let mut alone = Self {
                members: Map::from_iter([(name.clone(), item)]),
                path: self.path.clone(),
            };
            alone.id(&name)
        };
        items.map(one).collect()
    }

    fn list(&mut self, member: &str) -> Read<Vec<Value>> {
        match self.maybe_value(member) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.bad(member, "must be a list")),
        }
    }

    fn within<T>(&self, name: &str, value: Value, read: impl Fn(&mut Self) -> Read<T>) -> Read<T> {
        let Value::Object(members) = value else {
            return Err(self.bad(name, "must be an object"));
        };
        let mut inner = Self {
            members,
            path: format!("{}{name}.", self.path),
        };
        let value = read(&mut inner)?;
        inner.done()?;
        Ok(value)
    }

    pub(super) fn missing(&self, member: &str) -> BadMember {
        self.bad(member, "is missing")
    }

    /// Nothing may be left over.
    pub(super) fn done(&self) -> Read<()> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(member) => Err(self.bad(member, "is not known here")),
        }
    }
}
