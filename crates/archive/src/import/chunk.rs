//! A chunk of lines, read and checked.

use std::collections::HashMap;

use ringback_types::Random;
use serde_json::Value;

use super::Imported;
use super::fields::{BadMember, Fields};
use super::item::{self, Item};
use crate::edition::EditionSet;
use crate::error::ImportError;
use crate::message::NewMessage;

/// What a line may be like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) line_bytes: usize,
    /// Now, in Unix seconds.
    pub(super) latest: i64,
}

/// What the lines say, with everything but the messages counted already.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) messages: Vec<NewMessage>,
    pub(super) others: Vec<Item>,
    /// The members among them, the last of each counting.
    pub(super) members: HashMap<String, EditionSet>,
    pub(super) imported: Imported,
}

impl Chunk {
    /// Reads every line; the first that is wrong refuses all.
    pub(super) fn parse(
        lines: &[u8],
        limits: &Limits,
        random: &Random,
    ) -> Result<Self, ImportError> {
        let mut chunk = Self::default();
        for (line, text) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
            let text = text.trim_ascii();
            if text.len() > limits.line_bytes {
                return Err(ImportError::LineTooLong {
                    line,
                    limit: limits.line_bytes,
                });
            }
            if !text.is_empty() {
                let mut fields = fields_of(line, text)?;
                let read = chunk.take(&mut fields, limits, random);
                read.and_then(|()| fields.done())
                    .map_err(|bad| ImportError::Member {
                        line,
                        member: bad.member,
                        problem: bad.problem,
                    })?;
            }
        }
        Ok(chunk)
    }

    fn take(
        &mut self,
        fields: &mut Fields,
        limits: &Limits,
        random: &Random,
    ) -> Result<(), BadMember> {
        let kind = fields.text("kind")?;
        let counts = &mut self.imported;
        let (count, item) = match kind.as_str() {
            "message" => {
                self.messages.push(item::message(fields, limits, random)?);
                return Ok(());
            }
            "member" => (&mut counts.members, item::member(fields)?),
            "customer" => (&mut counts.customers, item::customer(fields)?),
            "chat" => (&mut counts.chats, item::chat(fields)?),
            "consent" => (&mut counts.consents, item::consent(fields)?),
            "tag_group" => (&mut counts.tag_groups, item::tag_group(fields)?),
            "knowledge_base" => (&mut counts.knowledge_bases, item::knowledge_base(fields)?),
            "knowledge" => (&mut counts.knowledge, item::knowledge(fields)?),
            _ => return Err(fields.bad("kind", "is none of the kinds that can be imported")),
        };
        *count += 1;
        if let Item::Member {
            userid, editions, ..
        } = &item
        {
            self.members.insert(userid.clone(), *editions);
        }
        self.others.push(item);
        Ok(())
    }
}

fn fields_of(line: usize, text: &[u8]) -> Result<Fields, ImportError> {
    match serde_json::from_slice(text) {
        Ok(Value::Object(members)) => Ok(Fields::new(members)),
        Ok(_) => Err(ImportError::NotJson { line, column: 0 }),
        Err(error) => Err(ImportError::NotJson {
            line,
            column: error.column(),
        }),
    }
}
