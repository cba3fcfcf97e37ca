//! The zone's conversation store: import, encryption at rest, message lists, placeholders.
//!
//! An [`Archive`] keeps the messages, members, customers, chats, consents, tag groups and knowledge of
//! every corp. What a message says is encrypted under its own secret key, and the store holds that key
//! only encrypted to the corp's public key: whoever has the store alone reads nothing. What a program of
//! the zone asks for by SDK API is answered here as JSON text; who may ask is the zone's business.
//!
//! The rules are the sheets `wecom-zone-sdk` and `wecom-zone-app`. Where they leave a choice, it is a
//! setting ([`Options`]) or is said at the function.

mod api;
mod archive;
mod auth;
mod content;
mod corp;
mod edition;
mod error;
mod generate;
mod import;
mod knowledge;
mod limits;
mod listing;
mod message;
mod notice;
mod options;
mod public_key;
mod records;
mod render;
mod retention;
mod ticket;

pub use api::ApiError;
pub use archive::Archive;
pub use auth::{AuthUser, AuthUsers};
pub use edition::{AuthEdition, AuthScope};
pub use error::{EditionError, ImportError, KeyError, LoadError, SetEditionsError, StoreError};
pub use generate::Generate;
pub use import::{CHUNK_LINES, Imported};
pub use knowledge::{Fragment, KnowledgeBase, TagGroups, knowledge_text};
pub use notice::Notice;
pub use options::Options;
pub use records::SCHEMA;
pub use render::{FailMsg, MsgKey, MsgRef, Rendered, duplicates};
pub use retention::Pruned;
pub use ticket::{Owner, TokenKind};

/// Every statement of this room, for the preparation check on PostgreSQL.
pub fn statements() -> impl Iterator<Item = ringback_store::Sql> {
    records::STATEMENTS.iter().copied()
}
