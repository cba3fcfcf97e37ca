//! What may be set.

use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// Settings of the archive, all with a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How long after its send time a message is listed (sheet wecom-zone-sdk, section 17: 5 days).
    pub listing_window: Duration,
    /// How long after its send time a message is kept at all (section 17: 90 days to 2 years).
    pub message_life: Duration,
    /// How long after an import its notice is due; what is imported meanwhile is told with it.
    pub notice_debounce: Duration,
    /// How long an event's token is good (section 8: 10 minutes).
    pub token_life: Duration,
    /// How long a page id is good; not documented, so ours.
    pub page_life: Duration,
    /// How often a minute a corp's programs may call `sync_msg` without a token; the documents only say
    /// "strict" (section 8).
    pub calls_without_token: u32,
    /// How many `get_msg_list_by_page_id` of a corp may be under way (section 10.2: 10).
    pub page_concurrency: usize,
    /// The largest chunk of an import, in bytes.
    pub chunk_bytes: usize,
    /// The largest line of an import, in bytes.
    pub line_bytes: usize,
    /// The largest answer of a message list, in bytes; more is 301058.
    pub answer_bytes: usize,
    /// The most text that placeholders may take, in bytes; more is 790040.
    pub rendered_bytes: usize,
    /// How many fragments of a knowledge base are looked at.
    pub fragments: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listing_window: 5 * DAY,
            message_life: 90 * DAY,
            notice_debounce: Duration::from_secs(1),
            token_life: Duration::from_mins(10),
            page_life: Duration::from_hours(1),
            calls_without_token: 60,
            page_concurrency: 10,
            chunk_bytes: 4 << 20,
            line_bytes: 1 << 20,
            answer_bytes: 16 << 20,
            rendered_bytes: 1 << 20,
            fragments: 10_000,
        }
    }
}
