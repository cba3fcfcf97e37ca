//! Notices that a corp has new messages, for the event `conversation_new_message`: written with the
//! import, told a debounce later.

use ringback_store::{ReadError, Statement, Value, WriteError};
use ringback_types::ScheduleTime;
use tokio::sync::watch;

use crate::archive::Archive;
use crate::records;

/// How many notices are told at a time.
const NOTICES_AT_ONCE: u32 = 100;

/// That a corp has new messages which somebody in the authorised scope takes part in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whose messages.
    pub corp: String,
    /// Grows with every import.
    pub number: i64,
}

impl Archive {
    /// When the earliest notice is due.
    pub fn next_notice(&self) -> Option<ScheduleTime> {
        *self.next_notice_sender().borrow()
    }

    /// Moves whenever [`Archive::next_notice`] does.
    pub fn watch_notices(&self) -> watch::Receiver<Option<ScheduleTime>> {
        self.next_notice_sender().subscribe()
    }

    /// The notices that are due at `now`, the earliest first, some hundred at most. Each stays due until
    /// it is settled, so tell it durably first.
    pub async fn due_notices(&self, now: ScheduleTime) -> Result<Vec<Notice>, ReadError> {
        let values = [Value::from(now), Value::from(NOTICES_AT_ONCE)];
        let rows = self
            .store()
            .read(records::SELECT_DUE_NOTICES, values)
            .await?;
        let notice = |row: &ringback_store::Row| {
            Ok(Notice {
                corp: row.text(0)?.to_owned(),
                number: row.int(1)?,
            })
        };
        rows.iter().map(notice).collect()
    }

    /// Forgets a notice that has been told. If a newer import has come meanwhile, that one's is due a
    /// debounce from now.
    pub async fn settle_notice(&self, notice: &Notice) -> Result<(), WriteError> {
        let Some(corp) = self.corp(&notice.corp) else {
            return Ok(());
        };
        let now = self.now();
        let next = now.plus(self.options().notice_debounce);
        let told = [Value::Int(corp.id), Value::Int(notice.number)];
        let newer = [Value::Int(corp.id), Value::from(now), Value::from(next)];
        let settled = self.store().write(vec![
            Statement::new(records::DELETE_NOTICE, told),
            Statement::new(records::DELAY_NOTICE, newer),
        ]);
        settled.await?;
        self.follow_notices().await;
        Ok(())
    }

    /// The first import after a notice was told sets when the next is due; later ones only give it their
    /// number.
    pub(crate) fn notice_statement(&self, corp: i64, now: ScheduleTime) -> Statement {
        let due = now.plus(self.options().notice_debounce);
        Statement::new(records::INSERT_NOTICE, [Value::Int(corp), Value::from(due)])
    }

    /// Looks up when the next notice is due, after a write that stands whatever comes of it. A look that
    /// fails is repeated by whoever asks for due notices a debounce later.
    pub(crate) async fn follow_notices(&self) {
        if let Err(error) = self.look_for_notice().await {
            tracing::warn!(error = %error, "the next notice cannot be looked up");
            let later = self.now().plus(self.options().notice_debounce);
            self.next_notice_sender().send_replace(Some(later));
        }
    }

    /// Looks up in the store when the next notice is due.
    pub(crate) async fn look_for_notice(&self) -> Result<(), ReadError> {
        let _turn = self.noticing().lock().await;
        let rows = self.store().read(records::SELECT_NEXT_NOTICE, []).await?;
        let due = rows.first().map(|row| row.time(0)).transpose()?;
        self.next_notice_sender().send_if_modified(|known| {
            let moved = *known != due;
            *known = due;
            moved
        });
        Ok(())
    }
}
