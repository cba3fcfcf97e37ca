//! `sync_msg` and `get_msg_list_by_page_id` (sheet wecom-zone-sdk, sections 10.1 and 10.2).
//!
//! Without a cursor the list runs from the oldest message of the window in the order of send time, up to
//! what had arrived when it began. From there on it follows arrivals, each page in the order of send
//! time. So an import with an older send time comes with the next page and is never lost between two,
//! and a cursor, which is a place and not a row, stays good whatever is pruned.

mod plan;
mod position;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_store::{ReadError, Row, Value};
use ringback_types::ScheduleTime;
use serde::Serialize;

use self::position::{Mark, Position, Span};
use crate::api::{ApiError, Request, code, text};
use crate::archive::Archive;
use crate::corp::Corp;
use crate::message::{EncryptInfo, ExtraInfo, Listed, Party, PartyType};
use crate::records;
use crate::ticket::{self, Kind, Owner, TokenKind};

const DEFAULT_LIMIT: usize = 200;
const MOST_MESSAGES: usize = 1_000;
/// Page ids of one call (section 10.1).
const MOST_PAGES: usize = 10;
const LONGEST_TICKET: usize = 128;
/// Rows read at a time, so that an answer that is too large is noticed early.
const ROWS_AT_ONCE: usize = 250;
/// Pages without any visible message that one call looks past.
const EMPTY_PAGES: usize = 20;

/// What `sync_msg` answers.
#[derive(Serialize)]
struct SyncAnswer {
    errcode: i32,
    errmsg: &'static str,
    has_more: u8,
    next_cursor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_list: Option<Vec<Listed>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_id_list: Option<Vec<String>>,
}

/// What `get_msg_list_by_page_id` answers.
#[derive(Serialize)]
struct PageAnswer {
    errcode: i32,
    errmsg: &'static str,
    msg_list: Vec<Listed>,
}

/// What a `sync_msg` answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Messages,
    Pages,
    Adaptive,
}

impl Archive {
    /// A token for an event to the owner, good for ten minutes (a setting) and at most 128 bytes long.
    pub fn issue_token(&self, owner: &Owner, kind: TokenKind) -> String {
        let expires = self.now().plus(self.options().token_life).as_millis();
        let content = ticket::pack(&[expires]);
        ticket::seal(self.store().vault(), Kind::Token(kind), owner, &content)
    }

    /// `sync_msg`: `request` and answer are the API's JSON texts. Refuses with 710659 before a public
    /// key is set, 710611 for a cursor that is not the owner's, 40058 for a token that is not (or is
    /// over) and for a limit or mode out of range, 45009 when the corp calls too often without a token,
    /// 301058 when the answer would be too large. `begin_time` counts only without a cursor.
    pub async fn sync_msg(&self, owner: &Owner, request: &str) -> Result<String, ApiError> {
        let request = Request::parse(request)?;
        let (limit, mode) = (
            request.limit(DEFAULT_LIMIT, MOST_MESSAGES)?,
            mode(&request)?,
        );
        let (corp, now) = (self.archived(owner)?, self.now());
        self.check_token(owner, &corp, request.text("token")?, now)?;
        let position = self.position(owner, &corp, &request, now).await?;
        match mode {
            Mode::Messages => self.list_messages(owner, &corp, position, limit).await,
            Mode::Pages => self.list_pages(owner, &corp, position, limit).await,
            Mode::Adaptive => {
                let plan = self.plan(&corp, position, limit, 1).await?;
                if plan.more {
                    self.list_pages(owner, &corp, position, limit).await
                } else {
                    self.list_messages(owner, &corp, position, limit).await
                }
            }
        }
    }

    /// `get_msg_list_by_page_id`: the messages of a page that `sync_msg` named to the same owner, so far
    /// as they are still visible. Refuses with 40063 without a page id, 40058 for one that is not the
    /// owner's or is over, 45033 when ten (a setting) of the corp are under way, 301058 when the answer
    /// would be too large.
    pub async fn get_msg_list_by_page_id(
        &self,
        owner: &Owner,
        request: &str,
    ) -> Result<String, ApiError> {
        let request = Request::parse(request)?;
        let missing = || ApiError::new(code::MISSING_PARAMETER, "missing page_id");
        let page_id = request.text("page_id")?.ok_or_else(missing)?;
        let corp = self.archived(owner)?;
        let _place = self.page_places().take(corp.id).ok_or_else(|| {
            let text = "too many concurrent calls";
            ApiError::new(code::CONCURRENCY_LIMIT, text)
        })?;
        let span = ticket::open(self.store().vault(), Kind::Page, owner, page_id)
            .and_then(|content| Span::unpack(&content, self.now()))
            .ok_or_else(|| ApiError::bad("page_id"))?;
        text(&PageAnswer {
            errcode: 0,
            errmsg: "ok",
            msg_list: self.messages(&corp, &span).await?,
        })
    }

    async fn list_pages(
        &self,
        owner: &Owner,
        corp: &Corp,
        position: Position,
        limit: usize,
    ) -> Result<String, ApiError> {
        let plan = self.plan(corp, position, limit, MOST_PAGES).await?;
        let expires = self.now().plus(self.options().page_life);
        let vault = self.store().vault();
        let page_id = |span: &Span| ticket::seal(vault, Kind::Page, owner, &span.pack(expires));
        let pages = plan.spans.iter().map(page_id).collect();
        self.answer(owner, plan.next, plan.more, None, Some(pages))
    }

    async fn list_messages(
        &self,
        owner: &Owner,
        corp: &Corp,
        mut position: Position,
        limit: usize,
    ) -> Result<String, ApiError> {
        let mut list = Vec::new();
        let mut more = true;
        for _ in 0..EMPTY_PAGES {
            let plan = self.plan(corp, position, limit, 1).await?;
            (position, more) = (plan.next, plan.more);
            for span in &plan.spans {
                list = self.messages(corp, span).await?;
            }
            if !more || !list.is_empty() {
                break;
            }
        }
        self.answer(owner, position, more, Some(list), None)
    }

    fn answer(
        &self,
        owner: &Owner,
        next: Position,
        more: bool,
        msg_list: Option<Vec<Listed>>,
        page_id_list: Option<Vec<String>>,
    ) -> Result<String, ApiError> {
        let vault = self.store().vault();
        text(&SyncAnswer {
            errcode: 0,
            errmsg: "ok",
            has_more: more.into(),
            next_cursor: ticket::seal(vault, Kind::Cursor, owner, &next.pack()),
            msg_list,
            page_id_list,
        })
    }

    /// The owner's corp, once something can be archived for it.
    fn archived(&self, owner: &Owner) -> Result<Arc<Corp>, ApiError> {
        self.corp(&owner.corp)
            .filter(|corp| corp.key().is_some())
            .ok_or_else(|| ApiError::new(code::NO_PUBLIC_KEY, "the public key is not set"))
    }

    fn check_token(
        &self,
        owner: &Owner,
        corp: &Corp,
        token: Option<&str>,
        now: ScheduleTime,
    ) -> Result<(), ApiError> {
        let Some(token) = token else {
            let allowed = self.without_token().take(corp.id, now);
            let refusal = || ApiError::new(code::RATE_LIMIT, "too many calls without a token");
            return allowed.then_some(()).ok_or_else(refusal);
        };
        let kind = Kind::Token(TokenKind::NewMessage);
        Some(token)
            .filter(|token| token.len() <= LONGEST_TICKET)
            .and_then(|token| ticket::open(self.store().vault(), kind, owner, token))
            .and_then(|content| ticket::unpack::<1>(&content))
            .filter(|[expires]| now.as_millis() < *expires)
            .map(drop)
            .ok_or_else(|| ApiError::bad("token"))
    }

    /// Where the list goes on: at the cursor, else at `begin_time` or at the beginning of the window.
    async fn position(
        &self,
        owner: &Owner,
        corp: &Corp,
        request: &Request,
        now: ScheduleTime,
    ) -> Result<Position, ApiError> {
        let begin = request.int("begin_time")?.unwrap_or_default();
        let Some(cursor) = request.text("cursor")? else {
            let begin = ScheduleTime::from_millis(begin.saturating_mul(1000));
            let begin = begin.max(self.oldest_listed(now));
            let ceiling = self.last_arrival(corp).await?;
            return Ok(Position::from_time(begin, records::floor(corp.id), ceiling));
        };
        Some(cursor)
            .filter(|cursor| cursor.len() <= LONGEST_TICKET)
            .and_then(|cursor| ticket::open(self.store().vault(), Kind::Cursor, owner, cursor))
            .and_then(|content| Position::unpack(&content))
            .ok_or_else(|| ApiError::new(code::BAD_CURSOR, "invalid cursor"))
    }

    /// The earliest send time that is listed at `now`.
    pub(crate) fn oldest_listed(&self, now: ScheduleTime) -> ScheduleTime {
        let window = self.options().listing_window.as_millis();
        now.plus_millis(-i64::try_from(window).unwrap_or(i64::MAX))
    }

    /// The messages of a span that are visible now, in the order of send time.
    async fn messages(&self, corp: &Corp, span: &Span) -> Result<Vec<Listed>, ApiError> {
        let now = self.now();
        let (mut found, mut size) = (Vec::<(Mark, Listed)>::new(), 0);
        let mut position = span.from;
        loop {
            let rows = self.rows(corp, position, span.last, now).await?;
            let Some(last) = rows.last() else { break };
            position = position.after(mark_of(last)?);
            let scope = corp.scope(now);
            for row in &rows {
                let message = listed_of(row)?;
                if scope.covers(message.msgtype, message.parties()) {
                    size += message.size();
                    found.push((mark_of(row)?, message));
                }
            }
            if size > self.options().answer_bytes {
                let text = "the answer is too large, lower the limit";
                return Err(ApiError::new(code::ANSWER_TOO_LARGE, text));
            }
            if rows.len() < ROWS_AT_ONCE {
                break;
            }
        }
        found.sort_by_key(|(mark, _)| *mark);
        Ok(found.into_iter().map(|(_, message)| message).collect())
    }

    async fn rows(
        &self,
        corp: &Corp,
        from: Position,
        last: Mark,
        now: ScheduleTime,
    ) -> Result<Vec<Row>, ReadError> {
        let oldest = self.oldest_listed(now);
        let most = Value::Int(ROWS_AT_ONCE as i64);
        match from {
            Position::Sent {
                after,
                above,
                ceiling,
            } => {
                let after = after.not_before(oldest);
                let mut values = vec![Value::Int(corp.id)];
                values.extend([after.sent_at, after.id, last.sent_at, last.id].map(Value::Int));
                values.extend([Value::Int(above), Value::Int(ceiling), most]);
                self.store().read(records::SELECT_SENT, values).await
            }
            Position::Arrived { after, .. } => {
                let mut values = vec![Value::Int(corp.id)];
                values.extend([after, last.id, oldest.as_millis()].map(Value::Int));
                values.push(most);
                self.store().read(records::SELECT_ARRIVED, values).await
            }
        }
    }
}

fn mode(request: &Request) -> Result<Mode, ApiError> {
    match request.int("mode")?.unwrap_or_default() {
        0 => Ok(Mode::Messages),
        1 => Ok(Mode::Pages),
        2 => Ok(Mode::Adaptive),
        _ => Err(ApiError::bad("mode")),
    }
}

fn mark_of(row: &Row) -> Result<Mark, ReadError> {
    Ok(Mark {
        sent_at: row.int(0)?,
        id: row.int(1)?,
    })
}

fn listed_of(row: &Row) -> Result<Listed, ReadError> {
    let damaged = || ReadError::Failed("a message row is damaged".to_owned());
    let sender = Party {
        kind: PartyType::from_number(row.int(3)?).ok_or_else(damaged)?,
        id: row.text(4)?.to_owned(),
    };
    Ok(Listed {
        msgid: row.text(2)?.to_owned(),
        sender,
        receiver_list: serde_json::from_str(row.text(5)?).map_err(|_| damaged())?,
        chatid: row.maybe_text(6)?.map(str::to_owned),
        send_time: row.time(0)?.as_seconds(),
        msgtype: row.int(7)? as u8,
        service_encrypt_info: EncryptInfo {
            encrypted_secret_key: STANDARD.encode(row.bytes(10)?),
            public_key_ver: row.int(9)?,
        },
        extra_info: row
            .maybe_int(8)?
            .map(|call_duration| ExtraInfo { call_duration }),
    })
}
