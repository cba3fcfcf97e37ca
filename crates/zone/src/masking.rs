//! What the chat view component hides of a member's chats (app sheet, 2.13); set by apps and, under the
//! same names, by programs.

use ringback_store::Statement;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::errcode::{self, Refusal};
use crate::records;
use crate::zone::Zone;

/// The longest user id; it becomes a key of an index.
const USERID_BYTES: usize = 128;

/// What is hidden; nothing when never set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Masking {
    pub(crate) hide_mobile: bool,
    pub(crate) hide_idcard: bool,
    pub(crate) hide_bankno: bool,
}

/// What is to be hidden of whose chats.
#[derive(Debug, Deserialize)]
pub(crate) struct MaskingRequest {
    userid: String,
    config: Masking,
}

/// Whose setting is asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct OfUser {
    userid: String,
}

impl Zone {
    /// Sets it; `nonce` is that of a program's request.
    pub(crate) async fn mask(
        &self,
        corpid: &str,
        request: MaskingRequest,
        nonce: Option<Statement>,
    ) -> Result<(), Refusal> {
        let MaskingRequest { userid, config } = request;
        if userid.is_empty() || userid.len() > USERID_BYTES || userid.contains('\0') {
            return Err(errcode::BAD_USERID.into());
        }
        let mut statements = vec![records::corps::set_masking(corpid, &userid, config)];
        statements.extend(nonce);
        self.store().write(statements).await?;
        Ok(())
    }

    pub(crate) async fn masking(&self, corpid: &str, request: OfUser) -> Result<Value, Refusal> {
        if request.userid.contains('\0') {
            return Err(errcode::BAD_USERID.into());
        }
        let found = records::corps::masking(self.store(), corpid, &request.userid).await?;
        Ok(json!({ "config": found.unwrap_or_default() }))
    }
}
