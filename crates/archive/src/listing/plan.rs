//! Cuts what is pending into pages.

use ringback_store::{ReadError, Row, Value};
use ringback_types::ScheduleTime;

use super::mark_of;
use super::position::{Mark, Position, Span};
use crate::archive::Archive;
use crate::corp::Corp;
use crate::records;

/// The next pages of a list.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) spans: Vec<Span>,
    /// Where the list goes on after them.
    pub(super) next: Position,
    /// Whether there is anything.
    pub(super) more: bool,
}

impl Archive {
    /// The newest message that has arrived. All below it is in the store, because a write takes its ids
    /// under the corp's row.
    pub(super) async fn last_arrival(&self, corp: &Corp) -> Result<i64, ReadError> {
        let values = [Value::Int(corp.id)];
        let rows = self
            .store()
            .read(records::SELECT_LAST_MESSAGE, values)
            .await?;
        rows.first()
            .map_or_else(|| Ok(records::floor(corp.id)), |row| row.int(0))
    }

    /// Up to `pages` pages of `limit` messages after `position`.
    pub(super) async fn plan(
        &self,
        corp: &Corp,
        position: Position,
        limit: usize,
        pages: usize,
    ) -> Result<Plan, ReadError> {
        let now = self.now();
        let newest = self.last_arrival(corp).await?;
        let mut position = self.refreshed(position, newest, now);
        let mut marks = self
            .marks(corp, position, newest, now, limit * pages + 1)
            .await?;
        // A list by send time that has ended goes on with what arrived meanwhile.
        if let (Position::Sent { ceiling, .. }, true) = (position, marks.is_empty()) {
            position = Position::Arrived {
                after: ceiling,
                at: now.as_millis(),
            };
            marks = self
                .marks(corp, position, newest, now, limit * pages + 1)
                .await?;
        }
        let cut = marks.len() > limit * pages;
        marks.truncate(limit * pages);
        let mut spans = Vec::with_capacity(pages);
        for page in marks.chunks(limit) {
            if let Some(last) = page.last() {
                spans.push(Span {
                    from: position,
                    last: *last,
                });
                position = position.after(*last);
            }
        }
        let (next, more) = match position {
            _ if cut => (position, true),
            Position::Arrived { .. } => (
                Position::Arrived {
                    after: newest,
                    at: now.as_millis(),
                },
                false,
            ),
            Position::Sent { ceiling, .. } => {
                let next = Position::Arrived {
                    after: ceiling,
                    at: now.as_millis(),
                };
                let arrived = self.marks(corp, next, newest, now, 1).await?;
                (next, !arrived.is_empty())
            }
        };
        Ok(Plan { spans, next, more })
    }

    /// A cursor that is older than the window would have to pass everything that has gone out of it
    /// since; by send time the list goes on inside the window, with the same messages still to come.
    fn refreshed(&self, position: Position, newest: i64, now: ScheduleTime) -> Position {
        let oldest = self.oldest_listed(now);
        match position {
            Position::Arrived { after, at } if at < oldest.as_millis() => {
                Position::from_time(oldest, after, newest)
            }
            Position::Sent { after, above, .. } if after < Mark::before(oldest) => {
                Position::from_time(oldest, above, newest)
            }
            other => other,
        }
    }

    async fn marks(
        &self,
        corp: &Corp,
        position: Position,
        newest: i64,
        now: ScheduleTime,
        most: usize,
    ) -> Result<Vec<Mark>, ReadError> {
        let oldest = self.oldest_listed(now);
        let (sql, values) = match position {
            Position::Sent {
                after,
                above,
                ceiling,
            } => {
                let after = after.not_before(oldest);
                let values = [after.sent_at, after.id, above, ceiling].to_vec();
                (records::SELECT_SENT_MARKS, values)
            }
            Position::Arrived { after, .. } => {
                let values = [after, newest, oldest.as_millis()].to_vec();
                (records::SELECT_ARRIVED_MARKS, values)
            }
        };
        let values: Vec<_> = std::iter::once(corp.id)
            .chain(values)
            .chain([most as i64])
            .map(Value::Int)
            .collect();
        let rows: Vec<Row> = self.store().read(sql, values).await?;
        rows.iter().map(mark_of).collect()
    }
}
