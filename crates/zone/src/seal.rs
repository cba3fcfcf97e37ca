//! What of the zone's traffic may lie on the disk: sealed by the store's vault, so that the log holds no
//! message plaintext (design, section 6).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ringback_store::{Vault, VaultError};
use ringback_types::Secret;
use serde::{Deserialize, Serialize};

use crate::zone::Zone;

/// A body as the record keeps it.
pub(crate) fn body(vault: &Vault, plaintext: Vec<u8>) -> Bytes {
    vault.seal(&Secret::from(plaintext)).into()
}

/// The body that was sealed.
pub(crate) fn opened(vault: &Vault, sealed: &[u8]) -> Result<Secret, VaultError> {
    vault.open_sealed(sealed)
}

impl Zone {
    /// The plaintext of a body of the record that is kept sealed: the frame that a program is sent, or the
    /// template of a task. `None` for a body that is not sealed. Whoever shows it asks for the role
    /// `auditor` and leaves an audit row first (design, section 6).
    pub fn opened(&self, body: &[u8]) -> Option<Secret> {
        opened(self.store().vault(), body).ok()
    }
}

/// What a `job_info` says, to nobody but the zone: whose job it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobInfo {
    pub(crate) corpid: String,
    pub(crate) agentid: i64,
    pub(crate) program_id: String,
    pub(crate) jobid: String,
}

impl JobInfo {
    pub(crate) fn seal(&self, vault: &Vault) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(vault.seal(&Secret::from(json)))
    }

    pub(crate) fn open(vault: &Vault, text: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let json = vault.open_sealed(&sealed).ok()?;
        serde_json::from_slice(json.expose()).ok()
    }
}
