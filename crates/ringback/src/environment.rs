//! Every environment variable that Ringback reads, in one place; nothing else reads the environment.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]

use std::path::PathBuf;

use crate::messages::Language;

/// Address of the server that a command talks to, such as `http://127.0.0.1:7300`.
pub(crate) const URL: &str = "RINGBACK_URL";
/// Management token that a command shows to the server.
pub(crate) const TOKEN: &str = "RINGBACK_TOKEN";
/// Ready file of a running `ringback dev`, in place of address and token.
pub(crate) const READY_FILE: &str = "RINGBACK_READY_FILE";
/// Configuration file of `ringback serve`.
pub(crate) const CONFIG: &str = "RINGBACK_CONFIG";
/// Log filter, in place of `log.level` of the configuration.
pub(crate) const LOG: &str = "RINGBACK_LOG";
/// File that holds the master key, in place of `store.master_key_file` of the configuration.
pub(crate) const MASTER_KEY_FILE: &str = "RINGBACK_MASTER_KEY_FILE";
/// Set by `ringback exec`: the seeded Feishu app.
pub(crate) const FEISHU_APP_ID: &str = "RINGBACK_FEISHU_APP_ID";
/// Set by `ringback exec`: its secret.
pub(crate) const FEISHU_APP_SECRET: &str = "RINGBACK_FEISHU_APP_SECRET";
/// Set by `ringback exec`: its Encrypt Key.
pub(crate) const FEISHU_ENCRYPT_KEY: &str = "RINGBACK_FEISHU_ENCRYPT_KEY";
/// Set by `ringback exec`: its Verification Token.
pub(crate) const FEISHU_VERIFICATION_TOKEN: &str = "RINGBACK_FEISHU_VERIFICATION_TOKEN";

/// Set by `ringback exec`: where a zone program in debug mode finds the zone.
pub(crate) const ZONE_URL: &str = "RINGBACK_ZONE_URL";
/// Set by `ringback exec`: the seeded corp.
pub(crate) const WECOM_CORPID: &str = "RINGBACK_WECOM_CORPID";
/// Set by `ringback exec`: the secret of the seeded WeCom app.
pub(crate) const WECOM_CORPSECRET: &str = "RINGBACK_WECOM_CORPSECRET";
/// Set by `ringback exec`: its number.
pub(crate) const WECOM_AGENTID: &str = "RINGBACK_WECOM_AGENTID";
/// Set by `ringback exec`: the program that it may use.
pub(crate) const WECOM_PROGRAM_ID: &str = "RINGBACK_WECOM_PROGRAM_ID";
/// Set by `ringback exec`: what signs towards its data-callback URL.
pub(crate) const WECOM_TOKEN: &str = "RINGBACK_WECOM_TOKEN";
/// Set by `ringback exec`: what encrypts towards it.
pub(crate) const WECOM_ENCODING_AES_KEY: &str = "RINGBACK_WECOM_ENCODING_AES_KEY";
/// Set by `ringback exec`: the debug credential of the program.
pub(crate) const WECOM_DEBUG_TOKEN: &str = "RINGBACK_WECOM_DEBUG_TOKEN";

/// Set by `ringback exec`: the seeded Desk app.
pub(crate) const DESK_SDKAPPID: &str = "RINGBACK_DESK_SDKAPPID";
/// Set by `ringback exec`: what signs in its name.
pub(crate) const DESK_TOKEN: &str = "RINGBACK_DESK_TOKEN";

/// The value of a variable that is set and not empty.
pub(crate) fn value(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether colours are unwanted: `NO_COLOR` is set to anything, or the terminal is `dumb`.
pub(crate) fn no_color() -> bool {
    value("NO_COLOR").is_some() || value("TERM").is_some_and(|term| term == "dumb")
}

/// The language of messages: Chinese where the locale is `zh`.
pub(crate) fn language() -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(value);
    Language::of_locale(&locale.unwrap_or_default())
}

/// Where a running `dev` leaves its ready file, so that other commands find it without flags.
pub(crate) fn well_known_ready_file() -> Option<PathBuf> {
    let directory = value("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .or_else(|| value("XDG_CACHE_HOME").map(PathBuf::from))
        .or_else(|| value("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    Some(directory.join("ringback").join("dev.json"))
}
