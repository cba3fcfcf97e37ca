//! Comparisons of a condition, ready to be asked.

use std::cmp::Ordering;
use std::fmt;

use regex::{Regex, RegexBuilder};

use crate::decimal::Decimal;
use crate::document::{Expression, Operator, Test};
use crate::template::{Template, TemplateError};

/// How much memory one regular expression may take when it is made ready.
const REGEX_BYTES: usize = 256 * 1024;

/// An expression with its patterns and templates made ready.
#[derive(Debug)]
pub(crate) enum Compiled {
    Test(CompiledTest),
    All(Vec<Compiled>),
    Any(Vec<Compiled>),
    Not(Box<Compiled>),
}

#[derive(Debug)]
pub(crate) struct CompiledTest {
    variable: String,
    operator: Operator,
    value: Template,
    pattern: Option<Regex>,
}

/// Why an expression cannot be used.
#[derive(Debug)]
pub(crate) enum ExpressionError {
    Pattern(String),
    Template(TemplateError),
    Unary(Operator),
    NoMembers,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(error) => write!(formatter, "the regular expression is not one: {error}"),
            Self::Template(error) => error.fmt(formatter),
            Self::Unary(operator) => {
                write!(formatter, "`{}` takes no value", operator.as_str())
            }
            Self::NoMembers => formatter.write_str("`all` and `any` need a member at least"),
        }
    }
}

/// A pattern, bounded in the memory that it may take; matching takes linear time.
pub(crate) fn regex(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(REGEX_BYTES)
        .dfa_size_limit(REGEX_BYTES)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(limit) => format!("it takes more than {limit} bytes"),
            other => {
                // The lines before the last show the pattern.
                let shown = other.to_string();
                let cause = shown.lines().last().unwrap_or_default();
                cause.trim_start_matches("error: ").to_owned()
            }
        })
}

impl Compiled {
    pub(crate) fn new(expression: &Expression) -> Result<Self, ExpressionError> {
        let several = |members: &[Expression]| {
            if members.is_empty() {
                return Err(ExpressionError::NoMembers);
            }
            members.iter().map(Self::new).collect::<Result<Vec<_>, _>>()
        };
        Ok(match expression {
            Expression::Test(test) => Self::Test(CompiledTest::new(test)?),
            Expression::All(members) => Self::All(several(members)?),
            Expression::Any(members) => Self::Any(several(members)?),
            Expression::Not(member) => Self::Not(Box::new(Self::new(member)?)),
        })
    }

    /// Whether it holds; `value_of` answers `""` for what is not set.
    pub(crate) fn holds<'a>(&self, value_of: &impl Fn(&str) -> &'a str) -> bool {
        match self {
            Self::Test(test) => test.holds(value_of),
            Self::All(members) => members.iter().all(|member| member.holds(value_of)),
            Self::Any(members) => members.iter().any(|member| member.holds(value_of)),
            Self::Not(member) => !member.holds(value_of),
        }
    }

    /// Every variable that is asked for.
    pub(crate) fn variables<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Test(test) => {
                found.push(&test.variable);
                found.extend(test.value.variables());
            }
            Self::All(members) | Self::Any(members) => {
                for member in members {
                    member.variables(found);
                }
            }
            Self::Not(member) => member.variables(found),
        }
    }
}

impl CompiledTest {
    fn new(test: &Test) -> Result<Self, ExpressionError> {
        let unary = matches!(test.operator, Operator::Empty | Operator::NotEmpty);
        if unary && !test.value.is_empty() {
            return Err(ExpressionError::Unary(test.operator));
        }
        let (value, pattern) = if test.operator == Operator::Matches {
            let pattern = regex(&test.value).map_err(ExpressionError::Pattern)?;
            (Template::default(), Some(pattern))
        } else {
            let value = Template::parse(&test.value).map_err(ExpressionError::Template)?;
            (value, None)
        };
        Ok(Self {
            variable: test.variable.clone(),
            operator: test.operator,
            value,
            pattern,
        })
    }

    fn holds<'a>(&self, value_of: &impl Fn(&str) -> &'a str) -> bool {
        let left = value_of(&self.variable).trim();
        let right = self.value.render(value_of);
        let right = right.trim();
        let ordering = || Some(Decimal::read(left)?.cmp(&Decimal::read(right)?));
        let equal = || left == right || ordering() == Some(Ordering::Equal);
        let compared = |holds: fn(Ordering) -> bool| ordering().is_some_and(holds);
        // What nothing is asked of contains nothing.
        let contains = || !right.is_empty() && left.contains(right);
        match self.operator {
            Operator::Equals => equal(),
            Operator::NotEquals => !equal(),
            Operator::Greater => compared(Ordering::is_gt),
            Operator::GreaterOrEqual => compared(Ordering::is_ge),
            Operator::Less => compared(Ordering::is_lt),
            Operator::LessOrEqual => compared(Ordering::is_le),
            Operator::Contains => contains(),
            Operator::NotContains => !contains(),
            Operator::Empty => left.is_empty(),
            Operator::NotEmpty => !left.is_empty(),
            Operator::Matches => {
                let pattern = self.pattern.as_ref();
                pattern.is_some_and(|pattern| pattern.is_match(left))
            }
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |members: &[Self], word: &str| {
            let members: Vec<String> = members.iter().map(Self::to_string).collect();
            format!("({})", members.join(word))
        };
        match self {
            Self::Test(test) => test.fmt(formatter),
            Self::All(members) => formatter.write_str(&joined(members, " and ")),
            Self::Any(members) => formatter.write_str(&joined(members, " or ")),
            Self::Not(member) => write!(formatter, "not {member}"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (variable, value) = (&self.variable, &self.value);
        match self.operator {
            Operator::Equals => write!(formatter, "{variable} = {value}"),
            Operator::NotEquals => write!(formatter, "{variable} ≠ {value}"),
            Operator::Greater => write!(formatter, "{variable} > {value}"),
            Operator::GreaterOrEqual => write!(formatter, "{variable} ≥ {value}"),
            Operator::Less => write!(formatter, "{variable} < {value}"),
            Operator::LessOrEqual => write!(formatter, "{variable} ≤ {value}"),
            Operator::Contains => write!(formatter, "{variable} contains {value}"),
            Operator::NotContains => write!(formatter, "{variable} lacks {value}"),
            Operator::Empty => write!(formatter, "{variable} is empty"),
            Operator::NotEmpty => write!(formatter, "{variable} is set"),
            Operator::Matches => write!(formatter, "{variable} matches {value}"),
        }
    }
}
