//! What the archive hands out to be handed back: tokens, cursors, page ids.
//!
//! A ticket is its own record: kind, owner and content, sealed by the store's vault. It is opaque, cannot
//! be made or read by anyone else, survives a restart and leaves no row behind.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ringback_store::Vault;
use ringback_types::Secret;

const OWNER_BYTES: usize = 16;
/// Longer texts are none of ours.
const LONGEST: usize = 512;

/// Who a token, cursor or page id belongs to: unknown to anyone else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The corp whose archive it is.
    pub corp: String,
    /// The app for which the program acts.
    pub agentid: i64,
    /// The program.
    pub program: String,
}

impl Owner {
    /// 16 bytes that stand for the owner inside a ticket, which has to stay short.
    fn digest(&self) -> [u8; OWNER_BYTES] {
        let mut context = Context::new(&SHA256);
        context.update(&self.agentid.to_be_bytes());
        context.update(&(self.corp.len() as u64).to_be_bytes());
        context.update(self.corp.as_bytes());
        context.update(self.program.as_bytes());
        let mut short = [0; OWNER_BYTES];
        short.copy_from_slice(&context.finish().as_ref()[..OWNER_BYTES]);
        short
    }
}

/// Which event a token came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `conversation_new_message`, for `sync_msg`.
    NewMessage,
    /// `hit_keyword`, for `get_hit_msg_list`.
    HitKeyword,
}

/// What a ticket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Token(TokenKind),
    Cursor,
    Page,
    Members,
}

impl Kind {
    const fn tag(self) -> u8 {
        match self {
            Self::Token(TokenKind::NewMessage) => 1,
            Self::Token(TokenKind::HitKeyword) => 2,
            Self::Cursor => 3,
            Self::Page => 4,
            Self::Members => 5,
        }
    }
}

/// A ticket of the owner with this content.
pub(crate) fn seal(vault: &Vault, kind: Kind, owner: &Owner, content: &[u8]) -> String {
    let mut plain = vec![kind.tag()];
    plain.extend_from_slice(&owner.digest());
    plain.extend_from_slice(content);
    URL_SAFE_NO_PAD.encode(vault.seal(&Secret::from(plain)))
}

/// What [`seal`] was given, if this is the owner's ticket of this kind.
pub(crate) fn open(vault: &Vault, kind: Kind, owner: &Owner, ticket: &str) -> Option<Vec<u8>> {
    if ticket.len() > LONGEST {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(ticket).ok()?;
    let plain = vault.open_sealed(&sealed).ok()?;
    let (tag, rest) = plain.expose().split_first()?;
    let (digest, content) = rest.split_at_checked(OWNER_BYTES)?;
    (*tag == kind.tag() && digest == owner.digest()).then(|| content.to_vec())
}

/// Whole numbers as a ticket's content.
pub(crate) fn pack(numbers: &[i64]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect()
}

/// What [`pack`] was given, if there were so many.
pub(crate) fn unpack<const N: usize>(content: &[u8]) -> Option<[i64; N]> {
    let (numbers, rest) = content.as_chunks::<8>();
    if !rest.is_empty() {
        return None;
    }
    let numbers: &[[u8; 8]; N] = numbers.try_into().ok()?;
    Some(numbers.map(i64::from_be_bytes))
}
