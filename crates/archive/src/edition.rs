//! Editions: what a corp has bought and who is covered (sheet wecom-zone-app, sections 2.9 and 2.10).

use ringback_types::ScheduleTime;
use serde::{Deserialize, Serialize};

use crate::error::EditionError;
use crate::message::{AUDIO_ARCHIVE, CALL};

/// Internal chats, with external ones, with voice calls too.
const EDITIONS: std::ops::RangeInclusive<u8> = 1..=3;
const STATUSES: std::ops::RangeInclusive<u8> = 1..=7;
const YEAR_DAYS: u32 = 365;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// A set of editions 1 to 3; empty for a member outside the authorised scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct EditionSet(u8);

impl EditionSet {
    pub(crate) const fn from_bits(bits: i64) -> Self {
        Self(bits as u8 & 0b1110)
    }

    pub(crate) const fn bits(self) -> i64 {
        self.0 as i64
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn has(self, edition: u8) -> bool {
        self.0 & (1 << edition) != 0
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The editions that cover a message: voice calls need 3, external chats 2 or more.
    pub(crate) fn needed(msgtype: u8, external: bool) -> Self {
        if matches!(msgtype, AUDIO_ARCHIVE | CALL) {
            Self(0b1000)
        } else if external {
            Self(0b1100)
        } else {
            Self(0b1110)
        }
    }

    /// In ascending order.
    pub(crate) fn list(self) -> Vec<u8> {
        EDITIONS.filter(|edition| self.has(*edition)).collect()
    }
}

/// Numbers that are no edition are left out.
impl FromIterator<u8> for EditionSet {
    fn from_iter<I: IntoIterator<Item = u8>>(editions: I) -> Self {
        let known = editions
            .into_iter()
            .filter(|edition| EDITIONS.contains(edition));
        Self(known.fold(0, |bits, edition| bits | 1 << edition))
    }
}

/// One edition of a corp, as `get_corp_auth_info` lists it (sheet wecom-zone-app, section 2.10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthEdition {
    /// 1 internal chats, 2 with external ones, 3 with voice calls too.
    pub edition: u8,
    /// Who is authorised; who is really active is `edition_list` of the members.
    #[serde(default)]
    pub auth_scope: AuthScope,
    /// 1 trial, 2 trial expired, 3 paid, 4 paid expired, 5 free, 6 free expired, 7 not started yet.
    pub status: u8,
    /// When that status began, in Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin_time: Option<i64>,
    /// Its last second, in Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<i64>,
    /// The span of messages that is authorised, in days.
    pub msg_duration_days: u32,
    /// How many members it covers; counted when it is answered, whatever was set.
    #[serde(default)]
    pub auth_user_count: u32,
}

/// Who an edition is authorised for (sheet wecom-zone-app, section 2.10).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthScope {
    /// Members.
    pub userid_list: Vec<String>,
    /// Departments; 1 is the whole corp.
    pub department_id_list: Vec<i64>,
    /// Tags.
    pub tag_id_list: Vec<i64>,
}

impl AuthEdition {
    /// What a corp has until something else is set: every edition, paid for a year, for the whole corp.
    pub(crate) fn defaults(now: ScheduleTime) -> Vec<Self> {
        EDITIONS.map(|edition| Self::paid(edition, now)).collect()
    }

    fn paid(edition: u8, now: ScheduleTime) -> Self {
        let begin = now.as_seconds();
        Self {
            edition,
            auth_scope: AuthScope {
                department_id_list: vec![1],
                ..AuthScope::default()
            },
            status: 3,
            begin_time: Some(begin),
            end_time: Some(begin + i64::from(YEAR_DAYS) * DAY_SECONDS - 1),
            msg_duration_days: YEAR_DAYS,
            auth_user_count: 0,
        }
    }

    /// Whether it grants anything at `now`: trial, paid or free, and inside its time.
    pub(crate) fn is_active(&self, now: ScheduleTime) -> bool {
        let now = now.as_seconds();
        matches!(self.status, 1 | 3 | 5)
            && self.begin_time.is_none_or(|begin| begin <= now)
            && self.end_time.is_none_or(|end| now <= end)
    }

    fn check(&self) -> Result<(), EditionError> {
        let refuse = |member, range| Err(EditionError { member, range });
        if !EDITIONS.contains(&self.edition) {
            return refuse("edition", "1 to 3");
        }
        if !STATUSES.contains(&self.status) {
            return refuse("status", "1 to 7");
        }
        if self.begin_time > self.end_time && self.end_time.is_some() {
            return refuse("end_time", "after begin_time");
        }
        Ok(())
    }
}

/// Checks a corp's editions: each known, none twice.
pub(crate) fn check_all(editions: &[AuthEdition]) -> Result<(), EditionError> {
    editions.iter().try_for_each(AuthEdition::check)?;
    let distinct: EditionSet = editions.iter().map(|edition| edition.edition).collect();
    if distinct.list().len() != editions.len() {
        return Err(EditionError {
            member: "edition",
            range: "named once",
        });
    }
    Ok(())
}
