//! The seeded Desk app: a bot with one flow, which asks the sample's interface how an order stands.

use ringback_desk::{Desk, Language, NewApp, Settings};

use crate::failure::Failure;
use crate::ready_file::DeskCredentials;

/// The seeded app; it and its token are well known, so that samples and tests can name them.
pub(crate) const SDKAPPID: &str = "1400000000";
const TOKEN: &str = "ringback-dev-desk-token";
/// The flow of the sample.
const FLOW: &str = include_str!("../../../../../samples/desk/order-status.flow.json");
pub(crate) const FLOW_NAME: &str = "order-status";

/// Who makes it all, in the audit.
const CALLER: &str = "seed";

/// Makes what is not there yet; what is otherwise was made so by somebody, and stays.
pub(super) async fn seed(desk: &Desk) -> Result<(), Failure> {
    let app = NewApp {
        sdk_app_id: Some(SDKAPPID.to_owned()),
        name: Some("Ringback dev".to_owned()),
        token: Some(TOKEN.into()),
        settings: Settings {
            language: Language::English,
            ..Settings::default()
        },
        ..NewApp::default()
    };
    let app = desk.seed(app).await?;
    if desk.flow(&app, FLOW_NAME).is_err() {
        desk.save_flow(CALLER, SDKAPPID, FLOW.as_bytes(), true)
            .await?;
    }
    Ok(())
}

/// What the business needs, as it is now.
pub(super) fn credentials(desk: &Desk) -> Result<DeskCredentials, Failure> {
    let app = desk.app(SDKAPPID)?;
    let token = app.token.as_ref().and_then(|token| token.expose_str());
    Ok(DeskCredentials {
        sdkappid: app.sdk_app_id.clone(),
        token: token.unwrap_or_default().to_owned(),
    })
}
