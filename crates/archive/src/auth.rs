//! Who is covered by the archive: members with their editions, and the corp's editions (sheet
//! wecom-zone-app, sections 2.9 and 2.10).

use ringback_store::{Change, Statement, Value};
use serde::Serialize;

use crate::api::{ApiError, code};
use crate::archive::{Archive, to_its_end};
use crate::edition::{self, AuthEdition, EditionSet};
use crate::error::SetEditionsError;
use crate::records;
use crate::ticket::{self, Kind, Owner};

const DEFAULT_LIMIT: u32 = 200;
const MOST_MEMBERS: u32 = 1_000;

/// A page of the members in the authorised scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthUsers {
    /// In the order of their userids.
    pub auth_user_list: Vec<AuthUser>,
    /// Goes on after the last of them; empty when there is nobody left.
    pub next_cursor: String,
    /// Whether there is anybody left. Number or boolean is the answering face's choice.
    pub has_more: bool,
}

/// A member in the authorised scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthUser {
    /// The member.
    pub userid: String,
    /// Their editions, ascending.
    pub edition_list: Vec<u8>,
}

impl Archive {
    /// The members in the authorised scope, a page: `limit` is 200 where it is absent and at most 1,000
    /// (else 40058); a cursor that is not this corp's is refused with 710611.
    pub async fn auth_users(
        &self,
        corp: &str,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<AuthUsers, ApiError> {
        let limit = limit.filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT);
        if limit > MOST_MEMBERS {
            return Err(ApiError::bad("limit"));
        }
        let owner = of_any_program(corp);
        let vault = self.store().vault();
        let after = match cursor.filter(|cursor| !cursor.is_empty()) {
            None => String::new(),
            Some(cursor) => ticket::open(vault, Kind::Members, &owner, cursor)
                .and_then(|content| String::from_utf8(content).ok())
                .ok_or_else(|| ApiError::new(code::BAD_CURSOR, "invalid cursor"))?,
        };
        let mut users = self.authorised(corp, after, limit + 1).await?;
        let has_more = users.len() > limit as usize;
        users.truncate(limit as usize);
        let next_cursor = match users.last() {
            Some(last) if has_more => {
                ticket::seal(vault, Kind::Members, &owner, last.userid.as_bytes())
            }
            _ => String::new(),
        };
        Ok(AuthUsers {
            auth_user_list: users,
            next_cursor,
            has_more,
        })
    }

    async fn authorised(
        &self,
        corp: &str,
        after: String,
        limit: u32,
    ) -> Result<Vec<AuthUser>, ApiError> {
        let Some(corp) = self.corp(corp) else {
            return Ok(Vec::new());
        };
        let values = [Value::Int(corp.id), Value::from(after), Value::from(limit)];
        let rows = self
            .store()
            .read(records::SELECT_AUTHORISED, values)
            .await?;
        let users = rows.iter().map(|row| {
            Ok(AuthUser {
                userid: row.text(0)?.to_owned(),
                edition_list: EditionSet::from_bits(row.int(1)?).list(),
            })
        });
        users.collect()
    }

    /// The corp's editions; none of a corp that the archive does not know.
    pub fn auth_info(&self, corp: &str) -> Vec<AuthEdition> {
        let Some(corp) = self.corp(corp) else {
            return Vec::new();
        };
        let counted = |edition: &AuthEdition| AuthEdition {
            auth_user_count: corp.member_count(edition.edition) as u32,
            ..edition.clone()
        };
        corp.editions().iter().map(counted).collect()
    }

    /// Sets the corp's editions. One that is over, or has not begun, makes nothing visible. Leaves an
    /// audit row that names `caller`.
    pub async fn set_editions(
        &self,
        caller: &str,
        corp: &str,
        editions: Vec<AuthEdition>,
    ) -> Result<(), SetEditionsError> {
        edition::check_all(&editions)?;
        let detail = serde_json::json!(editions);
        let values = [Value::from(detail.to_string()), Value::from(corp)];
        let update = Statement::new(records::UPDATE_EDITIONS, values).expecting(1);
        let change = Change {
            caller: caller.into(),
            action: "archive.set_editions",
            target: corp.to_owned(),
            detail,
        };
        let (archive, corp) = (self.clone(), corp.to_owned());
        to_its_end(async move {
            let corp = archive.corp_or_new(&corp).await?;
            let _turn = corp.turn.lock().await;
            archive.store().change(change, vec![update]).await?;
            corp.set_editions(editions);
            Ok(())
        })
        .await?
    }
}

/// The app-facing list belongs to the corp, whichever app asks.
fn of_any_program(corp: &str) -> Owner {
    Owner {
        corp: corp.to_owned(),
        agentid: 0,
        program: String::new(),
    }
}
