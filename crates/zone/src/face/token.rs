//! `gettoken` (app sheet, 1.1).

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Extension, RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Answer, parameter};
use crate::app::App;
use crate::errcode::{self, Refusal};
use crate::zone::Zone;

#[derive(Debug, Serialize)]
struct Given {
    access_token: String,
    expires_in: u64,
}

/// The app's token; the same until near its end.
pub(super) async fn gettoken(
    State(zone): State<Zone>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    RawQuery(query): RawQuery,
) -> Response {
    let address = peer.map(|Extension(ConnectInfo(peer))| peer.ip());
    let now = zone.now();
    let limited = zone
        .rates()
        .check_address(address, "gettoken", zone.options(), now);
    let given = match limited {
        Ok(()) => given(&zone, query.as_deref().unwrap_or_default()).await,
        Err(refusal) => Err(refusal),
    };
    match given {
        Ok(given) => Answer(given).into_response(),
        Err(refusal) => {
            if zone.may_tell() {
                tracing::info!(
                    errcode = refusal.errcode,
                    cause = refusal.cause,
                    "no token was given"
                );
            }
            refusal.into_response()
        }
    }
}

async fn given(zone: &Zone, query: &str) -> Result<Given, Refusal> {
    let corpid = parameter(query, "corpid").ok_or(errcode::CORPID_MISSING)?;
    let secret = parameter(query, "corpsecret").ok_or(errcode::SECRET_MISSING)?;
    let app = proven(zone, &corpid, &secret)?;
    zone.rates()
        .check_corp(&app.corpid, "gettoken", zone.options(), zone.now())?;
    let token = zone
        .tokens()
        .current(app.id, zone.store(), zone.random(), zone.options())
        .await?;
    Ok(Given {
        expires_in: token.expires_at.since(zone.now()).as_secs(),
        access_token: token.text.expose_str().unwrap_or_default().to_owned(),
    })
}

/// The app of this corp whose secret this is; the secret of another corp's app is told apart (40091).
fn proven(zone: &Zone, corpid: &str, secret: &str) -> Result<Arc<App>, Refusal> {
    let snapshot = zone.snapshot();
    if snapshot.corp(corpid).is_err() {
        return Err(errcode::BAD_CORPID.into());
    }
    let fits = |app: &&Arc<App>| app.secret.matches(secret.as_bytes());
    let found: Vec<_> = snapshot.apps().filter(fits).collect();
    let Some(app) = found.iter().find(|app| app.corpid == corpid) else {
        let code = if found.is_empty() {
            errcode::BAD_SECRET
        } else {
            errcode::FOREIGN_SECRET
        };
        return Err(code.into());
    };
    if !app.enabled {
        return Err(errcode::APP_DISABLED.into());
    }
    Ok(Arc::clone(app))
}
