//! The languages of messages: English everywhere, Chinese where the locale is `zh`.
//!
//! An English text lives with its error; the Chinese ones stand in one table per area, by the error's
//! stable code, and say the same without the details that only the English sentence names.

pub(crate) mod commands;
pub(crate) mod desk;
pub(crate) mod errcodes;
pub(crate) mod verify;
pub(crate) mod wecom;
pub(crate) mod zone;

use std::borrow::Cow;

use crate::failure::Failure;

/// The language of diagnoses and hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    English,
    /// Simplified Chinese.
    Chinese,
}

/// What is said of a cause in Chinese.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chinese {
    /// What is wrong.
    pub(crate) cause: &'static str,
    /// The sentence that fixes it; empty where there is none.
    pub(crate) fix: &'static str,
}

/// What is said in Chinese, for a table.
const fn zh(cause: &'static str, fix: &'static str) -> Chinese {
    Chinese { cause, fix }
}

impl Language {
    /// The language of a locale such as `zh_CN.UTF-8`.
    pub(crate) fn of_locale(locale: &str) -> Self {
        if locale
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case("zh"))
        {
            Self::Chinese
        } else {
            Self::English
        }
    }

    /// One of two texts.
    pub(crate) const fn pick(self, english: &'static str, chinese: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// What stands before an error and before its hint.
    pub(crate) const fn error_and_hint(self) -> (&'static str, &'static str) {
        match self {
            Self::English => ("error", "hint"),
            Self::Chinese => ("错误", "提示"),
        }
    }

    /// Message and hint of a failure. A Chinese message keeps the English sentence behind it, because
    /// that one names the path, address or field.
    pub(crate) fn translate(self, failure: &Failure) -> (Cow<'_, str>, Option<Cow<'_, str>>) {
        let plain = (
            Cow::Borrowed(failure.message.as_str()),
            failure.hint.as_deref().map(Cow::Borrowed),
        );
        let Some(chinese) = self.chinese(&failure.code) else {
            return plain;
        };
        let message = format!("{}（{}）", chinese.cause, failure.message);
        let fix = if chinese.fix.is_empty() {
            plain.1
        } else {
            Some(Cow::Borrowed(chinese.fix))
        };
        (Cow::Owned(message), fix)
    }

    /// What is said of this code in Chinese, where this is the language and it is known.
    pub(crate) fn chinese(self, code: &str) -> Option<&'static Chinese> {
        if self == Self::English {
            return None;
        }
        let tables = [
            commands::TABLE,
            desk::TABLE,
            verify::TABLE,
            wecom::TABLE,
            zone::TABLE,
        ];
        tables
            .into_iter()
            .flatten()
            .find(|(known, _)| *known == code)
            .map(|(_, text)| text)
    }
}
