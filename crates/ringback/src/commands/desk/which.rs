//! Which Desk app is meant: the one that is named, or the only one there is.

use crate::client::{self, Client};
use crate::commands::render;
use crate::failure::Failure;

/// Where Desk apps stand in the management API.
pub(in crate::commands) const APPS: &str = "desk/apps";

/// Whether a name can only be a Desk app's: ids of the platform are digits.
pub(in crate::commands) fn is_app(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Where an app stands there.
pub(in crate::commands) fn app_path(sdk_app_id: &str) -> String {
    format!("{APPS}/{}", client::encode(sdk_app_id))
}

/// The id of the app that is meant.
pub(in crate::commands) async fn the_app(
    client: &Client,
    named: Option<&str>,
) -> Result<String, Failure> {
    if let Some(name) = named {
        return Ok(name.to_owned());
    }
    let apps = render::items(client.get(APPS).await?);
    match apps.as_slice() {
        [only] => Ok(render::cell(only.get("sdk_app_id"))),
        [] => Err(Failure::failed("desk.no_app", "there is no Desk app")
            .with_hint("make one with `ringback app create --platform desk`")),
        _ => Err(
            Failure::usage("desk.which_app", "there are several Desk apps").with_hint(
                "name one by its SDKAppID; `ringback app list --platform desk` shows them",
            ),
        ),
    }
}
