//! What an app's server calls: `/cgi-bin/gettoken` and `/cgi-bin/chatdata/…` (app sheet, sections 1 and 2).
//!
//! Business refusals answer 200 with an `errcode` other than 0, as the platform does. The envelope has no
//! members but those of the sheet; why something was refused stands in the log.

mod call;
mod console;
mod debug;
mod media;
mod token;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::app::App;
use crate::errcode::{self, Refusal};
use crate::zone::Zone;

/// `request_data` has up to 1 MiB, and escaped inside JSON up to six times that.
const BODY_BYTES: usize = 8 << 20;

/// Every path below `/cgi-bin` that is served here.
pub(crate) fn routes(zone: &Zone) -> Router {
    let chatdata = [
        ("sync_call_program", post(call::sync_call)),
        ("async_program_task", post(call::async_call)),
        ("async_program_result", post(call::async_result)),
        ("set_receive_callback", post(console::set_receive_callback)),
        ("open_debug_mode", post(debug::open)),
        ("close_debug_mode", post(debug::close)),
        ("check_debug_mode", post(debug::check)),
        ("set_public_key", post(console::set_public_key)),
        ("get_auth_user_list", post(console::auth_users)),
        ("get_corp_auth_info", post(console::auth_info)),
        ("set_log_level", post(console::set_log_level)),
        ("get_log_level", post(console::get_log_level)),
        ("set_hide_sensitiveinfo_config", post(console::set_masking)),
        ("get_hide_sensitiveinfo_config", post(console::get_masking)),
        ("upload_media", media::route()),
    ];
    let with_fallback = |route: MethodRouter<Zone>| route.fallback(wrong_method);
    let router = Router::new().route("/cgi-bin/gettoken", with_fallback(get(token::gettoken)));
    chatdata
        .into_iter()
        .fold(router, |router, (name, route)| {
            router.route(&format!("/cgi-bin/chatdata/{name}"), with_fallback(route))
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(zone.clone(), limit))
        .with_state(zone.clone())
}

/// Another method than the one the sheet names counts as a wrong form (app sheet, 1.3: 40063).
async fn wrong_method() -> Refusal {
    errcode::MISSING_PARAMETER.saying("wrong http method")
}

/// Answers busy at once where too many requests are under way (design, section 10).
async fn limit(State(zone): State<Zone>, request: Request, next: Next) -> Response {
    let Some(_place) = zone.enter() else {
        return Refusal::from(errcode::BUSY).into_response();
    };
    next.run(request).await
}

/// An answer: an object with `errcode` and `errmsg` first.
#[derive(Debug)]
pub(crate) struct Answer<T>(pub(crate) T);

/// The members of an answer behind `errcode` and `errmsg`.
#[derive(Debug, Serialize)]
struct Whole<'a, T> {
    errcode: i32,
    errmsg: &'a str,
    #[serde(flatten)]
    members: T,
}

/// An answer with nothing but the envelope.
#[derive(Debug, Serialize)]
pub(crate) struct Nothing {}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        json(&Whole {
            errcode: 0,
            errmsg: "ok",
            members: self.0,
        })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        json(&self.envelope())
    }
}

pub(crate) fn json(value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).unwrap_or_default();
    ([(CONTENT_TYPE, "application/json; charset=UTF-8")], body).into_response()
}

/// The app that proves itself by `access_token` in the query, allowed to use the zone and within its
/// limits; with which API it calls.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) app: Arc<App>,
    pub(crate) api: &'static str,
    zone: Zone,
}

impl FromRequestParts<Zone> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, zone: &Zone) -> Result<Self, Refusal> {
        let api = api_of(parts.uri.path());
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = address.map(|ConnectInfo(peer)| peer.ip());
        let now = zone.now();
        zone.rates()
            .check_address(address, api, zone.options(), now)?;
        let token = parameter(parts.uri.query().unwrap_or_default(), "access_token");
        let token = token.ok_or(errcode::TOKEN_MISSING)?;
        let app = zone.app_of_token(&token)?;
        zone.rates()
            .check_corp(&app.corpid, api, zone.options(), now)?;
        Ok(Self {
            app,
            api,
            zone: zone.clone(),
        })
    }
}

impl Zone {
    /// The app whose live token this is, if it is switched on and may use the zone.
    pub(crate) fn app_of_token(&self, token: &str) -> Result<Arc<App>, Refusal> {
        let owned = self.tokens().owner(token, self.now())?;
        let app = self.snapshot().app_by_id(owned.app).cloned();
        let app = app.ok_or(errcode::BAD_TOKEN)?;
        app.may_use_zone()?;
        Ok(app)
    }
}

impl App {
    /// Refuses an app that is switched off or lacks the zone permission.
    pub(crate) fn may_use_zone(&self) -> Result<(), Refusal> {
        if !self.enabled {
            return Err(errcode::APP_DISABLED.into());
        }
        if !self.zone_permission {
            return Err(errcode::NO_PERMISSION.into());
        }
        Ok(())
    }
}

impl Caller {
    /// Says in the log why something was refused.
    fn log(&self, refusal: &Refusal) {
        let api = self.api;
        if self.zone.may_tell() {
            let app = self.app.label();
            let cause = refusal.cause.as_deref().unwrap_or(&refusal.errmsg);
            tracing::info!(%app, api, errcode = refusal.errcode, cause, "refused");
        }
        metrics::counter!("ringback_zone_refusals_total", "api" => api, "errcode" => refusal.errcode.to_string())
            .increment(1);
    }

    /// The answer, or the refusal with its cause in the log.
    pub(crate) fn answered<T: Serialize>(&self, answer: Result<T, Refusal>) -> Response {
        match answer {
            Ok(members) => Answer(members).into_response(),
            Err(refusal) => {
                self.log(&refusal);
                refusal.into_response()
            }
        }
    }
}

/// The body as it came, or why it did not come whole.
#[derive(Debug)]
pub(crate) struct Body(Result<Bytes, Refusal>);

impl Body {
    /// The parameters in it.
    pub(crate) fn parsed<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        parse_json(self.0.as_ref().map_err(Clone::clone)?)
    }
}

impl<S: Send + Sync> axum::extract::FromRequest<S> for Body {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let read = Bytes::from_request(request, state).await;
        let refused =
            |_| errcode::BAD_PARAMETER.saying("the body did not come whole or is too large");
        Ok(Self(read.map_err(refused)))
    }
}

/// The parameters of a request. What is no JSON, or has a wrong type, is refused in the platform's words
/// (app sheet, 1.2); a parameter that is missing is named.
pub(crate) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        if let Some(missing) = text.strip_prefix("missing field `") {
            let name = missing.split('`').next().unwrap_or_default().to_owned();
            return errcode::MISSING_PARAMETER.saying(format!("`{name}` is missing"));
        }
        let code = match error.classify() {
            Category::Data => errcode::BAD_PARAMETER,
            Category::Eof | Category::Syntax | Category::Io => errcode::MISSING_PARAMETER,
        };
        // The parser's text may quote a value, so only its place is told.
        let place = (error.line(), error.column());
        code.saying(format!(
            "Warning: wrong json format. line {} column {}",
            place.0, place.1
        ))
    })
}

/// A parameter of the query, decoded.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, value) = pairs.find(|(key, value)| key == name && !value.is_empty())?;
    Some(value.into_owned())
}

/// The API's name as metrics and limits know it; never a text of the caller's.
fn api_of(path: &str) -> &'static str {
    const APIS: [&str; 16] = [
        "sync_call_program",
        "async_program_task",
        "async_program_result",
        "set_receive_callback",
        "open_debug_mode",
        "close_debug_mode",
        "check_debug_mode",
        "set_public_key",
        "get_auth_user_list",
        "get_corp_auth_info",
        "set_log_level",
        "get_log_level",
        "set_hide_sensitiveinfo_config",
        "get_hide_sensitiveinfo_config",
        "upload_media",
        "gettoken",
    ];
    let name = path.rsplit('/').next().unwrap_or_default();
    APIS.into_iter()
        .find(|api| *api == name)
        .unwrap_or("unknown")
}

/// An answer as text, for what is sealed.
pub(crate) fn whole(members: &impl Serialize) -> String {
    let whole = Whole {
        errcode: 0,
        errmsg: "ok",
        members,
    };
    serde_json::to_string(&whole).unwrap_or_default()
}

/// An answer with `errcode` 0 and nothing else.
pub(crate) fn ok() -> String {
    whole(&Nothing {})
}
