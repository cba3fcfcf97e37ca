//! The ready file: how to reach a running `dev` (design, section 8).
//!
//! Written with mode 0600 once the socket accepts, removed at stop. `dev` leaves a second one where
//! this user's other commands look for it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ringback_types::Secret;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::failure::Failure;

/// How long a server that runs may take to say so.
const ALIVE_LIMIT: Duration = Duration::from_secs(2);

/// What the ready file says. It holds secrets: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// Address of the server.
    pub(crate) url: String,
    /// A management token with the role `admin`.
    pub(crate) admin_token: String,
    /// The seeded Feishu app.
    pub(crate) feishu: FeishuCredentials,
    /// The seeded WeCom app and zone program; a server of before there were any leaves them out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) wecom: Option<WecomCredentials>,
    /// The seeded Desk app; a server of before there was one leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) desk: Option<DeskCredentials>,
}

/// What a business needs that a Desk bot calls.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeskCredentials {
    /// The app's id: digits.
    pub(crate) sdkappid: String,
    /// What signs in its name.
    pub(crate) token: String,
}

/// The platform credentials of a Feishu app, under the platform's own names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FeishuCredentials {
    /// `cli_` and 16 hexadecimal digits.
    pub(crate) app_id: String,
    /// The app's secret.
    pub(crate) app_secret: String,
    /// The Encrypt Key.
    pub(crate) encrypt_key: String,
    /// The Verification Token.
    pub(crate) verification_token: String,
}

/// What an app's server and a zone program need, under the platform's own names; what is not there is
/// empty.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WecomCredentials {
    /// The corp: `ww` and 16 hexadecimal digits.
    pub(crate) corpid: String,
    /// The app's secret.
    pub(crate) corpsecret: String,
    /// The app's number in its corp.
    pub(crate) agentid: i64,
    /// The program that the app may use, and that receives its events.
    pub(crate) program_id: String,
    /// Signs what is sent to the data-callback URL.
    pub(crate) token: String,
    /// Encrypts it: 43 letters and digits.
    pub(crate) encoding_aes_key: String,
    /// Where notifications go.
    pub(crate) data_callback_url: String,
    /// The debug credential of the program.
    pub(crate) debug_token: String,
    /// Opens the keys of the corp's messages, PEM.
    pub(crate) private_key_pem: String,
    /// Which version of the corp's public key belongs to it.
    pub(crate) public_key_ver: i64,
}

impl Ready {
    /// Whether the server that this names still answers; it may have ended without removing the file,
    /// and another one may have its address now.
    pub(crate) async fn is_alive(&self) -> bool {
        let Ok(url) = self.url.parse() else {
            return false;
        };
        let client = Client::new(url, Secret::from(self.admin_token.as_str()));
        let asked = tokio::time::timeout(ALIVE_LIMIT, client.get::<serde_json::Value>("status"));
        asked.await.is_ok_and(|answer| answer.is_ok())
    }

    /// Reads a ready file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::usage(
                "ready_file.malformed",
                format!("`{}` is not a ready file: {error}", path.display()),
            )
        })
    }

    /// Writes the ready file; it is removed when the guard is dropped.
    pub(crate) fn write(&self, path: &Path) -> Result<ReadyFile, Failure> {
        let text = serde_json::to_string_pretty(self).map_err(Failure::internal)? + "\n";
        replace(path, text.as_bytes()).map_err(|error| Failure::file("write", path, &error))?;
        Ok(ReadyFile {
            path: path.to_owned(),
            text,
        })
    }
}

/// Puts the bytes there whole, readable by this user only: a reader never sees half of them.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// A written ready file.
#[must_use = "dropping it removes the file"]
pub(crate) struct ReadyFile {
    path: PathBuf,
    text: String,
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        // Another process may have put its own there meanwhile: that one stays.
        if std::fs::read_to_string(&self.path).is_ok_and(|text| text == self.text) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
