//! Texts with placeholders: `Order ${OrderID} is ${OrderStatus}`.
//!
//! The platform's own form is not documented for replies; `${…}` is that of its older session service
//! flows (sheet `tencent-desk`, section 2.5). What is not set becomes nothing. `$${` is a `${` as text.

use std::fmt;

use crate::check::MAX_TEXT_CHARACTERS;

/// A text with its placeholders found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(String),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TemplateError {
    Unclosed,
    Name(String),
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclosed => formatter.write_str("a `${` has no `}`"),
            Self::Name(name) => write!(formatter, "`{name}` is no name of a variable"),
        }
    }
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, after) = rest.split_at(at);
            if let Some(before) = before.strip_suffix('$') {
                plain.push_str(before);
                plain.push_str("${");
                rest = &after[2..];
                continue;
            }
            plain.push_str(before);
            let end = after.find('}').ok_or(TemplateError::Unclosed)?;
            let name = &after[2..end];
            if !is_variable_name(name) {
                return Err(TemplateError::Name(name.chars().take(64).collect()));
            }
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Variable(name.to_owned()));
            rest = &after[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// The text with its placeholders filled, no longer than a message may be and without control
    /// characters: what a business answers is in it.
    pub(crate) fn render<'a>(&self, value_of: &impl Fn(&str) -> &'a str) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(plain) => plain,
            Piece::Variable(name) => value_of(name),
        });
        let shown = |character: &char| !character.is_control() || matches!(character, '\n' | '\t');
        let characters = pieces.flat_map(str::chars).filter(shown);
        characters.take(MAX_TEXT_CHARACTERS).collect()
    }

    /// The variables that it names.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Variable(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }
}

/// Letters of any script, digits and `_`, at most 64 characters.
pub fn is_variable_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().count() <= 64
        && name
            .chars()
            .all(|character| character.is_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_what_is_not_set_becomes_nothing() {
        let template = Template::parse("订单 ${OrderID}: ${状态}${None}, $5 and $${x}").unwrap();
        let text = template.render(&|name| match name {
            "OrderID" => "12345",
            "状态" => "已发货",
            _ => "",
        });
        assert_eq!(text, "订单 12345: 已发货, $5 and ${x}");
        let named: Vec<_> = template.variables().collect();
        assert_eq!(named, ["OrderID", "状态", "None"]);
    }

    #[test]
    fn a_placeholder_that_is_none_is_refused() {
        assert_eq!(Template::parse("a ${b"), Err(TemplateError::Unclosed));
        assert_eq!(
            Template::parse("${a b}"),
            Err(TemplateError::Name("a b".to_owned()))
        );
        assert_eq!(
            Template::parse("${}"),
            Err(TemplateError::Name(String::new()))
        );
    }
}
